// The median of wall clocks: one vote each, and no minority of liars has a say.
#include "controller/wall_time.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <utility>

#include "message/rng.hpp"

namespace lanchat::controller::controller_wall_time_test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t year = std::int64_t{365} * 24 * 60 * minute;
constexpr WallTime noon{1'700'000'000'000};
constexpr Instant start{1h};

WallTime after(WallTime time, std::int64_t ms) { return {time.ms + ms}; }

NodeId who(std::uint64_t number) { return {DeviceId{{7}}, InstanceId{number}}; }

TEST_CASE("alone, our own clock is believed, whatever it shows") {
    const WallTimes times;
    for (const auto wall : {WallTime{0}, noon, after(noon, 50 * year)}) {
        CHECK(times.at({start, wall}).time == wall);
        CHECK(times.at({start, wall}).latest == after(wall, 10 * minute));
    }
}

// What two believe who show `a` and `b`.
std::pair<Believed, Believed> believed_by_two(WallTime a, WallTime b) {
    WallTimes at_a, at_b;
    at_a.told(who(2), b, start);
    at_b.told(who(1), a, start);
    return {at_a.at({start, a}), at_b.at({start, b})};
}

TEST_CASE("of two clocks both believe the later one") {
    for (const std::int64_t off : {9 * minute, 60 * minute, year, 53 * year, 99 * year}) {
        const auto [right, ahead] = believed_by_two(noon, after(noon, off));
        CHECK(right.time == after(noon, off));
        CHECK(ahead.time == after(noon, off));
        CHECK(right.latest == after(noon, off + 10 * minute));
        CHECK(ahead.followed == right.followed);
    }
    const auto [right, dead] = believed_by_two(noon, WallTime{0});
    CHECK(right.time == noon);
    CHECK(dead.time == noon);
}

TEST_CASE("of two clocks that are nearly alike each dates by its own, and follows the other") {
    for (const std::int64_t off : {std::int64_t{1}, minute, 8 * minute}) {
        const auto [behind, ahead] = believed_by_two(noon, after(noon, off));
        CHECK(behind.time == noon);
        CHECK(ahead.time == after(noon, off));
        CHECK(behind.followed >= after(ahead.time, minute));
    }
}

TEST_CASE("of two clocks a century apart both believe the earlier one") {
    for (const std::int64_t off : {101 * year, 4'000 * year, 8'000 * year}) {
        const auto [right, absurd] = believed_by_two(noon, after(noon, off));
        CHECK(right.time == noon);
        CHECK(absurd.time == noon);
    }
}

TEST_CASE("of four clocks all take the later one in the middle") {
    const WallTime late = after(noon, year);
    for (const auto own : {noon, late}) {
        WallTimes times;
        times.told(who(1), noon, start);
        times.told(who(2), own == noon ? late : noon, start);
        times.told(who(3), late, start);
        CHECK(times.at({start, own}).time == late);
    }
}

TEST_CASE("who is off by more than others can be believes the median") {
    WallTimes times;
    times.told(who(1), noon, start);
    times.told(who(2), after(noon, 2), start);
    for (const auto wall : {WallTime{0}, after(noon, -10 * minute), after(noon, 50 * year)}) {
        const Believed believed = times.at({start, wall});
        CHECK(believed.time >= noon);
        CHECK(believed.time <= after(noon, 2));
        CHECK(believed.latest == after(believed.time, 10 * minute));
    }
}

TEST_CASE("who is off by less keeps its own time within the bound of the median") {
    WallTimes times;
    times.told(who(1), noon, start);
    times.told(who(2), noon, start);
    const Believed believed = times.at({start, after(noon, 8 * minute)});
    CHECK(believed.time == after(noon, 8 * minute));
    CHECK(believed.latest == after(noon, 10 * minute));
    // What it dates so is followed by those whose median is a little less.
    CHECK(believed.time <= after(believed.followed, -minute));
}

TEST_CASE("what was told goes on with the steady clock, until it is told anew or its owner goes") {
    WallTimes times;
    times.told(who(1), noon, start);
    times.told(who(2), noon, start);
    CHECK(times.at({start + 90min, WallTime{0}}).time == after(noon, 90 * minute));

    times.told(who(1), after(noon, year), start + 90min);
    times.told(who(2), after(noon, year), start + 90min);
    CHECK(times.at({start + 90min, WallTime{0}}).time == after(noon, year));

    times.gone(who(1));
    times.gone(who(2));
    times.gone(who(3));
    CHECK(times.at({start + 90min, WallTime{5}}).time == WallTime{5});
}

TEST_CASE("a minority of liars moves nobody out of the range of the honest") {
    Rng rng(8);
    for (int round = 0; round < 300; ++round) {
        WallTimes times;
        const auto honest = 1 + rng.below(6);  // and we
        const auto liars = rng.below(honest + 1);
        for (std::uint64_t i = 0; i < honest; ++i)
            times.told(who(i), after(noon, static_cast<std::int64_t>(rng.below(3'000))), start);
        for (std::uint64_t i = 0; i < liars; ++i)
            times.told(who(100 + i), WallTime{static_cast<std::int64_t>(rng.next())}, start);

        const Believed believed = times.at({start, after(noon, 1'500)});

        CHECK(believed.time == after(noon, 1'500));
        CHECK(believed.latest >= after(noon, 10 * minute));
        CHECK(believed.latest <= after(noon, 3'000 + 10 * minute));
    }
}

TEST_CASE("no time is too absurd to be reckoned with") {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    for (const auto told : {most, -most, std::int64_t{0}}) {
        WallTimes times;
        for (std::uint64_t i = 0; i < 3; ++i) times.told(who(i), WallTime{told}, start);
        for (const auto own : {most, -most, std::int64_t{0}}) {
            const Believed believed = times.at({Instant::max(), WallTime{own}});
            CHECK(believed.time.ms >= 0);
            CHECK(believed.time <= believed.latest);
        }
    }
}

}  // namespace
}  // namespace lanchat::controller::controller_wall_time_test
