// The commands that ask a running node: what they print, and their exit codes.
#include <fstream>

#include "message/limits.hpp"
#include "tests/unit/app_api_scene.hpp"

namespace lanchat::app::app_commands_test {
namespace {

TEST_CASE("what send says is what tail shows") {
    Office office;

    const auto sent = office.run(say("hello: world"), false);
    const auto seen = office.run(newest(10), false);

    CHECK(sent.exit_code == 0);
    CHECK(sent.out.empty());
    CHECK(seen.exit_code == 0);
    CHECK(seen.out == "me: hello: world\n");
}

TEST_CASE("a message object has every field of the interface") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.hear("hi"); });

    const auto object = office.run(newest(1)).objects().at(0);

    CHECK(object.at("v") == 1);
    CHECK(object.at("type") == "message");
    CHECK(object.at("id").get<std::string>().substr(26) == ":1");
    CHECK(object.at("cursor") == "0000000000abcdef-1");
    CHECK(object.at("order").get<std::string>().size() == 112);
    CHECK(object.at("room") == "general");
    CHECK(object.at("from").at("name") == "alice");
    CHECK(object.at("from").at("address") == "127.0.0.1:4566");
    CHECK(object.at("from").at("legacy") == false);
    CHECK(object.at("ts") == "1970-01-01T00:00:01.001Z");
    CHECK(object.at("history") == true);
    CHECK_FALSE(object.contains("own"));
}

TEST_CASE("an own line says so, and a legacy peer has no id") {
    Office office;
    office.run(say("mine"));
    office.node.on_loop([](FakeNode& node) { node.hear_legacy("old"); });

    const auto objects = office.run(newest(2)).objects();

    CHECK(objects.at(0).at("own") == true);
    CHECK(objects.at(1).at("from").at("legacy") == true);
    CHECK(objects.at(1).at("from").at("id") == "");
    CHECK(objects.at(1).at("from").at("address") == "127.0.0.1:4569");
}

TEST_CASE("a disputed line says so, and is no part of a text to read") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        node.hear("sound");
        node.hear("doubtful");
        node.lines.back().disputed = true;
    });

    const auto objects = office.run(History{}).objects();
    CHECK_FALSE(objects.at(0).contains("disputed"));
    CHECK(objects.at(1).at("disputed") == true);
    const auto text = office.run(newest(2), false).out;
    CHECK(text.find("(disputed) alice: doubtful\n") != std::string::npos);
    CHECK(text.find("(disputed) alice: sound") == std::string::npos);
    const auto exported = office.run(Export{Export::Format::md, {}}, false).out;
    CHECK(exported.find("sound") != std::string::npos);
    CHECK(exported.find("doubtful") == std::string::npos);
}

TEST_CASE("history and search obey room, author, time and number") {
    Office office;
    office.run(say("from me"));
    office.node.on_loop([](FakeNode& node) {
        node.hear("in builds", "builds", 2'000);
        node.hear("early", "general", 3'000);
        node.hear("late", "general", 4'000);
    });
    const auto texts = [&](auto change) {
        History history;
        change(history.query);
        return office.run(history).texts();
    };
    const auto id = office.node.on_loop([](FakeNode& node) { return to_string(node.other()); });

    CHECK(texts([](auto& query) { query.room = "builds"; }) == Texts{"in builds"});
    CHECK(texts([](auto& query) { query.author = "me"; }) == Texts{"from me"});
    CHECK(texts([&](auto& query) { query.author = id.substr(0, 4); }).size() == 3);
    CHECK(texts([](auto& query) { query.author = "127.0.0.1:4566"; }).size() == 3);
    CHECK(texts([](auto& query) { query.since = WallTime{3'000}; }) == Texts{"early", "late"});
    CHECK(texts([](auto& query) { query.until = WallTime{2'999}; }).size() == 2);
    CHECK(texts([](auto& query) { query.count = 1; }) == Texts{"late"});
    CHECK(texts([](auto& query) { query.words = "l"; }).size() == 3);
    History unknown;
    unknown.query.author = "nobody";
    CHECK(office.run(unknown).exit_code == 1);
}

TEST_CASE("history and search know an original by its address, and nobody by another one") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        node.hear("lunch by alice");
        node.hear_legacy("lunch from afar");
        node.hear_legacy("tea from afar");
    });
    History history;
    history.query.author = "127.0.0.1:4569";
    CHECK(office.run(history).texts() == Texts{"lunch from afar", "tea from afar"});
    history.query.words = "lunch";
    CHECK(office.run(history).texts() == Texts{"lunch from afar"});

    history.query.author = "127.0.0.1:456";
    const auto nobody = office.run(history);
    CHECK(nobody.exit_code == 1);
    CHECK(nobody.err.find("no lines of \"127.0.0.1:456\"") != std::string::npos);
}

TEST_CASE("send waits for as many as it was told, and says when they were too few") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.deliver({1, 3}); });
    auto some = say("x");
    some.wait.peers = 1;
    auto all = say("y");
    all.wait.all = true;
    all.wait.timeout_ms = 50;

    CHECK(office.run(some).exit_code == 0);
    const auto late = office.run(all);
    CHECK(late.exit_code == 4);
    CHECK(late.err == "lanchat: not delivered in time: delivered to 1 of 3\n");
    CHECK(late.objects().at(0).at("type") == "ack");
    CHECK(late.objects().at(1) == json{{"v", 1},
                                       {"type", "delivery"},
                                       {"id", late.objects().at(0).at("id")},
                                       {"delivered", 1},
                                       {"of", 3}});
    CHECK(office.node.on_loop([](FakeNode& node) { return node.watch_count(); }) == 0);

    all.wait.timeout_ms = 10'000;
    auto delivered = std::async(std::launch::async, [&] { return office.run(all).exit_code; });
    office.node.wait_until([](FakeNode& node) { return node.watch_count() == 1; });
    office.node.on_loop([](FakeNode& node) { node.deliver({3, 3}); });
    CHECK(delivered.get() == 0);
}

TEST_CASE("originals confirm nothing, so waiting for all of them is no success") {
    Office office;
    auto all = say("x");
    all.wait.all = true;
    CHECK(office.run(all).exit_code == 0);  // nobody is to have it
    office.node.on_loop([](FakeNode& node) { node.has_legacy_peer = true; });

    const auto unknown = office.run(all);
    CHECK(unknown.exit_code == 4);
    CHECK(unknown.err.find("only originals are linked") != std::string::npos);
    office.node.on_loop([](FakeNode& node) { node.deliver({1, 1}); });
    CHECK(office.run(all).exit_code == 0);
}

TEST_CASE("an id that was used says nothing else") {
    Office office;
    auto send = say("once");
    send.said_id = "job-7";
    CHECK(office.run(send).exit_code == 0);
    send.text = "twice";

    const auto other = office.run(send);

    CHECK(other.exit_code == 1);
    CHECK(other.err.find("\"job-7\" was used for another line") != std::string::npos);
    CHECK(office.run(History{}).texts() == Texts{"once"});
}

TEST_CASE("the same id says a line once") {
    Office office;
    auto send = say("once");
    send.said_id = "job-7";

    const auto first = office.run(send);
    const auto second = office.run(send);

    CHECK(first.out == second.out);
    CHECK(first.objects().at(0).at("ref") == "job-7");
    CHECK(office.run(History{}).texts() == Texts{"once"});
}

TEST_CASE("each line of standard input is said in order, and too long ones are refused") {
    Office office;
    Send send;
    send.from_input = true;
    send.said_id = "n";
    std::string input;
    for (int i = 0; i < 3'000; ++i) input += std::to_string(i) + "\n";
    input += "\n" + std::string(limits::line_bytes_max + 1, 'x') + "\nlast";

    const auto sent = office.run(send, false, input);
    const auto again = office.run(send, false, input);
    const auto texts = office.run(History{}).texts();

    CHECK(sent.exit_code == 1);
    CHECK(sent.err == "lanchat: a line exceeds 65536 bytes and was not sent\n");
    CHECK(again.exit_code == 1);
    REQUIRE(texts.size() == 3'001);
    for (std::size_t i = 0; i < 3'000; ++i) REQUIRE(texts[i] == std::to_string(i));
    CHECK(texts.back() == "last");
}

TEST_CASE("a refusal of the node is told and is exit 1") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.refusal = "the disk is full"; });
    Send bulk;
    bulk.from_input = true;

    const auto one = office.run(say("x"));
    const auto many = office.run(bulk, false, "a\nb\n");

    CHECK(one.exit_code == 1);
    CHECK(one.err == "lanchat: the disk is full\n");
    CHECK(many.exit_code == 1);
    CHECK(many.err ==
          "lanchat: 2 lines were refused: the disk is full (the first is number 1 of those"
          " sent)\n");
}

TEST_CASE("peers, rooms and status are shown for people and programs") {
    Office office;

    const auto peer = office.run(ListPeers{}).objects().at(0);
    CHECK(peer.at("type") == "peer");
    CHECK(peer.at("peer").at("name") == "alice");
    CHECK(office.run(ListPeers{}, false).out.starts_with("alice (127.0.0.1:4566)  "));
    CHECK(office.run(ListRooms{}, false).out == "builds\ngeneral\n");
    CHECK(office.run(ListRooms{}).objects().at(1).at("name") == "general");
    const auto status = office.run(ShowStatus{}).objects().at(0);
    CHECK(status.at("type") == "status");
    CHECK(status.at("cursor") == "0000000000abcdef-0");
    CHECK(status.at("peers") == 1);
    CHECK(office.run(ShowStatus{}, false).out.starts_with("name      me\n"));
    const auto socket = (office.folder.path / api::socket_name).string();
    CHECK(status.at("socket") == socket);
    CHECK(status.at("warnings").empty());
    office.node.on_loop([](FakeNode& node) { node.warnings = {"one", "two"}; });
    CHECK(office.run(ShowStatus{}).objects().at(0).at("warnings") == json{"one", "two"});
    CHECK(office.run(ShowStatus{}, false).out.ends_with("warning   one\nwarning   two\n"));
}

TEST_CASE("status tells how much is held, since when, and how much no more") {
    Office office;

    const auto empty = office.run(ShowStatus{}).objects().at(0);
    CHECK(empty.at("lines") == 0);
    CHECK_FALSE(empty.contains("oldest"));
    CHECK(office.run(ShowStatus{}, false).out.find("oldest") == std::string::npos);

    office.node.on_loop([](FakeNode& node) { node.hear("a", "general", 1'700'000'000'123); });
    office.run(say("b"));
    const auto status = office.run(ShowStatus{}).objects().at(0);
    CHECK(status.at("lines") == 2);
    CHECK(status.at("logs") == 2);
    CHECK(status.at("trimmed") == 5);
    CHECK(status.at("bytes") == 4'096);
    CHECK(status.at("oldest") == "2023-11-14T22:13:20.123Z");
    const auto text = office.run(ShowStatus{}, false).out;
    CHECK(text.find("lines     2 in 2 logs\ntrimmed   5\nbytes     4096\noldest    2023-11-1") !=
          std::string::npos);
}

TEST_CASE("a node whose store cannot be read has a status that says so") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.damage = "cannot read how much is held"; });

    const auto status = office.run(ShowStatus{}).objects().at(0);

    CHECK(status.at("problem") == "cannot read how much is held");
    CHECK_FALSE(status.contains("lines"));
}

TEST_CASE("an export is taken back whole, once, and what is not signed is refused") {
    Office office;
    Office elsewhere;
    for (const auto* text : {"a", "b", "c"}) office.run(say(text));
    office.node.on_loop([](FakeNode& node) { node.hear("d"); });
    const auto file = (office.folder.path / "backup.jsonl").string();

    CHECK(office.run(Export{Export::Format::jsonl, file}).exit_code == 0);
    CHECK(elsewhere.run(Import{file}).out == "4 new lines\n");
    CHECK(elsewhere.run(Import{file}).out == "0 new lines\n");
    const auto hash = [](const Outcome& outcome) {
        std::vector<std::string> ids;
        for (const auto& object : outcome.objects()) ids.push_back(object.at("id"));
        return ids;
    };
    CHECK(hash(office.run(History{})) == hash(elsewhere.run(History{})));

    std::ofstream(file, std::ios::app) << office.run(newest(1)).out << "not even JSON\n";
    const auto refused = elsewhere.run(Import{file});
    CHECK(refused.exit_code == 5);
    CHECK(refused.err == "lanchat: 2 lines were refused: they are not signed\n");
}

TEST_CASE("what cannot be read is not imported, and no success") {
    Office office;
    const auto place = office.folder.path / "place";
    CHECK(office.run(Import{office.folder.path.string()}).err.ends_with("Is a directory\n"));
    CHECK(office.run(Import{office.folder.path.string()}).exit_code == 1);
    CHECK(office.run(Import{place.string()}).err.ends_with("No such file or directory\n"));
    std::ofstream(place).close();
    const auto empty = office.run(Import{place.string()});
    CHECK(empty.exit_code == 1);
    CHECK(empty.out.empty());
    CHECK(empty.err.find("is empty") != std::string::npos);
}

TEST_CASE("a forged run is refused, and the sound ones beside it are taken") {
    Office office;
    Office elsewhere;
    office.run(say("a"));
    office.node.on_loop([](FakeNode& node) { node.hear("b"); });
    const auto file = office.folder.path / "backup.jsonl";
    auto runs = office.run(Export{}).objects();
    REQUIRE(runs.size() == 2);
    runs[0]["signature"] = runs[1]["signature"];
    std::ofstream(file) << runs[0].dump() << '\n' << runs[1].dump() << '\n';

    const auto imported = elsewhere.run(Import{file.string()});

    CHECK(imported.exit_code == 5);
    CHECK(imported.out == "1 new line\n");
}

TEST_CASE("an export to read has rooms, names and no markup of others") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.hear("# <b>hi*", "builds"); });

    const auto text = office.run(Export{Export::Format::md, {}}, false).out;

    CHECK(text.starts_with("# builds\n\n## 19"));
    CHECK(text.find("**alice**: \\# \\<b\\>hi\\*\n") != std::string::npos);
}

TEST_CASE("without a node every command is exit 3 and says how to start one") {
    const Folder folder;
    std::ostringstream out;
    std::ostringstream err;

    CHECK(run_command({folder.path, false, say("x")}, 0, out, err) == 3);
    CHECK(out.str().empty());
    CHECK(err.str().find("no running node in " + folder.path.string()) != std::string::npos);
    CHECK(err.str().find("start one with: lanchat") != std::string::npos);
}

}  // namespace
}  // namespace lanchat::app::app_commands_test
