// The brake that protects the kernel's neighbour table.
#include "discover/on_link_budget.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"

namespace discover_on_link_budget_test {

using namespace lanchat;
using namespace std::chrono_literals;
using discover::OnLinkBudget;
using discover::Purpose;

namespace {

constexpr auto slots = limits::new_on_link_addresses_max;
constexpr auto scan_slots = slots - OnLinkBudget::kept_for_dials;

Ipv4 host(std::uint64_t n) { return Ipv4{0x0A000000 + static_cast<std::uint32_t>(n)}; }
Instant at(Duration since) { return Instant{1h} + since; }

// How many of the first `count` hosts may be tried at once.
std::size_t try_all(OnLinkBudget& budget, std::size_t count, Purpose purpose, Instant now) {
    std::size_t tried = 0;
    for (std::size_t n = 0; n < count; ++n) {
        if (budget.earliest(host(n), purpose, now) > now) continue;
        budget.tried(host(n), now);
        ++tried;
    }
    return tried;
}

}  // namespace

TEST_CASE("a scan tries 254 new addresses at once, dials the two that are left") {
    OnLinkBudget budget;

    CHECK(try_all(budget, 1000, Purpose::scan, at(0s)) == scan_slots);
    CHECK(budget.earliest(host(5000), Purpose::dial, at(0s)) == at(0s));
    budget.tried(host(5000), at(0s));
    budget.tried(host(5001), at(0s));
    CHECK(budget.earliest(host(5002), Purpose::dial, at(0s)) == at(0s) + OnLinkBudget::window);
    CHECK(budget.taken(at(0s)) == slots);
}

TEST_CASE("one sweep of a /24 never waits for the budget") {
    OnLinkBudget budget;

    for (int port = 0; port < 5; ++port) {
        CHECK(try_all(budget, 253, Purpose::scan, at(port * 520ms)) == 253);
    }
}

TEST_CASE("an address tried within the window costs nothing, and holds its slot on") {
    OnLinkBudget budget;
    try_all(budget, scan_slots, Purpose::scan, at(0s));

    CHECK(budget.earliest(host(7), Purpose::scan, at(2s)) == at(2s));
    budget.tried(host(7), at(2s));

    CHECK(budget.taken(at(2s)) == scan_slots);
    CHECK(budget.taken(at(OnLinkBudget::window)) == 1);
    CHECK(budget.taken(at(2s + OnLinkBudget::window)) == 0);
}

TEST_CASE("the budget tells exactly when the next slot comes free") {
    OnLinkBudget budget;
    for (std::size_t n = 0; n < scan_slots; ++n) budget.tried(host(n), at(n * 1ms));

    const auto free = budget.earliest(host(9999), Purpose::scan, at(1s));

    CHECK(free == at(0s) + OnLinkBudget::window);
    CHECK(budget.earliest(host(9999), Purpose::scan, free - 1us) == free);
    CHECK(budget.earliest(host(9999), Purpose::scan, free) == free);
}

TEST_CASE("dials over the scan's share delay the scan by as many slots") {
    OnLinkBudget budget;
    for (std::size_t n = 0; n < slots; ++n) budget.tried(host(n), at(n * 1ms));

    CHECK(budget.earliest(host(9999), Purpose::dial, at(1s)) == at(OnLinkBudget::window));
    CHECK(budget.earliest(host(9999), Purpose::scan, at(1s)) == at(OnLinkBudget::window + 2ms));
}

TEST_CASE("loopback costs nothing") {
    OnLinkBudget budget;
    for (std::uint32_t n = 1; n < 2000; ++n) {
        CHECK(budget.earliest(Ipv4{0x7F000000 + n}, Purpose::scan, at(0s)) == at(0s));
        budget.tried(Ipv4{0x7F000000 + n}, at(0s));
        budget.answered(Ipv4{0x7F000000 + n}, at(0s));
    }

    CHECK(budget.taken(at(0s)) == 0);
}

TEST_CASE("an address that answers gives its slot back and is free for 30 s") {
    OnLinkBudget budget;
    try_all(budget, scan_slots, Purpose::scan, at(0s));

    budget.answered(host(3), at(100ms));

    CHECK(budget.taken(at(100ms)) == scan_slots - 1);
    budget.tried(host(8000), at(100ms));
    budget.tried(host(8001), at(100ms));
    budget.tried(host(8002), at(100ms));
    CHECK(budget.earliest(host(3), Purpose::scan, at(200ms)) == at(200ms));
    budget.tried(host(3), at(200ms));
    CHECK(budget.taken(at(200ms)) == slots);
    CHECK(budget.earliest(host(3), Purpose::scan, at(2s)) == at(2s));

    try_all(budget, 300, Purpose::dial, at(29s));
    CHECK(budget.earliest(host(3), Purpose::dial, at(30s)) == at(30s));
    CHECK(budget.earliest(host(3), Purpose::dial, at(31s)) > at(31s));
}

TEST_CASE("of more answering addresses than the kernel knows neighbours the oldest are forgotten") {
    OnLinkBudget budget;
    for (std::size_t n = 0; n <= OnLinkBudget::answers_max; ++n) {
        budget.answered(host(n), at(n * 1us));
    }
    for (std::size_t n = 0; n < slots; ++n) budget.tried(host(100'000 + n), at(1s));

    CHECK(budget.earliest(host(0), Purpose::dial, at(1s)) > at(1s));
    CHECK(budget.earliest(host(1), Purpose::dial, at(1s)) == at(1s));
}

// Several ports of a silent /22, as a sweep with in-flight and rate brakes off would ask for it.
TEST_CASE("a silent /22 gets at most 256 different addresses in any window") {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        OnLinkBudget budget;
        std::vector<std::pair<Instant, Ipv4>> attempts;
        auto now = at(0s);
        for (std::size_t n = 0; n < 2044; ++n) {
            const auto ip = host(1 + n % 1022);
            now = budget.earliest(ip, rng.below(20) == 0 ? Purpose::dial : Purpose::scan, now);
            budget.tried(ip, now);
            attempts.emplace_back(now, ip);
            now += Duration{static_cast<Duration::rep>(rng.below(4'000))};
        }

        std::size_t worst = 0;
        for (std::size_t first = 0; first < attempts.size(); ++first) {
            std::set<Ipv4> in_window;
            for (auto n = first; n < attempts.size() &&
                                 attempts[n].first - attempts[first].first < OnLinkBudget::window;
                 ++n) {
                in_window.insert(attempts[n].second);
            }
            worst = std::max(worst, in_window.size());
        }

        CHECK(worst <= slots);
        CHECK(worst >= scan_slots);
        CHECK(now - at(0s) < 9 * OnLinkBudget::window);
    }
}

}  // namespace discover_on_link_budget_test
