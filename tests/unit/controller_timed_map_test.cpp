// The map that knows when something is to be done with which of its values.
#include "controller/timed_map.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "message/rng.hpp"

namespace lanchat::controller::controller_timed_map_test {
namespace {

using Due = std::optional<Instant>;
struct Alarm {
    Due due;
};
using Alarms = TimedMap<int, Alarm>;

Instant at_ms(int ms) { return Instant{std::chrono::milliseconds(ms)}; }

void retime(Alarms& alarms) {
    alarms.retime([](const Alarm& alarm) { return alarm.due; });
}

Alarms alarms_at(const std::vector<std::pair<int, int>>& times) {
    Alarms alarms;
    for (const auto& [key, ms] : times) alarms[key].due = at_ms(ms);
    retime(alarms);
    return alarms;
}

TEST_CASE("nothing is due in an empty map") {
    Alarms alarms;
    CHECK(alarms.empty());
    CHECK(alarms.next() == std::nullopt);
    CHECK(alarms.due(Instant::max()).empty());
    CHECK(alarms.find(1) == nullptr);
    CHECK(alarms.touch(1) == nullptr);
}

TEST_CASE("the first time is next, and what is due comes in order of keys") {
    const auto alarms = alarms_at({{3, 10}, {1, 20}, {2, 30}});
    CHECK(alarms.next() == at_ms(10));
    CHECK(alarms.due(at_ms(9)).empty());
    CHECK(alarms.due(at_ms(10)) == std::vector{3});
    CHECK(alarms.due(at_ms(20)) == std::vector{1, 3});
    CHECK(alarms.due(at_ms(30)) == std::vector{1, 2, 3});
}

TEST_CASE("whoever is touched is asked again, and nobody else") {
    auto alarms = alarms_at({{1, 10}, {2, 20}});
    alarms.touch(1)->due = at_ms(30);
    int asked = 0;
    alarms.retime([&](const Alarm& alarm) {
        ++asked;
        return alarm.due;
    });
    CHECK(asked == 1);
    CHECK(alarms.next() == at_ms(20));
    alarms.touch(1);
    alarms.touch(1);
    alarms.retime([&](const Alarm& alarm) {
        ++asked;
        return alarm.due;
    });
    CHECK(asked == 2);
}

TEST_CASE("what is never due is not waited for") {
    auto alarms = alarms_at({{1, 10}});
    alarms.touch(1)->due.reset();
    retime(alarms);
    CHECK(alarms.next() == std::nullopt);
    CHECK_FALSE(alarms.empty());
}

TEST_CASE("what is erased is due no more, touched or not") {
    auto alarms = alarms_at({{1, 10}, {2, 20}, {3, 30}});
    alarms.touch(1);
    alarms.erase(1);
    alarms.erase(2);
    alarms.erase(9);
    CHECK(alarms.next() == at_ms(30));
    retime(alarms);
    CHECK(alarms.due(Instant::max()) == std::vector{3});
}

TEST_CASE("a touch of all asks everybody") {
    auto alarms = alarms_at({{1, 10}, {2, 20}});
    for (auto& [key, alarm] : alarms.touch_all()) alarm.due = at_ms(50 - key);
    retime(alarms);
    CHECK(alarms.next() == at_ms(48));
    CHECK(alarms.due(at_ms(48)) == std::vector{2});
}

TEST_CASE("whatever is done to it, it says what a look at everybody says") {
    Rng rng(7);
    Alarms alarms;
    for (int round = 0; round < 20'000; ++round) {
        const int key = static_cast<int>(rng.below(12));
        const Due due = rng.below(4) == 0 ? Due{} : at_ms(static_cast<int>(rng.below(50)));
        switch (rng.below(8)) {
            case 0:
                alarms.erase(key);
                break;
            case 1:
                for (auto& [each, alarm] : alarms.touch_all()) alarm.due = due;
                break;
            case 2:
                if (Alarm* known = alarms.touch(key)) known->due = due;
                break;
            default:
                alarms[key].due = due;
        }
        if (rng.below(3) == 0) continue;
        retime(alarms);
        Due first;
        std::vector<int> ready;
        for (const auto& [each, alarm] : alarms) {
            if (!alarm.due) continue;
            if (!first || *alarm.due < *first) first = alarm.due;
            if (*alarm.due <= at_ms(25)) ready.push_back(each);
        }
        REQUIRE(alarms.next() == first);
        REQUIRE(alarms.due(at_ms(25)) == ready);
    }
}

}  // namespace
}  // namespace lanchat::controller::controller_timed_map_test
