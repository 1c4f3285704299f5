// Plain mode: what a person reads and types.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "app/faces/plain.hpp"
#include "app/faces/plain_text.hpp"
#include "app/faces/slash.hpp"
#include "app/terminal/color.hpp"
#include "message/limits.hpp"
#include "tests/unit/app_stage.hpp"

namespace lanchat::app::app_plain_test {
namespace {

using controller::DownReason;
using controller::Forked;
using controller::Message;
using controller::PeerDown;
using controller::PeerInfo;
using controller::PeerUp;
using controller::Undelivered;
using controller::UndeliveredReason;

Message message(std::string text, std::string room = "general", PeerInfo from = alice) {
    return {"a1b2:1", std::move(room), std::move(from), WallTime{}, std::move(text), false};
}

// A face on a terminal unless told otherwise, and all that it did.
struct Face : Stage {
    explicit Face(PlainOptions options = {false, true, {}, false}) : face{surface(), options} {}

    PlainFace face;
};

TEST_CASE("messages are NAME: TEXT, and name their room outside general") {
    Face face;

    face.face.hear(message("hi there"));
    face.face.hear(message("deploy", "ops"));
    face.face.hear(message("old", "general", old_one));

    CHECK(face.out == "alice: hi there\nalice@ops: deploy\n192.168.1.7:4569: old\n");
    CHECK(face.notes.empty());
}

TEST_CASE("a line that is dated later than can be says so to people, not to scripts") {
    auto early = message("see you yesterday");
    early.clock_ahead = true;
    std::string told;
    append_message(told, early, LineStyle{});
    append_message(told, early, LineStyle{.marks = false});
    CHECK(told == "(clock?) alice: see you yesterday\nalice: see you yesterday\n");
}

TEST_CASE("direct messages look like nothing that is said in a room") {
    Face face;
    auto to_me = message("psst");
    to_me.to = PeerInfo{{}, "k3f9", "me"};
    auto own = message("back");
    own.own = own.history = true;
    own.to = PeerInfo{{}, "k3f9abcdefgh", ""};
    auto fake = message("psst", "general", {{}, "a1b2", "alice:direct"});

    face.face.hear(to_me);
    face.face.hear(fake);
    face.face.hear(own);
    face.face.show_missed();

    CHECK(face.out == "alice:direct: psst\nalicedirect: psst\nalice:direct to k3f9abcd: back\n");
}

TEST_CASE("/msg says something to one peer, and tells who is away") {
    Face face;
    face.face.take_line("/msg alice  are you there?");
    face.face.take_line("/msg bob later");
    face.face.take_line("/msg nobody hi");
    face.face.take_line("/msg alice");
    face.face.take_line("/msg");
    face.settle();

    CHECK(face.node.said == std::vector<std::string>{"alice<-are you there?", "bob<-later"});
    CHECK(face.notes.find("-- bob is away: it waits until you meet\n") != std::string::npos);
    CHECK(face.notes.find("nobody called") != std::string::npos);
    CHECK(face.notes.find("needs a PEER") != face.notes.rfind("needs a PEER"));
}

TEST_CASE("a line is shown once, whether it is proven then or later") {
    Face face;
    face.face.hear(controller::Glimpse{message("hi")});
    CHECK(face.out == "alice: hi\n");
    face.face.hear(message("hi"));
    face.face.hear(message("and again"));
    CHECK(face.out == "alice: hi\nalice: and again\n");
    CHECK(face.notes.empty());
}

TEST_CASE("a line that nobody has signed is taken back in words") {
    Face face({true, true, {}, false, true});
    CHECK(face.face.wants_glimpses());
    face.face.hear(controller::Glimpse{message("hi")});
    face.face.hear(controller::Withdrawn{"a1b2:1", {}, alice});
    CHECK(face.notes.find("WARNING: the last line of alice was not said with its key") !=
          std::string::npos);
    face.face.hear(message("hi"));
    CHECK(face.out == "alice: hi\nalice: hi\n");
}

TEST_CASE("own lines are not echoed") {
    Face face;
    auto own = message("hi");
    own.own = true;

    face.face.hear(own);

    CHECK(face.out.empty());
}

TEST_CASE("text, names and rooms of others cannot steer the terminal or forge a line") {
    Face face;
    PeerInfo mallory = alice;
    mallory.name = "bob: hi\nca\x1brol";

    face.face.hear(message("a\nbob: b\x1b[2J\r\u202E", "o\nps:", mallory));

    CHECK(face.out == "bob hi␊ca␛rol@o␊ps: a␊bob: b␛[2J␍\uFFFD\n");
}

TEST_CASE("comings, goings and what was missed are notes") {
    Face face;

    face.face.hear(PeerUp{alice});
    face.face.hear(PeerUp{old_one});
    face.face.hear(PeerDown{alice, DownReason::left});
    face.face.hear(PeerDown{alice, DownReason::lost});
    face.face.hear(PeerDown{alice, DownReason::replaced});
    face.face.hear(Undelivered{alice, 1, UndeliveredReason::gone});
    face.face.hear(Undelivered{alice, 12, UndeliveredReason::slow});
    face.face.hear(Undelivered{old_one, 2, UndeliveredReason::too_long});

    CHECK(face.out.empty());
    CHECK(face.notes ==
          "-- alice (127.0.0.1:4566) joined\n"
          "-- 192.168.1.7:4569 (legacy) joined\n"
          "-- alice (127.0.0.1:4566) left\n"
          "-- alice (127.0.0.1:4566) lost\n"
          "-- alice (127.0.0.1:4566) replaced\n"
          "-- 1 line did not reach alice (127.0.0.1:4566): it is gone\n"
          "-- 12 lines did not reach alice (127.0.0.1:4566): it is too slow\n"
          "-- 2 lines of 192.168.1.7:4569 (legacy) did not reach us: longer than 65536 bytes\n");
}

TEST_CASE("another network is a note") {
    Face face;

    face.face.hear(controller::OtherNetwork{{Ipv4{0x7F000001}, 4566}});

    CHECK(face.notes == "-- 127.0.0.1:4566 is in another network: not the same passphrase\n");
}

TEST_CASE("another version is a note of one sentence") {
    Face face;

    face.face.hear(controller::OtherVersion{{Ipv4{0x7F000001}, 0}});

    CHECK(face.notes ==
          "-- 127.0.0.1 runs another version of lanchat that cannot be linked with this one: use "
          "the same one on both\n");
}

TEST_CASE("a fork is a note that cannot steer the terminal") {
    Face face;

    face.face.hear(Forked{{{}, "a1b2", "al\x1bice", false}});

    CHECK(face.notes ==
          "-- al␛ice (a1b2) signed two different lines for one place: nothing more of that log is "
          "taken\n");
}

TEST_CASE("quiet leaves the chat and the errors") {
    Face face({true, true, {}, false});

    face.face.ready({"k3f9", "dana", {{0x7F000001}, 4565}});
    face.face.hear(PeerUp{alice});
    face.face.hear(Undelivered{alice, 1, UndeliveredReason::gone});
    CHECK(face.notes.empty());

    face.face.hear(message("hi"));
    face.node.refusal = "be\033cause";
    face.face.take_line("no");
    CHECK(face.out == "alice: hi\n");
    CHECK(face.notes == "-- be␛cause\n");
}

TEST_CASE("a started node says who and where it is") {
    Face face;

    face.face.ready({"k3f9", "dana", {{0x7F000001}, 4565}});

    CHECK(face.notes == "-- dana at 127.0.0.1:4565, /help for help\n");
}

TEST_CASE("lines are said as they are, and an empty one is not said") {
    Face face;

    face.face.take_line("  two  spaces\t");
    face.face.take_line("");

    CHECK(face.node.said == std::vector<std::string>{"general|  two  spaces\t"});
}

TEST_CASE("without a terminal a slash means nothing") {
    Face face({false, false, {}, false});

    face.face.take_line("/quit");
    face.face.take_line("//x");

    CHECK(face.node.said == std::vector<std::string>{"general|/quit", "general|//x"});
    CHECK(face.left == 0);
}

TEST_CASE("pasted text is never a command") {
    Face face;

    face.face.take_pasted("/quit");

    CHECK(face.node.said == std::vector<std::string>{"general|/quit"});
}

TEST_CASE("a second slash says the first") {
    Face face;

    face.face.take_line("//quit");
    face.face.take_line("//");

    CHECK(face.node.said == std::vector<std::string>{"general|/quit", "general|/"});
}

TEST_CASE("quit and exit leave") {
    Face face;

    face.face.take_line("/quit");
    face.face.take_line("/exit ");

    CHECK(face.left == 2);
    CHECK(face.node.said.empty());
}

TEST_CASE("join changes where the next lines go") {
    Face face;

    face.face.take_line("/join  ops ");
    face.face.take_line("hi");
    CHECK(face.node.said == std::vector<std::string>{"ops|hi"});
    CHECK(face.face.room() == "ops");

    face.face.take_line("/join");
    face.face.take_line("/join " + std::string(limits::room_bytes_max + 1, 'x'));
    CHECK(face.face.room() == "ops");
    face.face.take_line("/join " + std::string(limits::room_bytes_max, 'x'));
    CHECK(face.face.room() == std::string(limits::room_bytes_max, 'x'));
}

TEST_CASE("peers lists who is here") {
    Face face;

    face.node.has_legacy_peer = true;
    face.face.take_line("/peers");

    CHECK(face.notes ==
          "-- 2 peers\n--   alice (127.0.0.1:4566), unverified\n--   127.0.0.1:4570 (legacy)\n");
}

TEST_CASE("help names every command") {
    Face face;

    face.face.take_line("/help");

    for (const auto* word :
         {"/help", "/peers", "/join", "/verify", "/block", "/unblock", "/quit", "/exit", "//"})
        CHECK(face.notes.find(word) != std::string::npos);
}

TEST_CASE("an unknown command is not said, and the nearest one is offered") {
    Face face;

    face.face.take_line("/jion ops");
    face.face.take_line("/abracadabra");

    CHECK(face.node.said.empty());
    CHECK(face.notes ==
          "-- unknown command /jion, did you mean /join?\n"
          "-- not said: with one more / before it, it is said to all in general\n"
          "-- unknown command /abracadabra, /help lists them\n");
}

TEST_CASE("what may be a command and is none is kept, and never said") {
    Face face;
    const std::vector<std::string> lines{
        " /msg Anna SECRET",
        "\t/msg Anna SECRET",
        "\u00A0/msg Anna SECRET",
        "\u200B/msg Anna SECRET",
        "\uFEFF/msg Anna SECRET",
        "\u3000/msg Anna SECRET",
        " \u2003 /quit",
        "\x01/msg Anna SECRET",
        "\uFF0Fmsg Anna SECRET",
        " \uFF0Fmsg Anna SECRET",
        "\u2215msg Anna SECRET",
        "\u2044msg Anna SECRET",
        " //x",
        "/mgs Anna SECRET",
        "/ms Anna SECRET",
        "/ msg Anna SECRET",
        "/msg\u00A0Anna SECRET",
        "/home/x/tool",
        "/home/x/tool --fast",
        "/xyzzy something",
        "/\u200Bmsg Anna SECRET",
    };
    for (const auto& line : lines)
        for (int again = 0; again < 2; ++again) {
            face.notes.clear();
            CHECK(face.face.keeps(line, false));
            CHECK(face.notes.find("not said") != std::string::npos);
            face.face.take_line(line);
        }
    CHECK(face.node.said.empty());
    CHECK(face.left == 0);
}

TEST_CASE("what may be for one alone is said to all when it comes again") {
    for (const std::string line :
         {"//msg Anna SECRET", "\\msg Anna SECRET", "///msg Anna SECRET", "// msg Anna SECRET"}) {
        Face face;
        face.face.take_line(line + "!");
        CHECK(face.face.keeps(line, false));
        CHECK(face.node.said.empty());
        CHECK(face.notes.find("the same line again is said to all in general") !=
              std::string::npos);
        CHECK_FALSE(face.face.keeps(line, false));
        face.face.take_line(line);
        face.face.take_line(line);  // asked about anew
        CHECK(face.node.said.size() == 1);
    }
    Face face;
    for (const std::string line : {"/msg Anna SECRET", " /MSG Anna SECRET", "/mgs Anna SECRET"}) {
        face.face.take_pasted(line);
        CHECK(face.node.said.empty());
    }
    face.face.take_pasted("/mgs Anna SECRET");
    CHECK(face.node.said == std::vector<std::string>{"general|/mgs Anna SECRET"});
}

TEST_CASE("what only has a slash in it is said") {
    Face face;
    for (const std::string line : {"//msg", "//mute all of them", "and/or", "msg me",
                                   "\u30CE\u30FC\u30C8", "\\o/", "//etc/hosts"})
        CHECK_FALSE(face.face.keeps(line, false));
    for (const std::string line : {"/quit now", "/home/x/tool", "/help", " /join ops", "/"})
        CHECK_FALSE(face.face.keeps(line, true));
}

TEST_CASE("a command is one in any case, and /say says anything") {
    Face face;
    face.face.take_line("/MSG alice psst");
    face.face.take_line("/Join ops");
    face.face.take_line("/say /msg alice is how it is done");
    face.face.take_line("/say");
    CHECK(face.node.said ==
          std::vector<std::string>{"alice<-psst", "ops|/msg alice is how it is done"});
}

TEST_CASE("a refused long line is told in a note") {
    Face face;

    face.face.refuse_too_long();

    CHECK(face.notes == "-- a line of more than 65536 bytes was not sent\n");
}

TEST_CASE("a name has its colour always, the text has none, and notes are dim") {
    Face face({false, true, {true, true}, true});

    face.face.hear(message("hi"));
    face.face.hear(PeerUp{alice});

    CHECK(face.out == std::string(color_of("alice")) + "alice\x1b[0m: hi\n");
    CHECK(face.notes == "\x1b[2m-- alice (127.0.0.1:4566) joined\x1b[0m\n");
    CHECK(color_of("alice") == color_of("alice"));
    CHECK(color_of("alice") != color_of("bob"));
}

TEST_CASE("colours follow the setting, then the environment, then the terminal") {
    const ColorWishes terminal{ColorMode::automatic, true, "xterm", "", ""};
    CHECK(wants_color(terminal));

    auto wishes = terminal;
    wishes.is_terminal = false;
    CHECK_FALSE(wants_color(wishes));
    wishes.clicolor_force = "1";
    CHECK(wants_color(wishes));
    wishes.no_color = "1";
    CHECK_FALSE(wants_color(wishes));
    wishes.mode = ColorMode::always;
    CHECK(wants_color(wishes));

    wishes = terminal;
    wishes.term = "dumb";
    CHECK_FALSE(wants_color(wishes));
    wishes = terminal;
    wishes.clicolor_force = "0";
    CHECK(wants_color(wishes));
    wishes.mode = ColorMode::never;
    CHECK_FALSE(wants_color(wishes));
}

}  // namespace
}  // namespace lanchat::app::app_plain_test
