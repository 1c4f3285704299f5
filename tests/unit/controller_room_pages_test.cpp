// What happens to a log that a wrong clock has spoilt: its process goes on in another one.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_pages_test {
namespace {

constexpr std::int64_t year = std::int64_t{365} * 24 * 60 * 60'000;
constexpr WallTime noon{1'700'000'000'000};

void tell_time(Scene& scene, LinkId link) {
    Frame frame;
    frame.wall = noon;
    scene.receive(link, frame);
    scene.drain(link);
}

std::optional<Ack> last_ack(const Scene& scene, LinkId link) {
    std::optional<Ack> last;
    for (const Frame& frame : scene.sent.at(link))
        if (frame.received) last = frame.received;
    return last;
}

TEST_CASE("a process whose lines are dated too late goes on in a new log") {
    Scene scene;
    scene.wall = {noon.ms + year};
    scene.say("from the future");
    scene.pass(limits::seal_delay);
    const LogId before = scene.said()[0].line.log;
    const LinkId link = scene.link_by_us(at(2), high);
    tell_time(scene, link);
    tell_time(scene, scene.link_by_them(at(3), low));
    scene.say("from now");
    scene.drain(link);

    REQUIRE(scene.said().size() == 2);
    const Message now = scene.said()[1];
    CHECK(now.line.log != before);
    CHECK(now.line.log.device == before.device);
    CHECK(now.line.seq == 1);
    CHECK(now.said == noon);
    CHECK(now.id == message_id(now.line));
    CHECK(scene.room.next_line() == LineId{now.line.log, 2});
    const RunPtr run = scene.appended.back();
    CHECK(run->log() == now.line.log);
    REQUIRE(run->items()[0].entry().previous);
    CHECK(run->items()[0].entry().previous->epoch == before.epoch);
    // Who is linked is told first.
    const auto& sent = scene.sent.at(link);
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
        logs.insert(scene.said().back().line.log);
    }
    CHECK(logs.size() == 2);

    scene.pass(limits::epoch_interval);  // nothing comes from anybody
    scene.say("at last");
    CHECK(scene.said().back().said == scene.wall);
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
    const auto lines = scene.said();
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
    CHECK(last_ack(scene, link) == Ack{0, 3, Epoch{4711}});
}

// Another log of the process `who`.
Voice page(std::uint64_t epoch, InstanceId who = high) {
    return {static_cast<std::uint64_t>(who), InstanceId{epoch}, WallTime{1'600'000'000'000}};
}

Frame line(Voice& voice, Seq seq) {
    Frame frame;
    frame.runs = {voice.run(seq, seq)};
    return frame;
}

Frame turned_to(std::uint64_t epoch, InstanceId who = high) {
    Frame frame;
    frame.hello = Scene::hello(who);
    frame.hello->epoch = Epoch{epoch};
    return frame;
}

Frame first_question(std::vector<Said> said) {
    Frame frame;
    frame.digest = Digest{{}, {}, true};
    frame.said = std::move(said);
    return frame;
}

TEST_CASE("how much was said in an old log tells nothing of the new one") {
    Scene scene;
    const LinkId one = scene.link_by_us(at(2), high);
    const LinkId other = scene.link_by_them(at(2), high);
    scene.receive(other, turned_to(4711));  // before what left earlier over the other link
    scene.receive(one, first_question({{Voice(high).log().epoch, 8}}));
    scene.receive(one, turned_to(4711));
    Voice voice = page(4711);
    scene.receive(one, line(voice, 1));
    scene.receive(one, line(voice, 2));
    CHECK(scene.history_marks() == std::vector{false, false});
}

TEST_CASE("what its author said in older logs before we came is history, in no head though it be") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Voice voice = page(4711);
    Frame first = first_question({{Epoch{4711}, 1}, {Voice(high).log().epoch, 2}});
    first.hello = turned_to(4711).hello;
    first.runs = {Voice(high).run(1, 2), voice.run(1, 1)};
    scene.receive(link, first);
    scene.receive(link, line(voice, 2));
    CHECK(scene.history_marks() == std::vector{true, true, true, false});
}

TEST_CASE("of two links that tell of different logs the active one counts") {
    Scene scene;
    const LinkId active = scene.link_by_us(at(2), low);
    scene.receive(active, turned_to(4711, low));
    const LinkId late = scene.accept({at(2).ip, 40'000});
    scene.receive(late, scene.greeting(at(2), low, 2));  // it left before
    scene.drain(late);
    scene.receive(late, Scene::ack(0));
    scene.drain(late);
    REQUIRE_FALSE(scene.ended(active));

    Voice voice = page(4711, low);
    scene.receive(active, line(voice, 1));
    scene.pass(limits::ack_delay);
    scene.drain(active);
    CHECK(last_ack(scene, active) == Ack{0, 1, Epoch{4711}});
}

}  // namespace
}  // namespace lanchat::controller::controller_room_pages_test
