// How fast a device may open logs, and that nobody else waits for it.
#include "controller/sync/openings.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_openings_test {
namespace {

const Instant begin{1h};
const DeviceId busy = key_of(1).id();
const DeviceId other = key_of(2).id();

std::size_t opened_at(Openings& openings, const DeviceId& device, Instant now) {
    std::size_t logs = 0;
    for (; openings.may_open(device, now); ++logs) openings.opened(device, now);
    return logs;
}

DeviceId invented(std::uint64_t number) {
    DeviceId device;
    for (std::size_t n = 0; n < sizeof number; ++n)
        device.bytes[n] = static_cast<std::uint8_t>(number >> 8 * n & 0xFF);
    return device;
}

// The process `number` of the device `key` says its first line.
Frame first_line(std::uint64_t key, std::uint64_t number) {
    Frame frame;
    frame.runs.push_back(Voice(key, InstanceId{number}, WallTime{1'600'000'000'000}).say({"hi"}));
    return frame;
}

}  // namespace

TEST_CASE("a device opens many logs at once, then one after the other") {
    Openings openings;

    CHECK(opened_at(openings, busy, begin) == limits::openings_at_once);
    CHECK(opened_at(openings, busy, begin + limits::opening_interval - Duration{1}) == 0);
    CHECK(opened_at(openings, busy, begin + 10 * limits::opening_interval) == 10);
    CHECK(opened_at(openings, busy, begin + 48h) == limits::openings_at_once);
}

TEST_CASE("what a device has opened costs no other device its share") {
    Openings openings;
    opened_at(openings, busy, begin);

    CHECK(opened_at(openings, other, begin) == limits::openings_at_once);
}

TEST_CASE("of ever more devices only those are remembered that lack most of their shares") {
    Openings openings;
    opened_at(openings, busy, begin);

    for (std::uint64_t n = 0; n < limits::openings_remembered + 100; ++n)
        openings.opened(invented(n), begin);

    CHECK(openings.remembered() == limits::openings_remembered);
    CHECK_FALSE(openings.may_open(busy, begin));
    openings.opened(other, begin + 48h);
    CHECK(openings.remembered() == 1);
}

TEST_CASE("however many logs are held, the first line of a new process is taken") {
    RoomSettings settings;
    settings.instance = mid;
    settings.own = {at(1)};
    settings.key = shared_key_of(500);
    for (std::uint64_t n = 1; n <= 70'000; ++n) {
        Extent held;
        held.base.last = 1;
        settings.held[{busy, Epoch{n}, {}}] = {held, held, false};
    }
    Scene scene(std::move(settings));
    const LinkId link = scene.link_by_us(at(2), high);

    scene.receive(link, Scene::lines(high, 1, 1));
    scene.receive(link, first_line(77, 1));
    scene.receive(link, first_line(1, 80'000));

    CHECK(scene.texts_shown() == std::vector<std::string>{"line 1", "hi", "hi"});
}

TEST_CASE("whoever opens more logs than its share waits, and nobody else does") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    for (std::uint64_t n = 1; n <= limits::openings_at_once; ++n)
        scene.receive(link, first_line(5, n));
    REQUIRE(scene.texts_shown().size() == limits::openings_at_once);
    const auto asked = [&](std::uint64_t number) {
        scene.drain(link);
        return scene.questions_about(link, log_of(key_of(5).id(), InstanceId{number}));
    };

    scene.receive(link, first_line(5, 9'000));
    CHECK(scene.texts_shown().size() == limits::openings_at_once);
    scene.receive(link, first_line(6, 1));
    scene.receive(link, Scene::lines(high, 1, 1));
    CHECK(scene.texts_shown().size() == limits::openings_at_once + 2);
    CHECK(asked(9'000) == 0);

    scene.pass(limits::pull_timeout + 1s);
    CHECK(asked(9'000) == 1);
    scene.receive(link, first_line(5, 9'000));
    CHECK(scene.texts_shown().size() == limits::openings_at_once + 3);
}

TEST_CASE("the log of whoever is linked waits for no share") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const auto device = static_cast<std::uint64_t>(high);
    for (std::uint64_t n = 1; n <= limits::openings_at_once; ++n)
        scene.receive(link, first_line(device, 50'000 + n));

    scene.receive(link, Scene::lines(high, 1, 1));

    CHECK(scene.texts_shown().back() == "line 1");
}

}  // namespace lanchat::controller::controller_openings_test
