// Which logs are asked for when, and what it costs to know.
#include "controller/sync/pulls.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"

namespace lanchat::controller::controller_pulls_test {
namespace {

using namespace std::chrono_literals;

const Instant begin{1h};

LogId log_of(std::uint64_t epoch) { return {{}, Epoch{epoch}, {}}; }

PersonKey person(std::uint16_t port) {
    PersonKey key;
    key.legacy = true;
    key.address.port = port;
    return key;
}

Pulls behind_in(std::uint64_t logs) {
    Pulls pulls;
    for (std::uint64_t n = 0; n < logs; ++n) pulls.behind(log_of(n), begin, true, Clock{n});
    return pulls;
}

// Asks for all that is behind, one line each, and is answered each time.
std::uint64_t looks_for_all(std::uint64_t logs) {
    Pulls pulls = behind_in(logs);
    Extent held;
    held.base.last = 1;
    std::uint64_t rounds = 0;
    for (auto due = pulls.due(begin); !due.empty(); due = pulls.due(begin), ++rounds) {
        for (const LogId& log : due) {
            REQUIRE(pulls.may_ask(person(1), begin));
            if (!pulls.may_ask_for(log)) continue;
            pulls.asked({log, 0, 1, false}, person(1), begin);
            pulls.next_due();
            pulls.grown(log, held, person(1), begin);
            pulls.not_behind(log);
        }
        REQUIRE(rounds < logs);
    }
    return pulls.looks();
}

}  // namespace

TEST_CASE("who waits longest is asked for first, then who has the newest entry") {
    Pulls pulls;
    pulls.behind(log_of(1), begin + 1s, true, Clock{5});
    pulls.behind(log_of(2), begin + 2s, true, Clock{7});
    pulls.behind(log_of(3), begin + 2s, true, Clock{9});

    CHECK(pulls.due(begin + 1s) == std::vector{log_of(1)});
    CHECK(pulls.due(begin + 2s) == std::vector{log_of(1), log_of(3), log_of(2)});
    CHECK(pulls.next_due() == begin + 1s);
}

TEST_CASE("who leaves leaves its questions to others at once") {
    Pulls pulls = behind_in(2);
    pulls.asked({log_of(0), 0, 5, false}, person(1), begin);
    pulls.asked({log_of(1), 0, 5, false}, person(2), begin);
    REQUIRE(pulls.due(begin).empty());

    pulls.gone(person(1), begin);

    CHECK(pulls.due(begin) == std::vector{log_of(0)});
}

TEST_CASE("questions are for so many lines in all only") {
    constexpr auto most = limits::pulled_lines_max / limits::pull_lines_max;
    Pulls pulls = behind_in(most + 1);
    for (std::uint64_t n = 0; n < most; ++n) {
        REQUIRE(pulls.may_ask_for(log_of(n)));
        pulls.asked({log_of(n), 0, limits::pull_lines_max, false}, person(1), begin);
    }
    CHECK_FALSE(pulls.may_ask_for(log_of(most)));
    CHECK(pulls.due(begin).empty());

    Extent held;
    held.base.last = limits::pull_lines_max;
    pulls.grown(log_of(0), held, person(1), begin);

    CHECK(pulls.may_ask_for(log_of(most)));
}

TEST_CASE("ten times as many logs behind cost ten times as much, not a hundred times") {
    CHECK(looks_for_all(20'000) <= 11 * looks_for_all(2'000));
}

}  // namespace lanchat::controller::controller_pulls_test
