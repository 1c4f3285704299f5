// Complaints: a flood of strangers fills no log.
#include "node/link/complaints.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "message/limits.hpp"

namespace lanchat::link::node_complaints_test {
namespace {

using namespace std::chrono_literals;

Endpoint guest(std::uint16_t port) { return {Ipv4{0x7F00'0001}, port}; }

TEST_CASE("the first is told at once, of the others how many they were") {
    Complaints complaints;
    const Instant now{1h};
    CHECK(complaints.add(guest(1), "too many pings", now) == "cut off 127.0.0.1:1: too many pings");

    for (std::uint16_t n = 2; n < 1'000; ++n)
        CHECK_FALSE(complaints.add(guest(n), "a second call", now + 1s));

    CHECK_FALSE(complaints.due(now + limits::complaint_interval - 1s));
    CHECK(complaints.due(now + limits::complaint_interval) ==
          "cut off 998 connections; the last was 127.0.0.1:999: a second call");
    CHECK_FALSE(complaints.due(now + 1h));
}

TEST_CASE("who is cut a while later is told at once again") {
    Complaints complaints;
    const Instant now{1h};
    REQUIRE(complaints.add(guest(1), "too many pings", now));
    CHECK(complaints.add(guest(2), "too many pings", now + limits::complaint_interval));
}

}  // namespace
}  // namespace lanchat::link::node_complaints_test
