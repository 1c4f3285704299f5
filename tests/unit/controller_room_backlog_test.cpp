// What a room asks for of a log that is far ahead of it, in which order, and what it tells of
// parts.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller {
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

std::vector<bool> history_marks(const Scene& scene) {
    std::vector<bool> marks;
    for (const Message& message : scene.events<Message>()) marks.push_back(message.history);
    return marks;
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
    CHECK(std::ranges::count(history_marks(scene), true) == 301);
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
    CHECK(history_marks(scene) == std::vector{true, true, false});
}

TEST_CASE("what its author says with its first question is history, though it is in no head yet") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame first = Scene::lines(high, 1, 2);
    first.digest = Digest{{}, {}, true};
    first.said = 3;
    scene.receive(link, first);
    scene.receive(link, Scene::lines(high, 3, 4));  // the first of which had no place in that frame
    CHECK(history_marks(scene) == std::vector{true, true, true, false});
}

}  // namespace
}  // namespace lanchat::controller
