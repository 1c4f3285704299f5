// verify, block and unblock as commands, typed on a terminal, and as lines for programs.
#include "app/faces/json_output.hpp"
#include "app/faces/plain.hpp"
#include "app/faces/plain_text.hpp"
#include "tests/unit/app_api_scene.hpp"
#include "tests/unit/app_cli_desk.hpp"
#include "tests/unit/app_stage.hpp"

namespace lanchat::app::app_people_test {
namespace {

using controller::PeerInfo;
using controller::Trust;
using controller::Verification;

const DeviceId somebody{{1, 2, 3}};
const PeerInfo marked{{{0x7F000001}, 4566}, to_string(somebody), "alice", false, true,
                      Trust::verified,      "aebagbaf"};

TEST_CASE("verify shows the code and both ids, and asks") {
    Office office;
    const auto yes = office.run(Verify{"alice", {}}, false, "y\n");
    CHECK(yes.exit_code == 0);
    CHECK(has(yes.out, "lemon tiger cello piano 0417"));
    office.node.on_loop([&](FakeNode& node) {
        CHECK(has(yes.out, to_string(node.other())));
        CHECK(has(yes.out, to_string(node.status().id)));
    });
    CHECK(has(yes.err, "[y/N]"));
    CHECK(has(yes.err, "is verified"));
    for (const auto* answer : {"n\n", "\n", "", "yeah\n"})
        CHECK(office.run(Verify{"alice", {}}, false, answer).exit_code == 5);
    office.node.wait_until([](FakeNode& node) { return node.listener_count() == 0; });
}

TEST_CASE("verify with a code says yes to that code only") {
    Office office;
    CHECK(office.run(Verify{"alice", "Lemon tiger cello piano 0417"}, false).exit_code == 0);
    CHECK(office.run(Verify{"alice", "lemon tiger cello piano 0418"}, false).exit_code == 5);
    const auto objects = office.run(Verify{"alice", "lemon tiger cello piano 0417"}).objects();
    REQUIRE(objects.size() == 2);
    CHECK(objects[0].at("type") == "verification");
    CHECK(objects[0].at("event") == "shown");
    CHECK(objects[0].at("code") == "lemon tiger cello piano 0417");
    CHECK(objects[0].at("peer").at("name") == "alice");
    CHECK(objects[1].at("event") == "verified");
}

TEST_CASE("verify with an id compares nothing else") {
    Office office;
    std::string id;
    office.node.on_loop([&](FakeNode& node) { id = to_string(node.other()); });
    const auto right = office.run(Verify{"alice", {}, id}).objects();
    REQUIRE(right.size() == 1);
    CHECK(right[0].at("event") == "verified");
    const auto wrong = office.run(Verify{"alice", {}, to_string(somebody)}, false);
    CHECK(wrong.exit_code == 5);
    CHECK(has(wrong.err, "has another id: " + id));
    CHECK(office.run(Verify{"zoe", {}, id}, false).exit_code == 1);
}

TEST_CASE("verify of nobody fails with the reason") {
    Office office;
    const auto outcome = office.run(Verify{"zoe", {}}, false);
    CHECK(outcome.exit_code == 1);
    CHECK(has(outcome.err, "nobody called \"zoe\""));
}

TEST_CASE("block and unblock, and who is listed as what") {
    Office office;
    CHECK(has(office.run(Block{"alice", true}, false).out, "is blocked"));
    const auto peers = office.run(ListPeers{}, false).out;
    CHECK(has(peers, "blocked:\nalice"));
    const auto objects = office.run(ListPeers{}).objects();
    REQUIRE(objects.size() == 2);
    CHECK(objects[0].at("peer").at("trust") == "unverified");
    CHECK(objects[1].at("reason") == "blocked");
    CHECK(objects[1].at("peer").at("trust") == "blocked");
    CHECK(has(office.run(Block{"alice", false}, false).out, "no longer blocked"));
    CHECK_FALSE(has(office.run(ListPeers{}, false).out, "blocked"));
    CHECK(office.run(Block{"zoe", true}, false).exit_code == 1);
}

TEST_CASE("what could not be kept is no success") {
    Office office;
    office.node.on_loop([](FakeNode& node) { node.book_trouble = Failure{"no space"}; });

    const auto blocked = office.run(Block{"alice", true}, false);
    CHECK(blocked.exit_code == 1);
    CHECK(blocked.out.empty());
    CHECK(has(blocked.err, "until this node ends: no space"));
    office.node.on_loop([](FakeNode& node) { node.blocked_people = node.peers(); });
    const auto unblocked = office.run(Block{"alice", false}, false);
    CHECK(unblocked.exit_code == 1);
    CHECK(has(unblocked.err, "still blocked: no space"));
    office.node.on_loop([](FakeNode& node) { node.blocked_people.clear(); });
    const auto verified = office.run(Verify{"alice", {}}, false, "y\n");
    CHECK(verified.exit_code == 1);
    CHECK(has(verified.err, "is not verified: no space"));
    const auto objects = office.run(Verify{"alice", "lemon tiger cello piano 0417"}).objects();
    CHECK(objects.back().at("event") == "failed");
    CHECK(objects.back().at("why") == "no space");
}

TEST_CASE("lines have the mark of their author for people, not for programs") {
    Office office;
    office.node.on_loop([](FakeNode& node) {
        node.alice_mark = "k3f9";
        node.hear("hi");
    });
    CHECK(office.run(newest(1), false).out == "alice·k3f9: hi\n");
    CHECK(office.run(newest(1)).objects().at(0).at("from").at("name") == "alice");
}

TEST_CASE("the words of verify, block and unblock") {
    Desk desk;
    CHECK(desk.asked<Verify>({"verify", "alice"}).peer == "alice");
    CHECK(desk.asked<Verify>({"verify", "alice", "--code", "a b c d 0001"}).code == "a b c d 0001");
    const auto id = to_string(somebody);
    CHECK(desk.asked<Verify>({"verify", "alice", "--id", id}).id == id);
    CHECK(desk.asked<Block>({"block", "alice"}).on);
    CHECK_FALSE(desk.asked<Block>({"unblock", "alice"}).on);
    for (const auto* command : {"verify", "block", "unblock"})
        CHECK(has(desk.refusal({command}), "needs the PEER"));
    CHECK(has(desk.refusal({"verify", "alice", "--id", id.substr(1)}), "a whole id"));
    CHECK(has(desk.refusal({"verify", "alice", "--id", id, "--code", "a b c d 0001"}), "not both"));
}

TEST_CASE("peers, warnings and verifications as objects") {
    std::string out;
    append_event(out, controller::PeerUp{marked});
    const auto up = json::parse(out);
    CHECK(up.at("peer").at("trust") == "verified");
    CHECK(up.at("peer").at("name") == "alice");

    out.clear();
    PeerInfo thief = marked;
    thief.trust = Trust::unverified;
    append_event(out, controller::KeyChanged{thief, marked});
    const auto warning = json::parse(out);
    CHECK(warning.at("type") == "warning");
    CHECK(warning.at("code") == "key_changed");
    CHECK(warning.at("peer").at("trust") == "unverified");
    CHECK(warning.at("known").at("trust") == "verified");
}

// What is typed on a terminal, to a node whose alice has a name with a blank.
struct Terminal : Stage {
    Terminal() { node.alice_name = "al ice"; }
    void type(const std::string& line) {
        notes.clear();
        face.take_line(line);
        settle();
    }
    std::string id() const { return to_string(node.other()); }
    PeerInfo linked() { return node.peers().front(); }

    PlainFace face{surface(), PlainOptions{true, true, {}, false}};
};

TEST_CASE("/verify shows the code, and takes yes or no") {
    Terminal terminal;
    terminal.type("/verify al ice");
    CHECK(terminal.node.decided == Texts{"verify"});
    terminal.type("/verify al ice yes");
    CHECK(has(terminal.notes, "no code is compared"));
    terminal.face.hear(Verification{terminal.linked(), Verification::Stage::shown, "a b c d 0001"});
    CHECK(has(terminal.notes, "a b c d 0001"));
    CHECK(has(terminal.notes, "/verify " + terminal.id().substr(0, 8) + " yes"));
    terminal.type("/verify al ice no");
    terminal.type("/verify al ice yes");
    CHECK(terminal.node.decided == Texts{"verify", "a b c d 0001 no", "a b c d 0001 yes"});
    terminal.face.hear(
        Verification{terminal.linked(), Verification::Stage::verified, "a b c d 0001"});
    CHECK(has(terminal.notes, "is verified"));
    terminal.type("/verify al ice yes");
    CHECK(terminal.node.decided.size() == 3);
    terminal.node.is_away = true;
    terminal.type("/verify al ice");
    CHECK(has(terminal.notes, "not linked"));
    terminal.type("/verify");
    CHECK(has(terminal.notes, "whom?"));
}

TEST_CASE("/verify takes the id of a peer instead of a code, and no other id") {
    Terminal terminal;
    terminal.type("/verify al ice " + to_string(DeviceId{{9}}));
    CHECK(terminal.node.decided.empty());
    CHECK(has(terminal.notes, "its id is another one"));
    terminal.type("/verify al ice " + terminal.id());
    CHECK(terminal.node.decided == Texts{"pin"});
}

TEST_CASE("/block and /unblock") {
    Terminal terminal;
    terminal.type("/block al ice");
    CHECK(terminal.node.blocked_people.size() == 1);
    CHECK(has(terminal.notes, "is blocked"));
    terminal.type("/block al ice");
    CHECK(has(terminal.notes, "nobody"));
    terminal.type("/unblock al ice");
    CHECK(terminal.node.blocked_people.empty());
}

TEST_CASE("/block says what could not be kept") {
    Terminal terminal;
    terminal.node.book_trouble = Failure{"no space"};
    terminal.type("/block al ice");
    CHECK(has(terminal.notes, "is blocked until this node ends: no space"));
    terminal.node.blocked_people = terminal.node.peers();
    terminal.type("/unblock al ice");
    CHECK(has(terminal.notes, "is still blocked: no space"));
}

TEST_CASE("/msg finds names with blanks") {
    Terminal terminal;
    terminal.type("/msg al ice are you there");
    terminal.type("/msg bob are you there");
    terminal.type("/msg al ice");
    CHECK(terminal.node.said == Texts{"al ice<-are you there", "bob<-are you there"});
    terminal.type("/msg bob");
    CHECK(has(terminal.notes, "needs a PEER"));
}

TEST_CASE("/msg takes no shorter name where a longer one may mean somebody") {
    Terminal terminal;
    terminal.node.several = {"bob Maria"};
    terminal.type("/msg bob Maria the password is 1234");
    CHECK(has(terminal.notes, "several are called \"bob Maria\""));
    terminal.type("/msg bob the password is 1234");
    terminal.type("/msg bob Maria");
    CHECK(terminal.node.said == Texts{"bob<-the password is 1234"});
    CHECK(has(terminal.notes, "needs a PEER and the TEXT"));
}

TEST_CASE("a forgotten slash before msg is asked about where somebody is called so") {
    Terminal terminal;
    CHECK(terminal.face.keeps("msg al ice SECRET", false));
    CHECK_FALSE(terminal.face.keeps("msg zoe SECRET", false));
    CHECK_FALSE(terminal.face.keeps("msg al ice SECRET", false));  // again: it is meant
    CHECK(Terminal().face.keeps("msg al ice SECRET", true));
}

TEST_CASE("/msg finds the end of a name in a long text at once") {
    Terminal terminal;
    std::string text = "x";
    for (int n = 0; n < 30'000; ++n) text += " x";
    terminal.type("/msg al ice " + text);
    CHECK(terminal.node.said == Texts{"al ice<-" + text});
}

TEST_CASE("/verify takes no answer for one where it may be the name of another") {
    Terminal terminal;
    terminal.face.hear(Verification{terminal.linked(), Verification::Stage::shown, "a b c d 0001"});
    terminal.node.several = {"al ice yes"};
    terminal.type("/verify al ice yes");
    CHECK(has(terminal.notes, "is a name, too"));
    CHECK(terminal.node.decided.empty());
    terminal.type("/verify al ice no");
    CHECK(terminal.node.decided == Texts{"a b c d 0001 no"});
}

TEST_CASE("/mute hides the lines of one, live and missed, until /unmute") {
    Terminal terminal;
    controller::Message live;
    live.from = terminal.linked();
    live.text = "noise";
    live.room = "general";
    controller::Message missed = live;
    missed.history = true;
    const auto hear = [&] {
        terminal.out.clear();
        terminal.face.hear(live);
        terminal.face.hear(missed);
        terminal.face.show_missed();
        return std::exchange(terminal.out, {});
    };
    CHECK(has(hear(), "noise"));
    terminal.type("/mute al ice");
    CHECK(has(terminal.notes, "lanchat history has its lines"));
    CHECK(hear().empty());
    live.from.id = "somebody else";
    CHECK(has(hear(), "noise"));
    terminal.type("/unmute al ice");
    CHECK(has(hear(), "noise"));
    terminal.type("/unmute al ice");
    CHECK(has(terminal.notes, "was not muted"));
}

TEST_CASE("/peers tells trust and marks, a warning is shown even in quiet") {
    Terminal terminal;
    terminal.node.alice_mark = "aebagbaf";
    terminal.node.alice_trust = Trust::verified;
    terminal.type("/peers");
    CHECK(has(terminal.notes, "al ice·aebagbaf (127.0.0.1:4566), verified"));
    PeerInfo thief = marked;
    thief.mark = "zzzz";
    terminal.notes.clear();
    terminal.face.hear(controller::KeyChanged{thief, marked});
    CHECK(has(terminal.notes, "WARNING: alice·zzzz"));
}

}  // namespace
}  // namespace lanchat::app::app_people_test
