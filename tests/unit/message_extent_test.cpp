// Stretches of a log: how runs continue them, join them, contradict them.
#include "message/extent.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <set>
#include <utility>

#include "message/rng.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::message_extent_test {
namespace {

constexpr InstanceId who{7};

// What is held after these runs of lines, each given by its first and last number.
Extent after(std::initializer_list<std::pair<Seq, Seq>> runs) {
    Voice voice(who);
    Extent extent;
    for (const auto& [first, last] : runs)
        extent = fit(extent, *voice.runs(first, last).front()).extent;
    return extent;
}

Fit fit_of(const Extent& held, Seq first, Seq last, const char* word = "line") {
    return fit(held, *Voice(who, word).runs(first, last).front()).fit;
}

// `held`, as it must be.
void check(const Extent& held, std::pair<Seq, Seq> base, std::optional<std::pair<Seq, Seq>> tail) {
    Voice voice(who);
    const auto stretch = [&](const std::pair<Seq, Seq>& ends) {
        return Stretch{ends.first, voice.head(ends.first), ends.second, voice.head(ends.second)};
    };
    CHECK(held.base == stretch(base));
    CHECK(held.tail.has_value() == tail.has_value());
    if (held.tail && tail) CHECK(*held.tail == stretch(*tail));
}

TEST_CASE("a log grows by the run that follows, whose known part counts for nothing") {
    check(after({{1, 3}}), {0, 3}, {});
    check(after({{1, 3}, {4, 6}}), {0, 6}, {});
    check(after({{1, 3}, {2, 6}}), {0, 6}, {});
    CHECK(fit_of(after({{1, 6}}), 2, 5) == Fit::known);
    CHECK(fit_of(after({{1, 6}}), 1, 6) == Fit::known);
}

TEST_CASE("who is new begins anywhere and grows both ways") {
    CHECK(fit_of({}, 50, 60) == Fit::detached);
    check(after({{50, 60}}), {49, 60}, {});
    check(after({{50, 60}, {61, 62}, {40, 49}}), {39, 62}, {});
    check(after({{50, 60}, {30, 55}, {1, 29}}), {0, 60}, {});
    CHECK(fit_of(after({{50, 60}}), 10, 20) == Fit::apart);
}

TEST_CASE("who was away has a tail, until the base has grown up to it") {
    const Extent held = after({{1, 9}, {50, 60}});
    check(held, {0, 9}, {{49, 60}});
    CHECK(held.holds(9));
    CHECK_FALSE(held.holds(10));
    CHECK(held.size() == 20);
    check(after({{1, 9}, {50, 60}, {61, 70}}), {0, 9}, {{49, 70}});
    check(after({{1, 9}, {50, 60}, {10, 20}}), {0, 20}, {{49, 60}});
    check(after({{1, 9}, {50, 60}, {40, 49}}), {0, 9}, {{39, 60}});
    check(after({{1, 9}, {50, 60}, {10, 49}}), {0, 60}, {});
    check(after({{1, 9}, {50, 60}, {5, 70}}), {0, 70}, {});
}

TEST_CASE("there is no third stretch") {
    const Extent held = after({{1, 9}, {50, 60}});
    CHECK(fit_of(held, 20, 30) == Fit::apart);
    CHECK(fit_of(held, 90, 99) == Fit::apart);
    CHECK(fit(held, *Voice(who).runs(90, 99).front()).extent == held);
}

TEST_CASE("what contradicts either end of a stretch is a fork") {
    const Extent held = after({{1, 9}, {50, 60}});
    CHECK(fit_of(held, 10, 12, "other") == Fit::forked);
    CHECK(fit_of(held, 5, 12, "other") == Fit::forked);
    CHECK(fit_of(held, 61, 62, "other") == Fit::forked);
    CHECK(fit_of(held, 40, 49, "other") == Fit::forked);
    CHECK(fit_of(held, 20, 30, "other") == Fit::apart);
}

TEST_CASE("below the floor nothing is new") {
    Voice voice(who);
    Extent held = after({{1, 60}});
    held.raise_floor(20, voice.head(20));
    check(held, {20, 60}, {});
    CHECK(fit_of(held, 10, 15) == Fit::known);
    CHECK(fit_of(held, 18, 22) == Fit::known);
    check(fit(held, *voice.runs(10, 70).front()).extent, {20, 70}, {});
    CHECK_FALSE(held.lacks(20));
    CHECK(held.lacks(61));
}

TEST_CASE("a floor above the gap leaves the tail alone") {
    Voice voice(who);
    Extent held = after({{1, 9}, {50, 60}});
    held.raise_floor(9, voice.head(9));
    check(held, {49, 60}, {});
    CHECK(held.lacks(20));
    CHECK_FALSE(held.lacks(9));
    held.raise_floor(55, voice.head(55));
    check(held, {55, 60}, {});
}

TEST_CASE("in whatever order runs come, what is held is what they say") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        Voice voice(who);
        Extent extent;
        std::set<Seq> held;
        for (int i = 0; i < 40; ++i) {
            const Seq first = 1 + rng.below(40);
            const auto run = voice.runs(first, first + rng.below(10)).front();
            const Fitted fitted = fit(extent, *run);
            REQUIRE(fitted.fit != Fit::forked);
            bool is_new = false;
            for (Seq seq = run->first(); seq <= run->last(); ++seq) is_new |= !held.contains(seq);
            if (fitted.fit == Fit::grows || fitted.fit == Fit::detached)
                for (Seq seq = run->first(); seq <= run->last(); ++seq) held.insert(seq);
            CHECK((fitted.fit != Fit::known) == is_new);
            extent = fitted.extent;
            for (Seq seq = 1; seq <= 51; ++seq) REQUIRE(extent.holds(seq) == held.contains(seq));
            REQUIRE(extent.size() == held.size());
        }
    }
}

Extent frozen(Extent held, Seq place) {
    held.freeze(place, Voice(who).head(place - 1));
    return held;
}

TEST_CASE("a forked log ends before the place of the fork") {
    check(frozen(after({{1, 9}}), 5), {0, 4}, {});
    check(frozen(after({{1, 9}}), 12), {0, 9}, {});
    check(frozen(after({{1, 9}, {50, 60}}), 55), {0, 9}, {{49, 54}});
    check(frozen(after({{1, 9}, {50, 60}}), 50), {0, 9}, {});
    check(frozen(after({{1, 9}, {50, 60}}), 7), {0, 6}, {});
    CHECK(frozen(after({{1, 9}}), 1).size() == 0);
    CHECK(frozen(after({{30, 40}}), 20).size() == 0);
}

TEST_CASE("of a forked log what lies before the fork is taken, and nothing else") {
    const Extent held = frozen(after({{1, 4}}), 8);
    check(fit(held, *Voice(who).run(3, 9)).extent, {0, 7}, {});
    CHECK(fit_of(held, 8, 9) == Fit::known);
    CHECK(fit_of(held, 8, 9, "other") == Fit::known);
    CHECK(fit_of(held, 5, 7, "other") == Fit::forked);
    CHECK_FALSE(held.lacks(8));
    check(fit(frozen(after({{30, 40}}), 20), *Voice(who).run(1, 25)).extent, {0, 19}, {});
}

}  // namespace
}  // namespace lanchat::message_extent_test
