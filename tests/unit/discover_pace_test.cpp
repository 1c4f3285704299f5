// The rate of connects and the pauses between sweeps.
#include "discover/pace.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace discover_pace_test {

using namespace lanchat;
using namespace std::chrono_literals;
using discover::RatePace;
using discover::SweepPause;

namespace {

// When events happen that are always due but whose timers are `late`.
std::vector<Instant> greedy(int rate, Duration length, Duration late) {
    RatePace pace(rate);
    std::vector<Instant> events;
    const auto begin = Instant{1h};
    auto now = begin;
    while (now - begin < length) {
        const auto due = pace.earliest(now);
        if (due > now) {
            now = due + late;
            continue;
        }
        pace.spend(now);
        events.push_back(now);
    }
    return events;
}

}  // namespace

TEST_CASE("no second sees more events than the rate, and nearly as many") {
    for (const int rate : {1, 7, 100, 500, 10'000}) {
        for (const Duration late : {Duration{0us}, Duration{300us}, Duration{5ms}}) {
            CAPTURE(rate);
            CAPTURE(late.count());
            const auto events = greedy(rate, 10s, late);
            std::ptrdiff_t worst = 0;
            for (auto first = events.begin(); first != events.end(); ++first) {
                const auto end = std::lower_bound(first, events.end(), *first + 1s);
                worst = std::max(worst, end - first);
            }

            CHECK(worst <= rate);
            CHECK(events.size() >= static_cast<std::size_t>(9 * rate));
        }
    }
}

TEST_CASE("a long silence does not add up to a burst") {
    RatePace pace(500);
    auto now = Instant{1h};
    pace.spend(now);
    now += 1h;

    int burst = 0;
    while (pace.earliest(now) <= now && burst < 1000) {
        pace.spend(now);
        ++burst;
    }

    CHECK(burst >= 5);
    CHECK(burst <= 15);
}

TEST_CASE("a rate of nothing is taken as one") {
    RatePace pace(0);
    const auto now = Instant{1h};

    pace.spend(now);

    CHECK(pace.earliest(now) > now + 900ms);
    CHECK(pace.earliest(now) < now + 1100ms);
}

TEST_CASE("pauses double from a quarter of a second up to the longest, give or take 20 %") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SweepPause pause(60s, seed);
        for (const Duration expected :
             std::vector<Duration>{250ms, 500ms, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
            const auto actual = pause.next();
            CHECK(actual >= expected * 8 / 10);
            CHECK(actual <= expected * 12 / 10);
        }
    }
}

TEST_CASE("pauses of different seeds differ and those of one seed do not") {
    SweepPause one(60s, 1);
    SweepPause same(60s, 1);
    SweepPause other(60s, 2);
    int differences = 0;

    for (int n = 0; n < 20; ++n) {
        const auto pause = one.next();
        CHECK(pause == same.next());
        if (pause != other.next()) ++differences;
    }

    CHECK(differences > 10);
}

TEST_CASE("a longest pause of nothing still pauses") {
    SweepPause pause(0s, 3);

    for (int n = 0; n < 10; ++n) CHECK(pause.next() >= 200ms);
}

}  // namespace discover_pace_test
