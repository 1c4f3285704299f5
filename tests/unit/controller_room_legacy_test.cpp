// What originals are sent and say: lines alone, paced, and told of when they are too long or lost.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_legacy_test {
namespace {

TEST_CASE("an original gets nothing that was said long before it came") {
    Scene scene;
    scene.say("early");
    scene.settle();
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say("late");
    scene.drain(link);

    CHECK(scene.msgs_sent(link) == std::vector<std::string>{"late"});
}

TEST_CASE("an original gets one line a frame, as plain text") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say("one");
    scene.say("two");
    scene.drain(link);

    CHECK(scene.sent[link] == std::vector{Scene::plain("one"), Scene::plain("two")});
}

TEST_CASE("an original's words are shown as lines of its address") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.receive(link, Scene::plain("hello"));
    scene.receive(link, Scene::plain(""));
    scene.receive(link, Scene::plain("again"));

    const auto messages = scene.events<Message>();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].text == "hello");
    CHECK(messages[0].from == PeerInfo{at(2), "", "10.0.0.2:4565", true});
    CHECK(messages[0].id != messages[1].id);
    CHECK(scene.msgs_sent(link).empty());
}

TEST_CASE("an original never gets more than lines, and stays as long as it answers") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.receive(link, Scene::plain("hello"));
    for (int minutes = 0; minutes < 60; ++minutes) {
        scene.probes.clear();
        scene.pass(limits::ping_after);
        CHECK(scene.probes == std::vector{link});
        scene.pass(limits::legacy_answer_timeout - Duration{1});
        scene.give(Probed{link, true});
    }

    CHECK(scene.msgs_sent(link).empty());
    CHECK_FALSE(scene.ended(link));
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("an original that we dialled and that answers no more is lost") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say("into the ice");
    scene.drain(link);  // its kernel took it
    scene.pass(limits::ping_after + limits::legacy_answer_timeout);
    CHECK(scene.dropped.contains(link));
    scene.lose(link);

    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::lost);
}

TEST_CASE("a word of an original is an answer, and after a sleep of ours it is asked anew") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.pass(limits::ping_after);
    scene.receive(link, Scene::plain("still here"));
    scene.pass(limits::ping_after);
    scene.sleep(10min);
    scene.give(Wake{});
    scene.pass(limits::legacy_answer_timeout - Duration{1});

    CHECK_FALSE(scene.ended(link));
}

TEST_CASE("an original that dialled us is the transport's to watch") {
    Scene scene;
    const LinkId link = scene.legacy_by_them(at(2));
    scene.pass(10min);

    CHECK(scene.probes.empty());
    CHECK_FALSE(scene.ended(link));
}

TEST_CASE("lines of many newlines go to an original, whatever lies between them") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    const std::string newlines(limits::line_bytes_max - 1, '\n');
    std::string many;
    for (std::size_t n = 0; n < 10'000; ++n) many += "a\r\n";
    scene.say(newlines + 'x');
    scene.say(many);
    scene.say("y" + newlines);
    scene.say(newlines);
    scene.say("z");
    scene.drain(link);

    auto sent = scene.msgs_sent(link);
    REQUIRE(sent.size() == 10'003);
    CHECK(sent.front() == "x");
    CHECK(std::ranges::count(sent, "a") == 10'000);
    CHECK(sent[10'001] == "y");
    CHECK(sent.back() == "z");
    CHECK(scene.undelivered(UndeliveredReason::slow) == 0);
}

TEST_CASE("what an original says in too many bytes is told of, and ends nothing") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    const std::string longest(limits::line_bytes_max, 'x');
    scene.receive(link, Scene::plain(longest));
    CHECK(scene.events<Undelivered>().empty());
    CHECK(scene.texts_shown() == std::vector{longest});

    scene.receive(link, Scene::plain(longest + 'x'));
    REQUIRE(scene.events<Undelivered>().size() == 1);
    CHECK(scene.events<Undelivered>()[0].peer.address == at(2));
    CHECK(scene.events<Undelivered>()[0].reason == UndeliveredReason::too_long);

    // More of them together, so that nobody floods those who read it.
    for (int n = 0; n < 5; ++n) scene.receive(link, Scene::plain(longest + longest));
    CHECK(scene.events<Undelivered>().size() == 1);
    scene.pass(limits::missed_report_interval);
    CHECK(scene.events<Undelivered>().size() == 2);
    scene.receive(link, Scene::plain(longest + longest));
    scene.receive(link, Scene::plain("short"));
    scene.lose(link);

    CHECK(scene.undelivered(UndeliveredReason::too_long) == 7);
    CHECK(scene.texts_shown() == std::vector<std::string>{longest, "short"});
    CHECK(scene.events<PeerDown>().size() == 1);
}

TEST_CASE("what an original was not yet sent is reported when it goes") {
    Scene scene;
    scene.settle();
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say_many(4);
    scene.give(Drained{link});
    scene.lose(link);

    CHECK(scene.undelivered(UndeliveredReason::gone) == 3);
}

TEST_CASE("an original that falls behind and goes is told of line by line once") {
    Scene scene;
    scene.settle();
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say("one");  // under way, and the link stays busy
    scene.say_many(static_cast<int>(limits::ledger_lines_max) + 1000);
    scene.give(Drained{link});
    scene.lose(link);

    const auto head = limits::ledger_lines_max + 1001;
    const auto slow = scene.undelivered(UndeliveredReason::slow);
    CHECK(slow >= 1000 - limits::run_entries_max);
    CHECK(slow < 1000 + limits::run_entries_max);  // the ledger lets go of whole runs
    CHECK(scene.undelivered(UndeliveredReason::gone) == head - 1 - slow);
}

TEST_CASE("what left on an old call to an original is not counted for its next one") {
    Scene scene;  // so early that a newcomer gets all that was said
    const LinkId old = scene.legacy_by_them(at(2));
    for (const char* text : {"one", "two", "three"}) scene.say(text);  // the first is under way
    const LinkId next = scene.accept(at(2, 51'235));
    scene.receive(next, Scene::plain("10.0.0.2:4565"));
    scene.pass(limits::takeover_timeout);
    REQUIRE(scene.dropped.contains(old));
    scene.give(Drained{old});
    scene.drain(next);

    CHECK(scene.msgs_sent(next) == std::vector<std::string>{"ok", "one", "two", "three"});
}

}  // namespace
}  // namespace lanchat::controller::controller_room_legacy_test
