// The local API as its clients see it, over a real socket, before a node that is made up.
#include <grpcpp/generic/generic_stub.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <optional>

#include <fstream>

#include "app/cursor.hpp"
#include "app/services/api/desk.hpp"
#include "tests/unit/app_api_scene.hpp"

namespace lanchat::app::app_api_test {
namespace {

TEST_CASE("the order string sorts lines as history does") {
    std::vector<Entry> entries(5);
    entries[1].seq = 1;
    entries[2].log.epoch = Epoch{1};
    entries[3].log.device.bytes[31] = 0xA0;
    entries[4].clock = Clock{0x1'0000'0000};

    for (const auto& a : entries) {
        for (const auto& b : entries) {
            CHECK(comes_before(a, b) ==
                  (order_of(a.clock, {a.log, a.seq}) < order_of(b.clock, {b.log, b.seq})));
        }
    }
}

TEST_CASE("only a cursor is taken for one") {
    const store::Position cursor{0xFFFFFFFFFFFFFFFF, 18'446'744'073'709'551'615U};

    CHECK(parse_cursor(to_string(cursor)) == cursor);
    for (const auto* text : {"", "-", "0000000000000000", "0000000000000000-", "000000000000000g-1",
                             "0000000000000000-1x", "0000000000000000-18446744073709551616"}) {
        CHECK_FALSE(parse_cursor(text));
    }
}

TEST_CASE("a cursor resumes without a gap or a repeat") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        for (int i = 0; i < 600; ++i) node.hear(std::to_string(i));
    });
    const auto all = office.run(newest(600)).objects();

    for (const std::size_t at : {0U, 255U, 256U, 598U, 599U}) {
        const auto rest = office.run(after(all.at(at).at("cursor"))).texts();
        CHECK(rest.size() == 599 - at);
        if (!rest.empty()) CHECK(rest.front() == std::to_string(at + 1));
    }
}

TEST_CASE("a line that arrived late and is old is not among the newest, nor lost for a cursor") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        for (const auto* text : {"a", "b", "c"}) node.hear(text);
        node.hear("ancient", "general", 1);
    });

    const auto two = office.run(newest(2));
    const auto cursor = two.objects().back().at("cursor");
    office.node.on_loop([](FakeNode& node) { node.hear("d"); });

    CHECK(two.texts() == Texts{"b", "c"});
    CHECK(office.run(after(cursor)).texts() == Texts{"d"});
}

TEST_CASE("a cursor that cannot be proven gives a program everything again, marked history") {
    Office office;
    auto stub = office.stub();
    office.node.on_loop([](FakeNode& node) {
        node.hear("a");
        node.hear("b");
    });
    for (const auto* cursor : {"0000000000000001-2", "0000000000abcdef-3"}) {
        grpc::ClientContext context;
        v1::SubscribeRequest request;
        request.set_since(cursor);

        const auto reader = stub->Subscribe(&context, request);
        v1::Lines piece;
        REQUIRE(reader->Read(&piece));

        CHECK(piece.lines_size() == 2);
        for (const auto& line : piece.lines()) CHECK(line.history());
        CHECK_FALSE(reader->Read(&piece));
        CHECK(reader->Finish().ok());
    }
}

TEST_CASE("a cursor that cannot be proven ends tail, with what to do instead") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        node.hear("a");
        node.hear("b");
    });
    for (const auto* cursor : {"0000000000000001-2", "0000000000abcdef-3"}) {
        const auto refused = office.run(after(cursor));

        CHECK(refused.exit_code == 1);
        CHECK(refused.out.empty());
        CHECK(refused.err.find("tail -n N") != std::string::npos);
    }
    CHECK(office.run(after("0000000000000001-0")).texts() == Texts{"a", "b"});  // the beginning
}

TEST_CASE("a subscriber that follows hears what comes as live, but not what came late") {
    Office office;
    auto stub = office.stub();
    grpc::ClientContext context;
    v1::SubscribeRequest request;
    request.set_last(10);
    request.set_follow(true);
    office.node.on_loop([](FakeNode& node) {
        node.hear("before");
        node.late_arrival = 3;
    });

    const auto reader = stub->Subscribe(&context, request);
    v1::Lines piece;
    REQUIRE(reader->Read(&piece));
    CHECK(piece.lines(0).history());
    std::vector<bool> history;
    for (const auto* text : {"live", "late"}) {
        office.node.on_loop([text](FakeNode& node) { node.hear(text); });
        REQUIRE(reader->Read(&piece));
        CHECK(piece.lines(0).text() == text);
        history.push_back(piece.lines(0).history());
    }
    context.TryCancel();

    CHECK(history == std::vector<bool>{false, true});
    office.node.wait_until([](FakeNode& node) { return node.listener_count() == 0; });
}

TEST_CASE("a subscriber that does not read holds back its own pages, and misses nothing") {
    Office office;
    const std::string text(30'000, 'x');
    constexpr std::size_t count = 4'000;
    auto stub = office.stub();
    grpc::ClientContext context;
    v1::SubscribeRequest request;
    request.set_last(0);
    request.set_follow(true);
    const auto reader = stub->Subscribe(&context, request);
    office.node.wait_until([](FakeNode& node) { return node.listener_count() == 1; });

    office.node.on_loop([&](FakeNode& node) {
        for (std::size_t i = 0; i < count; ++i) node.hear(text);
    });
    // A call that is answered later than many pages would have been read.
    for (int i = 0; i < 50; ++i) REQUIRE(office.run(ListRooms{}).exit_code == 0);
    const auto pages = office.node.on_loop([](FakeNode& node) { return node.pages_read; });
    CHECK(pages < count / api::page_lines / 2);

    std::size_t got = 0;
    v1::Lines piece;
    while (got < count && reader->Read(&piece)) got += static_cast<std::size_t>(piece.lines_size());
    context.TryCancel();
    CHECK(got == count);
}

TEST_CASE("history is in the order of all nodes, across any number of pages") {
    Office office;
    constexpr std::int64_t count = 1'000;
    office.node.on_loop([](FakeNode& node) {
        for (std::int64_t i = 0; i < count; ++i) {
            node.hear("l", "general", 1 + i * 7'919 % count);
        }
        // More at one instant than a page holds.
        for (int i = 0; i < 600; ++i) node.hear("same", "general", 5'000);
    });

    const auto all = office.run(History{}).objects();

    REQUIRE(all.size() == 1'600);
    for (std::size_t i = 1; i < all.size(); ++i) {
        REQUIRE(all[i - 1].at("order").get<std::string>() < all[i].at("order").get<std::string>());
    }
}

TEST_CASE("count tells how many lines pass a filter") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        for (int i = 0; i < 700; ++i) node.hear("x", i % 7 == 0 ? "builds" : "general");
    });
    grpc::ClientContext context;
    v1::CountRequest request;
    v1::CountReply reply;
    request.mutable_filter()->set_room("builds");

    REQUIRE(office.stub()->Count(&context, request, &reply).ok());

    CHECK(reply.lines() == 100);
}

TEST_CASE("a caller that leaves is no longer waited for") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.deliver({0, 1}); });
    auto stub = office.stub();
    grpc::ClientContext context;
    v1::PublishRequest request;
    v1::PublishReply reply;
    request.set_text("x");
    request.mutable_wait()->set_all(true);

    auto answer = std::async(std::launch::async,
                             [&] { return stub->Publish(&context, request, &reply).ok(); });
    office.node.wait_until([](FakeNode& node) { return node.watch_count() == 1; });
    context.TryCancel();

    CHECK_FALSE(answer.get());
    office.node.wait_until([](FakeNode& node) { return node.watch_count() == 0; });
}

// Attached, and has read that the node is ready.
struct FrontEnd {
    FrontEnd() { REQUIRE(stream->Read(&happening)); }

    Office office;
    std::unique_ptr<v1::Node::Stub> stub = office.stub();
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::Saying, v1::Happening>> stream =
        stub->Attach(&context);
    v1::Happening happening;
};

TEST_CASE("an attached front end says lines and hears everything") {
    FrontEnd front;
    CHECK(front.happening.ready().name() == "me");

    v1::Saying saying;
    saying.set_ref("42");
    saying.set_text("hello");
    REQUIRE(front.stream->Write(saying));
    bool acknowledged = false;
    bool shown = false;
    bool delivered = false;
    while (!(acknowledged && shown && delivered) && front.stream->Read(&front.happening)) {
        acknowledged = acknowledged || front.happening.ack().ref() == "42";
        shown = shown || front.happening.line().text() == "hello";
        delivered = delivered || front.happening.has_delivery();
    }
    front.stream->WritesDone();
    while (front.stream->Read(&front.happening)) {
    }

    CHECK((acknowledged && shown && delivered));
    CHECK(front.stream->Finish().ok());
    front.office.node.wait_until(
        [](FakeNode& node) { return node.listener_count() == 0 && node.watch_count() == 0; });
}

TEST_CASE("an attached front end hears of every kind of event") {
    FrontEnd front;
    const auto heard = [&](const controller::Event& event) {
        front.office.node.on_loop([&](FakeNode& node) { node.happen(event); });
        REQUIRE(front.stream->Read(&front.happening));
        return front.happening;
    };
    const controller::PeerInfo bob{{{0x7F000001}, 4567}, "b2", "bob", false};

    const auto up = heard(controller::PeerUp{bob});
    CHECK((up.peer().up() && up.peer().peer().name() == "bob"));
    const auto down = heard(controller::PeerDown{bob, controller::DownReason::replaced});
    CHECK((!down.peer().up() && down.peer().reason() == "replaced"));
    const auto missed = heard(controller::Undelivered{bob, 3, controller::UndeliveredReason::gone});
    CHECK((missed.undelivered().lines() == 3 && missed.undelivered().reason() == "gone"));
    const auto forked = heard(controller::Forked{bob});
    CHECK(forked.forked().author().id() == "b2");
    CHECK(forked.forked().author().name() == "bob");

    front.context.TryCancel();
}

TEST_CASE("a front end that lets too much pile up is cut off") {
    FrontEnd front;

    front.office.node.on_loop([](FakeNode& node) {
        for (std::size_t n = 0; n < api::happenings_max + 2; ++n) node.happen(controller::Forked{});
    });
    while (front.stream->Read(&front.happening)) {
    }

    CHECK(front.stream->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    front.office.node.wait_until([](FakeNode& node) { return node.listener_count() == 0; });
}

TEST_CASE("of the lines of a front end the last are watched") {
    FrontEnd front;

    v1::Saying saying;
    saying.set_text("x");
    std::size_t acknowledged = 0;
    for (std::size_t n = 0; n < api::watched_lines_max + 9; ++n) {
        REQUIRE(front.stream->Write(saying));
        do {
            REQUIRE(front.stream->Read(&front.happening));
        } while (!front.happening.has_ack());
        ++acknowledged;
    }

    CHECK(acknowledged == api::watched_lines_max + 9);
    front.office.node.wait_until(
        [](FakeNode& node) { return node.watch_count() == api::watched_lines_max; });
    front.context.TryCancel();
}

TEST_CASE("the socket is the owner's alone and gone at the end") {
    const Folder folder;
    {
        const RunningNode node(folder.path);
        struct stat status {};
        REQUIRE(::stat((folder.path / api::socket_name).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
    CHECK_FALSE(fs::exists(folder.path / api::socket_name));
}

TEST_CASE("a socket left behind is replaced, one that is served is not") {
    const Folder folder;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy((folder.path / api::socket_name).string(), address.sun_path);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);

    const RunningNode node(folder.path);

    CHECK(api::is_served(folder.path));
    asio::io_context loop;
    FakeNode another(loop);
    const auto why = api::Server(loop, another).start(folder.path);
    REQUIRE(why);
    CHECK(why->why.starts_with("another node serves "));
    CHECK(api::is_served(folder.path));
}

TEST_CASE("a socket that was removed is made again, and who is connected stays") {
    Office office;
    auto stub = office.stub();
    const auto path = office.folder.path / api::socket_name;
    const auto asks = [&] {
        grpc::ClientContext context;
        v1::StatusReply reply;
        return stub->Status(&context, {}, &reply).ok();
    };
    REQUIRE(asks());

    for (int round = 0; round < 2; ++round) {
        fs::remove(path);
        CHECK(asks());
        office.node.wait_until([&](FakeNode&) { return api::is_served(office.folder.path); });
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        CHECK(office.run(ShowStatus{}).exit_code == 0);
        CHECK(asks());
    }
}

TEST_CASE("a socket of somebody else is left alone at the end") {
    const Folder folder;
    const auto path = folder.path / api::socket_name;
    {
        const RunningNode node(folder.path);
        fs::remove(path);
        std::ofstream(path).close();
    }
    CHECK(fs::is_regular_file(path));
}

TEST_CASE("a path that no socket can have is a failure that says so") {
    const Folder folder;
    const auto deep = folder.path / std::string(100, 'x');
    fs::create_directory(deep);
    asio::io_context loop;
    FakeNode node(loop);

    const auto why = api::Server(loop, node).start(deep);
    REQUIRE(why);
    CHECK(why->why.find("too long") != std::string::npos);
    std::ostringstream out;
    std::ostringstream err;
    CHECK(run_command({deep, false, ListRooms{}}, 0, out, err) == 1);
    CHECK(err.str().find("too long") != std::string::npos);
}

TEST_CASE("a folder with any name can hold the socket") {
    const Folder folder;
    const auto odd = folder.path / "a b%41?#ü";
    fs::create_directory(odd);
    const RunningNode node(odd);
    std::ostringstream out;
    std::ostringstream err;

    CHECK(run_command({odd, false, ListRooms{}}, 0, out, err) == 0);
    CHECK(out.str() == "builds\ngeneral\n");
}

TEST_CASE("the end of the node ends every call") {
    const Folder folder;
    std::optional<RunningNode> node(std::in_place, folder.path);
    Tail tail = newest(0);
    tail.tail.follow = true;
    std::ostringstream out;
    std::ostringstream err;

    auto followed = std::async(std::launch::async, [&] {
        return run_command({folder.path, false, tail}, 0, out, err);
    });
    node->wait_until([](FakeNode& one) { return one.listener_count() == 1; });
    node.reset();

    CHECK(followed.get() == 1);
    CHECK(err.str() == "lanchat: the node has gone away\n");
}

TEST_CASE("a server ends while the node owes answers, which come to nothing then") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.silent = true; });
    std::vector<std::future<int>> commands;
    const auto start = [&](Question what) {
        commands.push_back(std::async(std::launch::async, [&office, what] {
            return office.run(what, true, "x\ny\n").exit_code;
        }));
    };
    Send bulk;
    bulk.from_input = true;
    History of_alice;
    of_alice.query.author = "alice";
    start(say("x"));
    start(bulk);
    start(newest(3));
    start(History{});
    start(of_alice);
    start(ListRooms{});
    start(ShowStatus{});
    start(Export{});
    office.node.wait_until([](FakeNode& node) { return node.owed() == 9; });

    office.node.stop_serving();
    office.node.on_loop([](FakeNode& node) { node.pay(); });

    for (auto& command : commands) CHECK(command.get() == 1);
}

TEST_CASE("tools can ask the socket what it speaks") {
    Office office;
    grpc::GenericStub stub(grpc::CreateChannel(api::socket_address(office.folder.path),
                                               grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto next = [&queue] {
        void* tag = nullptr;
        bool ok = false;
        return queue.Next(&tag, &ok) && ok;
    };
    const std::string list_services = "\x3a\x01*";  // field 7, "*"
    const grpc::Slice slice(list_services);

    const auto call = stub.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
    call->StartCall(nullptr);
    REQUIRE(next());
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    REQUIRE(next());
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    REQUIRE(next());
    grpc::Slice all;
    REQUIRE(reply.DumpToSingleSlice(&all).ok());

    const std::string text(reinterpret_cast<const char*>(all.begin()), all.size());
    CHECK(text.find("lanchat.v1.Node") != std::string::npos);
    context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    next();
    queue.Shutdown();
}

}  // namespace
}  // namespace lanchat::app::app_api_test
