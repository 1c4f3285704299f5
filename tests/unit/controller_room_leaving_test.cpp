// The end: of input, of patience, of the node.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_leaving_test {
namespace {

TEST_CASE("a lonely node sleeps after the startup instead of waking for ever") {
    Scene scene;
    scene.pass(1h);

    CHECK_FALSE(scene.room.next_wakeup());
}

TEST_CASE("told to leave with nobody here, it stops at once") {
    Scene scene;
    scene.give(Leave{});

    CHECK(scene.stopped);
    CHECK_FALSE(scene.room.next_wakeup());
}

TEST_CASE("after Stop nothing is done, whatever comes") {
    Scene scene;
    scene.give(Leave{});

    CHECK(scene.give(Sighted{at(2)}).empty());
    CHECK(scene.give(Accepted{LinkId{9}, at(2)}).empty());
    CHECK(scene.give(Say{"general", "hello?"}).empty());
    CHECK(scene.give(Wake{}).empty());
}

TEST_CASE("a leaving node says goodbye, ends its links and stops when they are gone") {
    Scene scene;
    const LinkId node = scene.link_by_us(at(2), high);
    const LinkId original = scene.legacy_by_us(at(3));
    const LinkId half = scene.dial(at(4));
    scene.give(Leave{});
    scene.drain(node);

    CHECK(scene.last_sent(node).bye == Bye::leaving);
    CHECK(scene.finished == std::set{node, original});
    CHECK(scene.msgs_sent(original).empty());
    CHECK(scene.dropped == std::set{half});
    CHECK_FALSE(scene.stopped);
    for (const LinkId link : {node, original, half}) scene.lose(link, End::refused);
    CHECK(scene.stopped);
}

TEST_CASE("links that do not end in good order are dropped after 1 s") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Leave{});
    scene.pass(limits::goodbye_timeout);
    CHECK(scene.dropped.contains(link));

    scene.lose(link);

    CHECK(scene.stopped);
}

TEST_CASE("told to leave, it gives what was said 1 s to arrive") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("last words");
    scene.drain(link);
    scene.give(Leave{});
    CHECK_FALSE(scene.last_sent(link).bye);

    SUBCASE("and goes when it has") {
        scene.receive(link, Scene::ack(1));
        scene.drain(link);
        CHECK(scene.last_sent(link).bye == Bye::leaving);
        CHECK(scene.events<Undelivered>().empty());
    }
    SUBCASE("and reports it when it has not") {
        scene.pass(limits::goodbye_timeout);
        CHECK(scene.last_sent(link).bye == Bye::leaving);
        CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
    }
    SUBCASE("and goes at once when told twice") {
        scene.give(Leave{});
        CHECK(scene.last_sent(link).bye == Bye::leaving);
        CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
    }
}

TEST_CASE("a leaving node admits and dials nobody") {
    Scene scene;
    scene.link_by_us(at(2), high);
    scene.give(Leave{});
    CHECK_FALSE(scene.room.wants(at(3), scene.time()));

    const LinkId link = scene.accept(at(3, 51'234));

    CHECK(scene.dropped.contains(link));
}

TEST_CASE("at the end of input it waits until all is delivered, then goes") {
    Scene scene;
    scene.give(Swept{});
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.drain(link);
    scene.give(EndOfInput{1h});
    CHECK_FALSE(scene.ended(link));

    scene.receive(link, Scene::ack(1));
    scene.drain(link);

    CHECK(scene.finished.contains(link));
}

TEST_CASE("at the end of input it goes after the linger time at the latest") {
    Scene scene;
    scene.give(Swept{});
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.drain(link);
    scene.give(EndOfInput{3s});
    scene.pass(3s - 1ms);
    CHECK_FALSE(scene.last_sent(link).bye);

    scene.pass(1ms);

    CHECK(scene.last_sent(link).bye == Bye::leaving);
    CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
}

TEST_CASE("lines that nobody was there for are kept for the linger time") {
    Scene scene;
    scene.say("anybody?");
    scene.give(EndOfInput{10s});
    scene.give(Swept{});
    scene.pass(9s);
    CHECK_FALSE(scene.stopped);

    const LinkId link = scene.link_by_them(at(2), high);
    CHECK(scene.lines_sent(link) == std::vector<Seq>{1});
    scene.receive(link, Scene::ack(1));
    scene.drain(link);

    CHECK(scene.finished.contains(link));
}

TEST_CASE("without lines and peers the end of input ends it after the first sweep") {
    Scene scene;
    scene.give(EndOfInput{10s});
    CHECK_FALSE(scene.stopped);

    scene.give(Swept{});

    CHECK(scene.stopped);
}

TEST_CASE("it waits for who was lost a moment ago and may come back for its lines") {
    Scene scene;
    scene.give(Swept{});
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.lose(link);
    scene.give(EndOfInput{1min});
    CHECK_FALSE(scene.stopped);

    scene.pass(limits::relink_grace);

    CHECK(scene.stopped);
    CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
}

TEST_CASE("without a linger time the end of input changes nothing") {
    Scene scene;
    scene.give(Swept{});
    scene.give(EndOfInput{5s});
    Scene other;
    other.give(Swept{});
    other.give(EndOfInput{std::nullopt});
    other.pass(1h);

    CHECK(scene.stopped);
    CHECK_FALSE(other.stopped);
}

TEST_CASE("an end of input can be taken back, and then no timer is left of it") {
    Scene scene;
    scene.say("kept");
    scene.give(EndOfInput{5s});
    scene.give(EndOfInput{std::nullopt});
    scene.pass(1h);

    CHECK_FALSE(scene.stopped);
    CHECK_FALSE(scene.room.next_wakeup());
}

TEST_CASE("an end of input does not undo a leave") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.drain(link);
    scene.give(Leave{});
    scene.give(EndOfInput{1h});
    scene.give(EndOfInput{std::nullopt});
    scene.pass(limits::goodbye_timeout);

    CHECK(scene.last_sent(link).bye == Bye::leaving);
}

TEST_CASE("whom we give up on as we leave has not got what it did not acknowledge") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("line");
    scene.drain(link);
    scene.give(EndOfInput{Duration{0}});
    scene.give(Watch{{scene.own_log(), 1}});

    const auto count = scene.room.delivery({scene.own_log(), 1});
    REQUIRE(count);
    CHECK(count->delivered == 0);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_leaving_test
