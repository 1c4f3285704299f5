// The berths: few long messages at once, in the order in which they begin.
#include "node/link/berths.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace lanchat::link::node_berths_test {
namespace {

using namespace std::chrono_literals;
using Ticket = Berths::Ticket;

constexpr Instant start{1h};

Berths full() {
    Berths berths;
    for (std::size_t n = 0; n < Berths::at_once; ++n) REQUIRE(berths.enter(Ticket{n}, start));
    return berths;
}

TEST_CASE("who finds all berths taken waits for the first that is left") {
    Berths berths = full();
    CHECK_FALSE(berths.enter(Ticket{90}, start));
    CHECK_FALSE(berths.enter(Ticket{91}, start));
    CHECK_FALSE(berths.next(start));

    berths.left(Ticket{1});

    CHECK_FALSE(berths.enter(Ticket{92}, start));  // it is not the first
    CHECK(berths.next(start) == Ticket{90});
    CHECK_FALSE(berths.next(start));
}

TEST_CASE("who waits no more is not let in") {
    Berths berths = full();
    REQUIRE_FALSE(berths.enter(Ticket{90}, start));
    berths.left(Ticket{90});
    berths.left(Ticket{0});
    CHECK_FALSE(berths.next(start));
    CHECK(berths.enter(Ticket{91}, start));
}

TEST_CASE("who is slow has to go only while others wait") {
    Berths berths = full();
    CHECK_FALSE(berths.overdue_at());
    CHECK_FALSE(berths.overdue(start + 1h));
    REQUIRE_FALSE(berths.enter(Ticket{90}, start + 1h));
    CHECK(berths.overdue(start + 1h) == Ticket{0});
    berths.left(Ticket{0});
    REQUIRE(berths.next(start + 1h));
    CHECK_FALSE(berths.overdue(start + 1h));

    Berths fresh = full();
    REQUIRE_FALSE(fresh.enter(Ticket{90}, start));
    CHECK_FALSE(fresh.overdue(start));
    CHECK(fresh.overdue_at() == start + Berths::patience);
}

}  // namespace
}  // namespace lanchat::link::node_berths_test
