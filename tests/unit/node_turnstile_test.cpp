// The turnstile: so many at once, so many a second, and no address before all others.
#include "node/link/turnstile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "message/limits.hpp"

namespace lanchat::link::node_turnstile_test {
namespace {

using namespace std::chrono_literals;
using Ticket = Turnstile::Ticket;

constexpr Ipv4 crowd{0x0A00'0001};
constexpr Ipv4 other{0x0A00'0002};

struct Entrance {
    Turnstile turnstile;
    Instant now{1h};
    std::uint64_t count = 0;

    Ticket come(Ipv4 from = crowd) {
        const Ticket ticket{++count};
        turnstile.enter(ticket, from);
        return ticket;
    }
    std::vector<Ticket> let_through() {
        std::vector<Ticket> through;
        while (const auto next = turnstile.next(now)) through.push_back(*next);
        return through;
    }
};

TEST_CASE("only so many are inside at once, whoever they are") {
    Entrance entrance;
    for (int n = 0; n < 40; ++n) entrance.come(n % 2 == 0 ? crowd : other);

    CHECK(entrance.let_through().size() == limits::stranger_calls_at_once);
    CHECK_FALSE(entrance.turnstile.next_at());
    entrance.now += 1h;
    CHECK(entrance.let_through().empty());
    entrance.turnstile.left();
    CHECK(entrance.let_through().size() == 1);
}

TEST_CASE("only so many come in a second, though all leave at once") {
    Entrance entrance;
    std::size_t through = 0;
    for (int n = 0; n < 300; ++n) {
        entrance.come();
        for (const Ticket ticket : entrance.let_through()) {
            static_cast<void>(ticket);
            entrance.turnstile.left();
            ++through;
        }
    }
    CHECK(through == limits::stranger_calls_per_s);
    const auto next_at = entrance.turnstile.next_at();
    REQUIRE(next_at);
    CHECK(*next_at > entrance.now);

    entrance.now = *next_at;
    CHECK(entrance.let_through().size() == 1);
}

TEST_CASE("who is admitted leaves its place in the second to others, up to a bound") {
    Entrance entrance;
    const auto admit_all = [&] {
        std::size_t through = 0;
        for (int n = 0; n < 3'000; ++n) {
            entrance.come();
            const auto admitted = entrance.let_through().size();
            for (std::size_t one = 0; one < admitted; ++one) entrance.turnstile.admitted();
            through += admitted;
        }
        return through;
    };
    CHECK(admit_all() == limits::stranger_calls_per_s + limits::admissions_burst);
    CHECK(entrance.turnstile.next_at());

    entrance.now += 1s;
    CHECK(admit_all() == 3 * limits::stranger_calls_per_s);
    entrance.now += 1h;
    CHECK(admit_all() == limits::stranger_calls_per_s + limits::admissions_burst);
}

TEST_CASE("whoever comes from another address does not wait behind a crowd") {
    Entrance entrance;
    for (int n = 0; n < 60; ++n) entrance.come();
    entrance.let_through();
    const Ticket alone = entrance.come(other);
    entrance.turnstile.left();
    entrance.turnstile.left();

    const auto through = entrance.let_through();

    CHECK(std::find(through.begin(), through.end(), alone) != through.end());
}

TEST_CASE("when too many wait, the first of the crowd has to go") {
    Entrance entrance;
    entrance.come(other);
    for (std::size_t n = 1; n < limits::strangers_max; ++n)
        CHECK_FALSE(entrance.turnstile.enter(Ticket{++entrance.count}, crowd));

    const auto gone = entrance.turnstile.enter(Ticket{++entrance.count}, crowd);

    REQUIRE(gone);
    CHECK(*gone == Ticket{2});
}

}  // namespace
}  // namespace lanchat::link::node_turnstile_test
