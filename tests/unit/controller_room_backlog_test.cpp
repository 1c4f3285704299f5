// What a room asks for of a log that is far ahead of it, in which order, and what it tells of
// parts.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_backlog_test {
namespace {

constexpr InstanceId absent{77};  // somebody whose lines another one brings

Want absent_want(Seq after, Seq seq, bool newest_first = false) {
    return {Voice(absent).log(), after, seq, newest_first};
}

std::ptrdiff_t wants(const Scene& scene, LinkId link) {
    std::ptrdiff_t count = 0;
    for (const Frame& frame : scene.sent.at(link)) count += std::ssize(frame.want);
    return count;
}

TEST_CASE("who is new gets the newest lines first, then those before them") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LogId log = Voice(absent).log();
    scene.receive(link, Scene::have(absent, 5000, true));
    scene.drain(link);
    CHECK(scene.last_want(link, log) == absent_want(5000 - limits::recent_lines, 5000));

    scene.receive(link, Scene::lines(absent, 4900, 5000));
    scene.drain(link);
    CHECK(scene.texts_shown().size() == 101);
    CHECK(scene.last_want(link, log) == absent_want(4899 - limits::pull_lines_max, 4899, true));

    scene.receive(link, Scene::lines(absent, 4700, 4899));
    CHECK(scene.texts_shown().back() == "line 4899");
    CHECK(std::ranges::count(scene.history_marks(), true) == 301);
}

TEST_CASE("who missed little gets it in order") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(absent, 1, 10));
    scene.receive(link, Scene::have(absent, 10 + limits::in_order_lines, true));
    scene.drain(link);
    CHECK(scene.last_want(link, Voice(absent).log()) ==
          absent_want(10, 10 + limits::pull_lines_max));
}

TEST_CASE("who missed much gets the newest of it first, then the rest in order") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LogId log = Voice(absent).log();
    scene.receive(link, Scene::lines(absent, 1, 10));
    scene.receive(link, Scene::have(absent, 20000, true));
    scene.drain(link);
    CHECK(scene.last_want(link, log) == absent_want(20000 - limits::recent_lines, 20000));

    scene.receive(link, Scene::lines(absent, 19937, 20000));
    scene.drain(link);
    CHECK(scene.last_want(link, log) == absent_want(10, 10 + limits::pull_lines_max));
    scene.pass(1s);
    scene.drain(link);

    Voice voice(absent);
    for (const RunPtr& run : voice.runs(11, 19936)) {
        Frame frame;
        frame.runs = {run};
        scene.receive(link, frame);
    }
    CHECK(scene.texts_shown().size() == 20000);
    CHECK(scene.room.held(log).base.last == 20000);
    CHECK_FALSE(scene.room.held(log).tail);
}

TEST_CASE("what is said now comes in order, however much it is") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::have(high, 1, true));  // has told what it had
    scene.receive(link, Scene::have(absent, 5000));
    scene.pass(limits::pull_delay);
    scene.drain(link);
    CHECK(scene.last_want(link, Voice(absent).log()) == absent_want(0, limits::pull_lines_max));
}

TEST_CASE("both parts of a log are told, and its author learns which lines are there") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(author, Scene::lines(high, 1, 3));
    scene.receive(neighbour, Scene::have(high, 20000, true));
    scene.pass(limits::pull_delay);
    scene.drain(neighbour);
    scene.receive(neighbour, Scene::lines(high, 19990, 20000));
    scene.pass(limits::news_delay);
    scene.drain(author);
    scene.drain(neighbour);

    std::optional<Ack> acked;
    for (const Frame& frame : scene.sent[author])
        if (frame.received) acked = frame.received;
    CHECK(acked == Ack{19989, 20000});
    Voice voice(high);
    const Head& told = scene.last_sent(neighbour).have.back();
    CHECK(told.base == Span{0, 3, voice.head(3)});
    CHECK(told.tail == Span{19989, 20000, voice.head(20000)});
}

TEST_CASE("who has the newest of our lines gets on with what is said, and asks for the rest") {
    Scene scene;
    scene.say_many(60);
    scene.pass(limits::seal_delay);
    const LinkId link = scene.dial(at(2));
    Frame answer = scene.answer(high);
    answer.received = Ack{50, 60};
    scene.receive(link, answer);
    scene.drain(link);
    scene.say("now");
    scene.drain(link);
    CHECK(scene.lines_sent(link) == std::vector<Seq>{61});

    scene.give(Watch{{scene.own_log(), 20}});
    CHECK(scene.room.delivery({scene.own_log(), 20})->delivered == 0);
    scene.receive(link, Scene::ack(61));
    CHECK(scene.room.delivery({scene.own_log(), 20})->delivered == 1);
}

TEST_CASE("a log whose beginning everybody gave up is joined where it begins") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::have_part(absent, 500, 510));
    scene.drain(link);
    CHECK(scene.last_want(link, Voice(absent).log()) == absent_want(500, 510));
    scene.receive(link, Scene::lines(absent, 501, 510));
    scene.pass(10s);
    scene.drain(link);

    CHECK(scene.texts_shown().size() == 10);
    CHECK(wants(scene, link) == 1);
}

TEST_CASE("what the store gave up is no longer offered, nor asked for") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LogId log = Voice(absent).log();
    scene.receive(link, Scene::lines(absent, 1, 10));
    scene.give(Trimmed{log, 6, Voice(absent).head(6)});
    scene.receive(link, Scene::have(absent, 10, true));
    scene.receive(link, Scene::lines(absent, 1, 10));
    scene.pass(limits::news_delay);
    scene.drain(link);

    CHECK(wants(scene, link) == 0);
    CHECK(scene.texts_shown().size() == 10);
    CHECK(scene.last_sent(link).have.back().base == Span{6, 10, Voice(absent).head(10)});
}

TEST_CASE("what its author had when it came is history, whoever brings it") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId other = scene.link_by_us(at(3), low);
    scene.receive(author, Scene::have(high, 2, true));
    scene.receive(other, Scene::lines(high, 1, 2));
    scene.receive(other, Scene::lines(high, 3, 3));
    CHECK(scene.history_marks() == std::vector{true, true, false});
}

TEST_CASE("what its author says with its first question is history, though it is in no head yet") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame first = Scene::lines(high, 1, 2);
    first.digest = Digest{{}, {}, true};
    first.said = {{Voice(high).log().epoch, 3}};
    scene.receive(link, first);
    scene.receive(link, Scene::lines(high, 3, 4));  // the first of which had no place in that frame
    CHECK(scene.history_marks() == std::vector{true, true, true, false});
}

// --- a disk that is slow or full --------------------------------------------------------------

std::size_t unstored_bytes(const Scene& scene) {
    std::size_t bytes = 0;
    for (const RunPtr& run : scene.unflushed)
        bytes += run->byte_count() + run->size() * limits::line_memory_bytes;
    return bytes;
}

// Answers every question about the log of `voice` that was asked since the last time.
struct Source {
    Scene& scene;
    LinkId link;
    Voice voice;
    std::size_t frames_read = 0;
    std::size_t bytes_most = 0;

    bool answer() {
        scene.drain(link);
        std::vector<Want> wants;
        const auto& sent = scene.sent.at(link);
        for (; frames_read < sent.size(); ++frames_read)
            for (const Want& want : sent[frames_read].want)
                if (want.log == voice.log()) wants.push_back(want);
        for (const Want& want : wants) give(want);
        return !wants.empty();
    }
    void answer_all() {
        while (answer()) continue;
    }
    void give(const Want& want) {
        auto runs = voice.runs(want.after + 1, want.seq);
        if (want.newest_first) std::ranges::reverse(runs);
        for (const RunPtr& run : runs) {
            Frame frame;
            frame.runs = {run};
            scene.receive(link, frame);
            bytes_most = std::max(bytes_most, unstored_bytes(scene));
        }
    }
};

TEST_CASE(
    "while nothing gets to the disk, what waits for it is bounded, and no more is asked for") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Source source{scene, link, Voice(absent)};
    constexpr Seq last = 60'000;
    scene.disk_is_quick = false;
    scene.receive(link, Scene::have(absent, last, true));
    source.answer_all();

    CHECK(source.bytes_most <= limits::unstored_bytes_max);
    CHECK(scene.room.held(source.voice.log()).size() < last);
    CHECK_FALSE(scene.room.has_room(scene.time()));
    const auto asked = scene.questions_about(link, source.voice.log());
    for (int n = 0; n < 8; ++n) {
        scene.pass(limits::pull_timeout / 2);
        scene.drain(link);
        scene.receive(link, {});
    }
    CHECK(scene.questions_about(link, source.voice.log()) == asked);

    while (!scene.unflushed.empty()) {
        scene.flush();
        source.answer_all();
    }
    CHECK(scene.room.held(source.voice.log()).size() == last);
    CHECK(scene.texts_shown().size() == last);
    CHECK(source.bytes_most <= limits::unstored_bytes_max);
    CHECK(scene.room.has_room(scene.time()));
}

TEST_CASE("behind a disk that takes 100 ms for each flush much is pulled, and little waits") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Source source{scene, link, Voice(absent)};
    constexpr Seq last = 100'000;
    scene.disk_is_quick = false;
    scene.receive(link, Scene::have(absent, last, true));

    int flushes = 0;
    for (; scene.room.held(source.voice.log()).size() < last && flushes < 100; ++flushes) {
        source.answer_all();
        scene.pass(100ms);
        scene.flush();
    }

    CHECK(scene.room.held(source.voice.log()).size() == last);
    CHECK(flushes < 20);  // each takes as much as may wait
    CHECK(source.bytes_most <= limits::unstored_bytes_max);
}

TEST_CASE("who sends unasked while nothing gets to the disk is asked for the rest once it does") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Source source{scene, link, Voice(high)};
    constexpr Seq last = 40'000;
    scene.disk_is_quick = false;

    source.give({source.voice.log(), 0, last, false});
    CHECK(source.bytes_most <= limits::unstored_bytes_max);
    CHECK(scene.texts_shown().size() < last);
    scene.flush();
    while (source.answer() || !scene.unflushed.empty()) scene.flush();

    CHECK(scene.texts_shown().size() == last);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_backlog_test
