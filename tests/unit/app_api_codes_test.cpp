// What the local API answers where it cannot do what it was asked for.
#include "tests/unit/app_api_scene.hpp"

namespace lanchat::app::app_api_codes_test {
namespace {

TEST_CASE("what cannot be done has a standard code") {
    using Code = grpc::StatusCode;
    Office office;
    auto stub = office.stub();
    const auto publishes = [&](const std::string& to) {
        grpc::ClientContext context;
        v1::PublishRequest request;
        v1::PublishReply reply;
        request.set_text("x");
        request.set_to(to);
        return stub->Publish(&context, request, &reply).error_code();
    };
    const auto refused_as = [&](Failure::Kind kind) {
        office.node.on_loop([kind](FakeNode& node) {
            node.refusal = "no";
            node.refusal_kind = kind;
        });
        return publishes("");
    };
    CHECK(publishes("zoe") == Code::NOT_FOUND);
    CHECK(refused_as(Failure::Kind::invalid) == Code::INVALID_ARGUMENT);
    CHECK(refused_as(Failure::Kind::not_found) == Code::NOT_FOUND);
    CHECK(refused_as(Failure::Kind::already_exists) == Code::ALREADY_EXISTS);
    CHECK(refused_as(Failure::Kind::other) == Code::FAILED_PRECONDITION);

    const auto code_of = [&](auto&& call) {
        grpc::ClientContext context;
        return call(&context).error_code();
    };
    CHECK(code_of([&](auto* context) {
              v1::BlockRequest request;
              v1::BlockReply reply;
              request.set_peer("zoe");
              request.set_on(true);
              return stub->Block(context, request, &reply);
          }) == Code::NOT_FOUND);
    CHECK(code_of([&](auto* context) {
              v1::CountRequest request;
              v1::CountReply reply;
              request.mutable_filter()->set_author("nobody at all");
              return stub->Count(context, request, &reply);
          }) == Code::NOT_FOUND);
    for (const auto* query : {"?!", ""}) {
        grpc::ClientContext context;
        v1::SearchRequest request;
        request.set_query(query);
        const auto reader = stub->Search(&context, request);
        v1::Lines piece;
        CHECK_FALSE(reader->Read(&piece));
        CHECK(reader->Finish().error_code() == Code::INVALID_ARGUMENT);
    }
    for (const auto* cursor : {"yesterday", "0000000000000001-2"}) {
        grpc::ClientContext context;
        v1::SubscribeRequest request;
        request.set_since(cursor);
        request.set_only_known(true);
        const auto reader = stub->Subscribe(&context, request);
        v1::Lines piece;
        CHECK_FALSE(reader->Read(&piece));
        CHECK(reader->Finish().error_code() ==
              (cursor[0] == 'y' ? Code::INVALID_ARGUMENT : Code::NOT_FOUND));
    }
}

grpc::Status publish(Office& office, const std::vector<v1::PublishRequest>& requests,
                     v1::PublishManyReply& reply) {
    const auto stub = office.stub();
    grpc::ClientContext context;
    const auto writer = stub->PublishMany(&context, &reply);
    for (const auto& request : requests) writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
}

TEST_CASE("of many lines it is told which one was refused first") {
    Office office;
    v1::PublishManyReply reply;
    std::vector<v1::PublishRequest> requests;
    for (const auto* text : {"a", "b", "other", "c", "another"}) {
        v1::PublishRequest& request = requests.emplace_back();
        request.set_text(text);
        if (std::string(text).ends_with("other")) request.set_said_id("a name");
        if (std::string(text) == "b") request.set_said_id("a name");
    }

    REQUIRE(publish(office, requests, reply).ok());
    CHECK(reply.said() == 3);
    CHECK(reply.refused() == 2);
    CHECK(reply.first_refused() == 3);
    CHECK(reply.why().find("another line") != std::string::npos);
}

TEST_CASE("lines that come in one request are said in order, each under its own id") {
    Office office;
    v1::PublishManyReply reply;
    v1::PublishRequest request;
    request.set_text("one");
    for (const auto* text : {"two", "three", "other"}) {
        auto& more = *request.add_more();
        more.set_text(text);
        if (std::string(text) != "two") more.set_said_id("a name");
    }

    REQUIRE(publish(office, {request}, reply).ok());
    CHECK(reply.said() == 3);
    CHECK(reply.refused() == 1);
    CHECK(reply.first_refused() == 4);
}

TEST_CASE("too many lines in one request are refused") {
    Office office;
    v1::PublishManyReply reply;
    v1::PublishRequest request;
    request.set_text("one");
    while (request.more_size() < 256) request.add_more()->set_text("x");

    CHECK(publish(office, {request}, reply).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace lanchat::app::app_api_codes_test
