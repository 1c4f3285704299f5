// Whose time it is: what our lines are dated with, and what happens to a log with a wrong clock.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t year = std::int64_t{365} * 24 * 60 * minute;
constexpr WallTime noon{1'700'000'000'000};

Frame wall_frame(WallTime wall) {
    Frame frame;
    frame.wall = wall;
    return frame;
}

// Two who both show `wall`.
struct Linked2 {
    LinkId a;
    LinkId b;
};
Linked2 link_two(Scene& scene, WallTime wall) {
    const LinkId a = scene.link_by_us(at(2), high);
    const LinkId b = scene.link_by_them(at(3), low);
    for (const LinkId link : {a, b}) {
        scene.receive(link, wall_frame(wall));
        scene.drain(link);
    }
    return {a, b};
}

std::vector<Message> said(const Scene& scene) {
    auto messages = scene.events<Message>();
    std::erase_if(messages, [](const Message& message) { return !message.own; });
    return messages;
}

TEST_CASE("everybody is told our wall time with the first frame and now and then") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    CHECK(scene.sent.at(link).front().wall == noon);

    scene.say("soon");
    scene.drain(link);
    CHECK_FALSE(scene.last_sent(link).wall);

    scene.pass(limits::wall_told_interval);
    scene.drain(link);
    scene.say("later");
    scene.drain(link);
    const auto& sent = scene.sent.at(link);
    CHECK(std::ranges::count_if(sent, [](const Frame& frame) { return frame.wall.has_value(); }) >=
          2);
}

TEST_CASE("a legacy peer is never told the time") {
    Scene scene;
    const LinkId link = scene.legacy_by_us(at(2));
    scene.say("hi");
    scene.drain(link);
    for (const Frame& frame : scene.sent.at(link)) CHECK_FALSE(frame.wall);
}

TEST_CASE("who is far off dates its lines as the others see the time") {
    for (const std::int64_t off : {-50 * year, 50 * year}) {
        Scene scene;
        scene.wall = {noon.ms + off};
        link_two(scene, noon);
        scene.say("what year is it");

        REQUIRE(said(scene).size() == 1);
        CHECK(said(scene)[0].said == noon);
        CHECK_FALSE(said(scene)[0].clock_ahead);
    }
}

TEST_CASE("one who is linked with one other believes its own clock") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, wall_frame({noon.ms + 50 * year}));
    scene.drain(link);
    scene.say("hi");
    CHECK(said(scene)[0].said == noon);
}

TEST_CASE("who has gone has no vote") {
    Scene scene;
    const auto [a, b] = link_two(scene, {noon.ms + year});
    scene.lose(a);
    scene.lose(b);
    scene.say("hi");
    CHECK(said(scene)[0].said == noon);
}

TEST_CASE("a line that is dated too late is marked, and leads nobody") {
    Scene scene;
    Voice strange(7, InstanceId{7}, WallTime{noon.ms + year});
    const LinkId link = scene.link_by_us(at(2), high);
    Frame frame;
    frame.runs = {strange.run(1, 1)};
    scene.receive(link, frame);
    scene.drain(link);
    scene.say("hi");

    const auto shown = scene.events<Message>();
    REQUIRE(shown.size() == 2);
    CHECK(shown[0].clock_ahead);
    CHECK_FALSE(shown[1].clock_ahead);
    CHECK_FALSE(shown[1].late);
    CHECK(shown[1].said == noon);
}

TEST_CASE("a line is late when one that comes after it has been shown") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("first");
    scene.receive(link, Scene::lines(high, 1, 1));  // said years before
    scene.drain(link);
    scene.say("second");

    const auto shown = scene.events<Message>();
    REQUIRE(shown.size() == 3);
    CHECK_FALSE(shown[0].late);
    CHECK(shown[1].late);
    CHECK_FALSE(shown[2].late);
}

TEST_CASE("a process whose lines are dated too late goes on in a new log") {
    Scene scene;
    scene.wall = {noon.ms + year};
    scene.say("from the future");
    scene.pass(limits::seal_delay);
    const LogId before = said(scene)[0].line.log;
    const auto links = link_two(scene, noon);
    scene.say("from now");
    scene.drain(links.a);

    REQUIRE(said(scene).size() == 2);
    const Message now = said(scene)[1];
    CHECK(now.line.log != before);
    CHECK(now.line.log.device == before.device);
    CHECK(now.line.seq == 1);
    CHECK(now.said == noon);
    CHECK(now.id == message_id(now.line));
    CHECK(scene.room.next_line() == LineId{now.line.log, 2});
    const RunPtr run = scene.appended.back();
    CHECK(run->log() == now.line.log);
    REQUIRE(run->items()[0].entry.previous);
    CHECK(run->items()[0].entry.previous->epoch == before.epoch);
    // Who is linked is told first.
    const auto& sent = scene.sent.at(links.a);
    const auto hello = std::ranges::find_if(
        sent, [&](const Frame& frame) { return frame.hello && frame.hello->log() == run->log(); });
    REQUIRE(hello != sent.end());
    CHECK(std::ranges::none_of(sent.begin(), hello, [&](const Frame& frame) {
        return std::ranges::any_of(frame.runs,
                                   [&](const RunPtr& each) { return each->log() == run->log(); });
    }));
}

TEST_CASE("new logs of one process are paced") {
    Scene scene;
    std::set<LogId> logs;
    for (int i = 0; i < 20; ++i) {
        scene.wall = {noon.ms + (20 - i) * year};
        scene.give(Wake{});
        scene.say("each a year before the last");
        logs.insert(said(scene).back().line.log);
    }
    CHECK(logs.size() == 2);

    scene.pass(limits::epoch_interval);
    scene.give(Wake{});
    scene.say("at last");
    CHECK(said(scene).back().said == scene.wall);
}

TEST_CASE("lines of both logs are acknowledged, each in its own") {
    Scene scene;
    scene.wall = {noon.ms + year};
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Say{"general", "one", {}, true});
    scene.pass(limits::seal_delay);
    scene.drain(link);
    scene.wall = noon;
    scene.give(Wake{});
    scene.give(Say{"general", "two", {}, true});
    scene.pass(limits::seal_delay);
    scene.drain(link);
    const auto lines = said(scene);
    REQUIRE(lines.size() == 2);
    REQUIRE(lines[0].line.log != lines[1].line.log);

    scene.receive(link, Scene::ack(1));  // on its way before it knew of the new log
    CHECK(scene.room.delivery(lines[0].line) == DeliveryCount{1, 1, 0});
    CHECK(scene.room.delivery(lines[1].line) == DeliveryCount{0, 1, 0});

    Frame ack;
    ack.received = Ack{0, 1, lines[1].line.log.epoch};
    scene.receive(link, ack);
    CHECK(scene.room.delivery(lines[1].line) == DeliveryCount{1, 1, 0});
    CHECK_FALSE(scene.stopped);

    scene.give(EndOfInput{5s});
    scene.give(Swept{});
    scene.drain(link);
    CHECK(scene.ended(link));
    CHECK(scene.undelivered(UndeliveredReason::gone) == 0);
}

TEST_CASE("who turned a page is acknowledged in its new log, and told of the old one") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 1, 2));
    Frame turned;
    turned.hello = Scene::hello(high);
    turned.hello->epoch = Epoch{4711};
    scene.receive(link, turned);
    scene.pass(1s);
    scene.drain(link);

    const LogId old = Voice(high).log();
    const auto& sent = scene.sent.at(link);
    CHECK(std::ranges::any_of(sent, [&](const Frame& frame) {
        return std::ranges::any_of(
            frame.have, [&](const Head& head) { return head.log == old && head.base.last == 2; });
    }));

    Voice voice(static_cast<std::uint64_t>(high), InstanceId{4711}, noon);
    Frame line;
    line.runs = {voice.run(1, 3)};
    scene.receive(link, line);
    scene.pass(limits::ack_delay);
    scene.drain(link);
    const auto last = std::ranges::find_if(
        sent.rbegin(), sent.rend(), [](const Frame& frame) { return frame.received.has_value(); });
    REQUIRE(last != sent.rend());
    CHECK(last->received == Ack{0, 3, Epoch{4711}});
}

}  // namespace
}  // namespace lanchat::controller
