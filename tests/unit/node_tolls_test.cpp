// Who floods us with signatures waits; who talks, or fetches what it missed, does not.
#include <doctest/doctest.h>

#include <chrono>

#include "message/limits.hpp"
#include "node/link/tolls.hpp"

namespace node_tolls_test {

using namespace lanchat;
using namespace std::chrono_literals;

namespace {

constexpr Endpoint neighbour{Ipv4{0x0A000002}, 4565};

struct Road {
    link::Tolls tolls{limits::verified_runs_per_s, limits::verified_runs_burst};
    Instant now{1h};

    // Sends frames of `runs` each as fast as it may, one every `pace` at best.
    std::size_t runs_in(Duration time, std::size_t runs, Duration pace, Endpoint from = neighbour) {
        std::size_t sent = 0;
        const Instant end = now + time;
        while (now < end) {
            sent += runs;
            now += std::max(pace, tolls.pay(from, runs, now));
        }
        return sent;
    }
};

}  // namespace

TEST_CASE("a flood of one-line runs is slowed to what may be verified") {
    Road road;

    const auto verified = road.runs_in(60s, limits::frame_runs_max, 1ms);

    CHECK(verified <= limits::verified_runs_burst + 61 * limits::verified_runs_per_s);
    CHECK(verified >= 60 * limits::verified_runs_per_s);
}

TEST_CASE("a script that says line by line, and bulk in fuller runs, never wait") {
    Road road;

    CHECK(road.runs_in(60s, 1, 500us) == 60 * 2'000);
    // 10 000 lines/s in runs of 4 lines, 25 frames a second.
    CHECK(road.runs_in(60s, 100, 40ms) == 60 * 2'500);
}

TEST_CASE("what somebody missed for a day comes at full speed") {
    Road road;

    CHECK(road.runs_in(640ms, limits::frame_runs_max, 10ms) == limits::verified_runs_burst);
}

TEST_CASE("who comes again over a new connection owes what it owed") {
    Road road;
    road.runs_in(10s, limits::frame_runs_max, 1ms);

    CHECK(road.tolls.pay({neighbour.ip, 50'000}, limits::frame_runs_max, road.now) > 0s);
    CHECK(road.tolls.pay({Ipv4{0x0A000003}, 4565}, limits::frame_runs_max, road.now) == 0s);
}

TEST_CASE("nodes on one machine do not pay for each other") {
    Road road;
    const Ipv4 loopback{0x7F000001};
    road.runs_in(10s, limits::frame_runs_max, 1ms, {loopback, 4565});

    CHECK(road.tolls.pay({loopback, 4566}, limits::frame_runs_max, road.now) == 0s);
}

TEST_CASE("accounts that are settled are forgotten") {
    Road road;
    for (std::uint32_t host = 0; host < 1'000; ++host)
        road.tolls.pay({Ipv4{0x0A000000 + host}, 4565}, 1, road.now);
    CHECK(road.tolls.accounts() == 1'000);

    road.tolls.pay(neighbour, 1, road.now + 1s);

    CHECK(road.tolls.accounts() == 1);
}

}  // namespace node_tolls_test
