// Arrivals: what was said while we were away stays history.
#include "node/arrivals.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::node_arrivals_test {
namespace {

TEST_CASE("lines of late runs and all from before the start are history") {
    Arrivals arrivals;
    arrivals.begin(10);
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    const auto live = anna.runs(1, 2).front();
    const auto late = bob.runs(1, 3).front();
    std::set<RunPtr> away{late};

    arrivals.note_late({live, late}, {{live, 0, 2, 11}, {late, 0, 3, 13}}, away);
    arrivals.came(15);

    for (const store::Arrival at : {1U, 10U, 13U, 14U, 15U}) CHECK(arrivals.is_history(at));
    for (const store::Arrival at : {11U, 12U, 16U}) CHECK_FALSE(arrivals.is_history(at));
    CHECK(away.empty());
    CHECK(arrivals.newest() == 15);
}

TEST_CASE("of a late run that was known in part only the rest is history") {
    Arrivals arrivals;
    Voice anna(InstanceId{1});
    const auto run = anna.runs(1, 5).front();
    std::set<RunPtr> away{run};

    arrivals.note_late({run}, {{run, 3, 2, 7}}, away);

    for (const store::Arrival at : {7U, 8U}) CHECK(arrivals.is_history(at));
    for (const store::Arrival at : {6U, 9U}) CHECK_FALSE(arrivals.is_history(at));
}

TEST_CASE("a late run that brought nothing new makes nothing history") {
    Arrivals arrivals;
    Voice anna(InstanceId{1});
    const auto known = anna.runs(1, 2).front();
    const auto next = anna.runs(3, 3).front();
    std::set<RunPtr> away{known};

    arrivals.note_late({known, next}, {{next, 0, 1, 3}}, away);

    CHECK_FALSE(arrivals.is_history(3));
    CHECK(away.empty());
}

TEST_CASE("beyond the bound the oldest stretches count as news") {
    Arrivals arrivals;
    Voice anna(InstanceId{1});
    const auto run = anna.runs(1, 1).front();
    for (std::size_t n = 0; n <= limits::late_stretches_max; ++n) {
        std::set<RunPtr> away{run};
        arrivals.note_late({run}, {{run, 0, 1, 2 * n + 1}}, away);
    }

    CHECK_FALSE(arrivals.is_history(1));
    CHECK(arrivals.is_history(3));
    CHECK(arrivals.is_history(2 * limits::late_stretches_max + 1));
}

}  // namespace
}  // namespace lanchat::node_arrivals_test
