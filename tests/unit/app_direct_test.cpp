// Direct messages over the local API and in JSON: who is meant, what is shown to whom.
#include "app/faces/json.hpp"
#include "tests/unit/app_api_scene.hpp"
#include "tests/unit/app_stage.hpp"

namespace lanchat::app::app_direct_test {
namespace {

Send tell(const std::string& peer, const std::string& text) {
    Send send = say(text);
    send.to = peer;
    return send;
}

History with(const std::string& peer) {
    History history;
    history.query.with = peer;
    return history;
}

TEST_CASE("what is sent to one peer is in the conversation with it and in no room") {
    Office office;
    const auto alice_id =
        office.node.on_loop([](FakeNode& node) { return to_string(node.other()); });
    office.run(say("to all"));
    CHECK(office.run(tell("alice", "by name")).exit_code == 0);
    CHECK(office.run(tell(alice_id.substr(0, 4), "by beginning")).exit_code == 0);
    CHECK(office.run(tell("127.0.0.1:4566", "by address")).exit_code == 0);
    CHECK(office.run(tell("bob", "to who is away")).exit_code == 0);

    CHECK(office.run(newest(9)).texts() == Texts{"to all"});
    CHECK(office.run(History{}).texts() == Texts{"to all"});
    CHECK(office.run(with("alice")).texts() == Texts{"by name", "by beginning", "by address"});
    CHECK(office.run(with("bob")).texts() == Texts{"to who is away"});
    History search;
    search.query.words = "to";
    CHECK(office.run(search).texts() == Texts{"to all", "to who is away"});
    Tail tail = newest(9);
    tail.tail.with = "bob";
    CHECK(office.run(tail).texts() == Texts{"to who is away"});
    const auto object = office.run(with("alice")).objects().at(0);
    CHECK(object.at("direct") == true);
    CHECK(object.at("to") == json{{"id", alice_id}, {"name", "alice"}});
    CHECK(object.at("room") == "");
    CHECK(office.run(with("alice"), false).out.find("me:direct to alice: by name\n") !=
          std::string::npos);
    CHECK(office.run(Export{}).out.find("by name") == std::string::npos);
    CHECK(office.run(Export{}).objects().size() == 1);
}

TEST_CASE("lines of standard input go to one peer, which is looked for once") {
    Office office;
    Send send = tell("alice", "");
    send.from_input = true;

    CHECK(office.run(send, true, "one\ntwo\n\nthree\n").exit_code == 0);

    CHECK(office.run(with("alice")).texts() == Texts{"one", "two", "three"});
    send.to = "nobody";
    const auto refused = office.run(send, true, "one\n");
    CHECK(refused.exit_code == 1);
    CHECK(refused.err.find("nobody") != std::string::npos);
}

TEST_CASE("nobody is no peer, and a legacy peer can be none") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.has_legacy_peer = true; });

    CHECK(office.run(tell("nobody", "x")).exit_code == 1);
    const auto never = office.run(tell("127.0.0.1:4570", "x"));
    CHECK(never.exit_code == 5);
    CHECK(never.err.find("legacy") != std::string::npos);
    CHECK(office.run(with("nobody")).exit_code == 1);
    CHECK(office.node.on_loop([](FakeNode& node) { return node.lines.size(); }) == 0);
}

TEST_CASE("all who are to have a direct message are one, here or away") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.deliver({0, 1, 1}); });
    auto all = tell("bob", "x");
    all.wait.all = true;
    all.wait.timeout_ms = 50;

    CHECK(office.run(all).exit_code == 4);
}

TEST_CASE("a program says something to one peer and hears of it") {
    Stage stage;
    JsonFace face{stage.surface()};

    face.take_line(R"({"type":"send","to":"alice","text":"psst","ref":"7"})");
    face.take_line(R"({"type":"send","to":"nobody","text":"psst","ref":"8"})");
    face.take_line(R"({"type":"send","to":"alice","text":"no answer"})");
    stage.settle();

    const auto& out = stage.out;
    CHECK(stage.node.said == std::vector<std::string>{"alice<-psst", "alice<-no answer"});
    CHECK(out.find(R"("type":"ack","ref":"7","id":")" + stage.node.id_of(0)) != std::string::npos);
    CHECK(out.find(R"("type":"error","ref":"8","code":"refused")") != std::string::npos);
    CHECK(std::count(out.begin(), out.end(), '\n') == 2);
}

}  // namespace
}  // namespace lanchat::app::app_direct_test
