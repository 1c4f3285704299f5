// Our own clock: always onward, with the others, but not wherever they lead.
#include "controller/talk/own_clock.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "message/rng.hpp"

namespace lanchat::controller::controller_own_clock_test {
namespace {

constexpr WallTime noon{1'700'000'000'000};
constexpr std::int64_t minute = 60'000;

WallTime after(WallTime time, std::int64_t ms) { return {time.ms + ms}; }

// What is believed where all clocks show the same.
Believed agreed(WallTime time) { return {time, after(time, 9 * minute), after(time, 10 * minute)}; }

TEST_CASE("alone, the clock is the wall's") {
    OwnClock clock{Clock{}};
    CHECK(clock.next(agreed(noon)) == Clock::at(noon));
    CHECK(clock.next(agreed(after(noon, 5))) == Clock::at(after(noon, 5)));
}

TEST_CASE("within a millisecond the counter rises") {
    OwnClock clock{Clock{}};
    CHECK(clock.next(agreed(noon)) == Clock::at(noon, 0));
    CHECK(clock.next(agreed(noon)) == Clock::at(noon, 1));
    CHECK(clock.next(agreed(noon)) == Clock::at(noon, 2));
}

TEST_CASE("a counter that is full makes the next millisecond") {
    OwnClock clock{Clock{}};
    for (int i = 0; i < 65'535; ++i) (void)clock.next(agreed(noon));
    CHECK(clock.next(agreed(noon)) == Clock::at(noon, 65'535));
    CHECK(clock.next(agreed(noon)) == Clock::at(after(noon, 1), 0));
    CHECK(clock.next(agreed(after(noon, 1))) == Clock::at(after(noon, 1), 1));
}

TEST_CASE("a wall clock that is set back does not set ours back") {
    OwnClock clock{Clock{}};
    (void)clock.next(agreed(noon));
    CHECK(clock.next(agreed(after(noon, -60 * minute))) == Clock::at(noon, 1));
}

TEST_CASE("a clock is ahead when its newest line is 10 minutes later than is believed") {
    OwnClock clock{Clock{}};
    CHECK_FALSE(clock.is_ahead(agreed(WallTime{})));
    (void)clock.next(agreed(noon));

    CHECK_FALSE(clock.is_ahead(agreed(after(noon, -10 * minute))));
    CHECK(clock.is_ahead(agreed(after(noon, -10 * minute - 1))));
}

TEST_CASE("a new log starts a second above what is stored") {
    OwnClock clock{Clock::at(noon, 65'535)};
    const Clock first = clock.next(agreed(after(noon, -5)));
    CHECK(first > Clock{Clock::at(noon, 65'535).packed + (std::uint64_t{1'000} << 16)});
    CHECK(first < Clock::at(after(noon, 1'002)));

    OwnClock old{Clock::at(after(noon, -60 * minute))};
    CHECK(old.next(agreed(noon)) == Clock::at(noon));
}

TEST_CASE("what is stored is followed no further than what is heard") {
    for (const auto stored : {Clock::at(after(noon, 10 * minute)), Clock{~std::uint64_t{0}}}) {
        OwnClock clock{stored};
        CHECK(clock.next(agreed(noon)) == Clock::at(noon));
        CHECK(clock.next(agreed(after(noon, 10 * minute))) == Clock::at(after(noon, 10 * minute)));
    }
}

TEST_CASE("what we say comes after what we heard") {
    OwnClock clock{Clock{}};
    clock.heard(Clock::at(after(noon, 3 * minute), 7), agreed(noon));
    CHECK(clock.next(agreed(noon)) == Clock::at(after(noon, 3 * minute), 8));

    clock.heard(Clock::at(after(noon, minute)), agreed(noon));
    CHECK(clock.next(agreed(noon)) == Clock::at(after(noon, 3 * minute), 9));
}

TEST_CASE("nobody leads our clock further than 10 minutes past what is believed") {
    for (const auto heard : {Clock::at(after(noon, 10 * minute)), Clock{~std::uint64_t{0}}}) {
        OwnClock clock{Clock{}};
        clock.heard(heard, agreed(noon));
        clock.heard(Clock::at(after(noon, minute)), agreed(noon));
        CHECK(clock.next(agreed(noon)) == Clock::at(after(noon, minute), 1));
    }
}

TEST_CASE("what was heard counts no more when it is found to be late") {
    OwnClock clock{Clock{}};
    clock.heard(Clock::at(after(noon, 60 * minute)), agreed(after(noon, 60 * minute)));

    CHECK(clock.next(agreed(noon)) == Clock::at(noon));
    clock.heard(Clock::at(after(noon, minute)), agreed(noon));
    CHECK(clock.next(agreed(noon)) == Clock::at(after(noon, minute), 1));
}

TEST_CASE("any clocks of disks and others leave room for the next") {
    constexpr auto latest = std::numeric_limits<std::int64_t>::max();
    for (const auto wall : {WallTime{latest}, WallTime{-latest - 1}, WallTime{0}}) {
        const Believed believed = WallTimes{}.at({Instant{}, wall});
        for (const auto stored : {Clock{}, Clock{~std::uint64_t{0}}}) {
            OwnClock clock{stored};
            clock.heard(Clock{~std::uint64_t{0}}, believed);
            Clock last;
            for (int i = 0; i < 70'000; ++i) {
                const Clock next = clock.next(believed);
                REQUIRE(next > last);
                last = next;
            }
        }
    }
}

TEST_CASE("whatever happens, the clock rises and stays with the others within its bound") {
    Rng rng(31);
    for (int round = 0; round < 100; ++round) {
        OwnClock clock{Clock{}};
        Clock last;
        WallTime highest;
        for (int i = 0; i < 200; ++i) {
            const auto jump = static_cast<std::int64_t>(rng.below(2'000'000)) - 1'000'000;
            const Believed believed = agreed(after(noon, jump));
            highest = std::max(highest, believed.latest);
            const auto other = static_cast<std::int64_t>(rng.below(2'000'000));
            const Clock said = Clock::at(after(noon, other), 3);
            const bool hears = rng.below(2) == 0;
            if (hears) clock.heard(said, believed);
            const Clock next = clock.next(believed);
            CHECK(next > last);
            CHECK(next >= Clock::at(believed.time));
            CHECK(next.time() <= highest);
            if (hears && said.time() <= believed.followed) CHECK(next > said);
            last = next;
        }
    }
}

}  // namespace
}  // namespace lanchat::controller::controller_own_clock_test
