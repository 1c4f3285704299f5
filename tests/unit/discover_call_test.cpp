// What a beacon says, and when.
#include "discover/call.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "discover/beacon.hpp"

namespace lanchat::discover::discover_call_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{std::chrono::hours(1)};

// The times at which it calls within a span, counted from the start, if nobody else does.
std::vector<Duration> calls_within(CallPace& pace, Duration span) {
    std::vector<Duration> times;
    while (pace.due() && *pace.due() <= start + span) {
        const Instant now = *pace.due();
        (void)pace.call(now);
        times.push_back(now - start);
    }
    return times;
}

TEST_CASE("a call comes back as it was said") {
    for (const Call& call : {Call{1, 4565, true}, Call{~std::uint64_t{0}, 65535, false}}) {
        CHECK(decode_call(encode(call)) == call);
        CHECK(decode_call(encode(call) + "more") == call);  // of a later version
        CHECK(encode(call).size() == 19);
    }
}

TEST_CASE("what is no call is none") {
    const std::string call = encode({7, 4565, true});
    for (std::size_t size = 0; size < call.size(); ++size)
        CHECK_FALSE(decode_call(call.substr(0, size)));
    for (std::size_t n = 0; n < 8; ++n) {
        std::string other = call;
        other[n] ^= 1;
        CHECK_FALSE(decode_call(other));
    }
    CHECK_FALSE(decode_call(encode({7, 0, true})));
}

TEST_CASE("it calls at once, twice soon, then seldom") {
    CallPace pace(1);
    CHECK_FALSE(pace.due());
    pace.begin(start);
    const auto times = calls_within(pace, 60s);
    REQUIRE(times.size() >= 7);
    CHECK(times.size() <= 10);
    CHECK(times[0] == 0s);
    CHECK(times[1] == 250ms);
    CHECK(times[2] == 750ms);
    CHECK(times[3] >= 8s);
}

TEST_CASE("only the first calls ask") {
    CallPace pace(1);
    pace.begin(start);
    std::vector<bool> asks;
    for (int n = 0; n < 5; ++n) asks.push_back(pace.call(*pace.due()));
    CHECK(asks == std::vector{true, true, true, false, false});
}

TEST_CASE("somebody new is answered soon, and once") {
    CallPace pace(1);
    pace.begin(start);
    calls_within(pace, 2s);
    const Instant later = start + 3s;
    pace.heard({5, 4565, true}, later);
    REQUIRE(pace.due());
    CHECK(*pace.due() >= later + 20ms);
    CHECK(*pace.due() < later + 120ms);
    const Instant answered = *pace.due();
    CHECK_FALSE(pace.call(answered));
    pace.heard({5, 4565, true}, answered + 200ms);
    CHECK(*pace.due() > answered + 1s);
}

TEST_CASE("enough others have answered already") {
    CallPace pace(1);
    pace.begin(start);
    calls_within(pace, 2s);
    const Instant regular = *pace.due();
    pace.heard({5, 4565, true}, start + 3s);
    for (std::uint64_t other = 10; other < 13; ++other)
        pace.heard({other, 4565, false}, start + 3s);
    CHECK(*pace.due() == regular);
}

TEST_CASE("in a crowd each calls more seldom") {
    CallPace pace(1);
    pace.begin(start);
    calls_within(pace, 2s);
    for (std::uint64_t other = 0; other < 1'000; ++other)
        pace.heard({other, 4565, false}, start + 3s);
    const Instant now = *pace.due();
    (void)pace.call(now);
    CHECK(*pace.due() - now >= 40s);
    CHECK(*pace.due() - now <= 60s);
}

TEST_CASE("it calls on the cards that hold an address that is listened at") {
    const auto ip = [](const char* text) { return *parse_ipv4(text); };
    const std::vector<Interface> all{{"lo", ip("127.0.0.1"), 8},
                                     {"eth0", ip("10.0.0.1"), 24},
                                     {"eth0", ip("10.0.0.2"), 24},
                                     {"eth1", ip("10.1.0.1"), 24},
                                     {"eth2", ip("10.2.0.1"), 24, false}};
    CHECK(cards_of({ip("127.0.0.1")}, all).empty());
    CHECK(cards_of({ip("10.0.0.2"), ip("10.2.0.1")}, all) ==
          std::vector<Card>{{"eth0", ip("10.0.0.2")}});
}

}  // namespace
}  // namespace lanchat::discover::discover_call_test
