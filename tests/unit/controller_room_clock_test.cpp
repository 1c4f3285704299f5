// Whose time it is: what our lines are dated with, and what happens to a log with a wrong clock.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_clock_test {
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

        REQUIRE(scene.said().size() == 1);
        CHECK(scene.said()[0].said == noon);
        CHECK_FALSE(scene.said()[0].clock_ahead);
    }
}

TEST_CASE("one who is linked with one other dates by the later clock of the two") {
    for (const std::int64_t off : {11 * minute, year, 50 * year}) {
        Scene scene;
        const LinkId link = scene.link_by_us(at(2), high);
        scene.receive(link, wall_frame({noon.ms + off}));
        scene.drain(link);
        scene.say("hi");
        CHECK(scene.said()[0].said == WallTime{noon.ms + off});

        scene.receive(link, wall_frame({noon.ms - off}));
        scene.pass(limits::epoch_interval);
        scene.give(Wake{});
        scene.say("hi again");
        CHECK(scene.said()[1].said == scene.wall);
    }
}

TEST_CASE("what answers a line is dated after it, whatever the clocks of the two show") {
    for (const std::int64_t off : {-year, -10 * minute, -9 * minute, -1'000L, 0L, 1'000L,
                                   8 * minute, 9 * minute, 10 * minute, year, 50 * year}) {
        const WallTime theirs{noon.ms + off};
        Scene scene;
        const LinkId link = scene.link_by_us(at(2), high);
        scene.receive(link, wall_frame(theirs));
        scene.drain(link);
        // The other one dates by the later clock, too.
        Voice other(static_cast<std::uint64_t>(high), high, std::max(noon, theirs));
        for (Seq seq = 1; seq <= 2; ++seq) {
            Frame question;
            question.runs = {other.run(seq, seq)};
            scene.receive(link, question);
            scene.drain(link);
            scene.say("answer");
        }

        const auto shown = scene.events<Message>();
        REQUIRE(shown.size() == 4);
        for (std::size_t n = 0; n < 4; n += 2) {
            CHECK(shown[n + 1].clock > shown[n].clock);
            CHECK_FALSE(shown[n].clock_ahead);
            CHECK_FALSE(shown[n + 1].late);
        }
    }
}

TEST_CASE("a clock that is set is told with the first line that it dates") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, wall_frame(noon));
    scene.drain(link);
    scene.wall = {noon.ms + year};
    scene.say("dated a year later");
    scene.pass(limits::seal_delay);
    scene.drain(link);

    const auto& sent = scene.sent.at(link);
    const auto line =
        std::ranges::find_if(sent, [](const Frame& frame) { return !frame.runs.empty(); });
    REQUIRE(line != sent.end());
    CHECK(std::ranges::any_of(sent.begin(), std::next(line), [](const Frame& frame) {
        return frame.wall && frame.wall->ms >= noon.ms + year;
    }));
}

TEST_CASE("once who led our clock is gone, nothing that we say is late") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, wall_frame({noon.ms + year}));
    scene.drain(link);
    scene.say("in company");
    scene.lose(link);
    scene.say("alone again");

    REQUIRE(scene.said().size() == 2);
    CHECK(scene.said()[1].said == noon);
    CHECK_FALSE(scene.said()[1].late);
}

TEST_CASE("who has gone has no vote") {
    Scene scene;
    const auto [a, b] = link_two(scene, {noon.ms + year});
    scene.lose(a);
    scene.lose(b);
    scene.say("hi");
    CHECK(scene.said()[0].said == noon);
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

}  // namespace
}  // namespace lanchat::controller::controller_room_clock_test
