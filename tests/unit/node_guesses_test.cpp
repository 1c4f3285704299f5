// The pace of guesses at a passphrase: what 50 addresses may try, and whom they keep waiting.
#include "node/link/guesses.hpp"

#include <doctest/doctest.h>

#include <map>

#include "message/limits.hpp"

namespace lanchat::link::node_guesses_test {
namespace {

using namespace std::chrono_literals;
using Outcome = Guesses::Outcome;
using Ticket = Guesses::Ticket;

// Everybody has a key and a device of its own, at an address that may be shared.
Guesses::Guesser guesser(std::uint32_t address, std::uint32_t number) {
    Guesses::Guesser who{Ipv4{0x0A000000 + address}, {}, {}};
    for (std::size_t n = 0; n < 4; ++n) {
        who.key.bytes[n] = static_cast<std::uint8_t>(number >> 8 * n);
        who.device.bytes[n] = static_cast<std::uint8_t>(number >> 8 * n);
    }
    return who;
}

struct Course {
    Guesses guesses;
    Instant now = Instant{} + 100h;
    std::uint32_t people = 0;

    std::optional<Ticket> enter(std::uint32_t address) {
        return guesses.enter(guesser(address, ++people), now);
    }
    // Whoever may talk is wrong at once.
    std::size_t all_fail() {
        std::size_t count = 0;
        for (; const auto ticket = guesses.next(now); ++count)
            guesses.ended(*ticket, Outcome::did_not, now);
        return count;
    }
};

TEST_CASE("from 50 addresses there is one wrong guess a second, after the first few") {
    Course course;
    std::size_t guessed = 0;
    for (int tenths = 0; tenths < 600; ++tenths) {
        for (std::uint32_t address = 0; address < 50; ++address) course.enter(address);
        guessed += course.all_fail();
        course.now += 100ms;
    }
    CHECK(guessed >= 60);
    CHECK(guessed <= 60 + limits::guesses_at_once);
}

TEST_CASE("from one address there are five wrong guesses a minute") {
    Course course;
    std::map<int, std::size_t> guessed;  // minute
    for (int seconds = 0; seconds < 180; ++seconds) {
        course.enter(1);
        guessed[seconds / 60] += course.all_fail();
        course.now += 1s;
    }
    for (const auto& [minute, count] : guessed) CHECK(count == limits::guesses_per_address);
}

TEST_CASE("one key guesses once a day") {
    Guesses guesses;
    const Instant now = Instant{} + 1h;
    const auto first = guesses.enter(guesser(1, 1), now);
    REQUIRE(first);
    REQUIRE(guesses.next(now) == first);
    guesses.ended(*first, Outcome::did_not, now);

    CHECK_FALSE(guesses.enter(guesser(2, 1), now + 23h));
    CHECK(guesses.enter(guesser(2, 1), now + 24h));
}

TEST_CASE("who broke off may come again, at the cost of its address") {
    Guesses guesses;
    Instant now = Instant{} + 1h;
    for (std::size_t n = 0; n < limits::guesses_per_address; ++n, now += 1s) {
        const auto ticket = guesses.enter(guesser(1, 1), now);
        REQUIRE(ticket);
        REQUIRE(guesses.next(now) == ticket);
        guesses.ended(*ticket, Outcome::broke_off, now);
    }
    CHECK(guesses.enter(guesser(1, 1), now));
    CHECK_FALSE(guesses.next(now));
    REQUIRE(guesses.next_at());
    CHECK(guesses.next(*guesses.next_at()));
}

TEST_CASE("those who know the passphrase come in as fast as they arrive") {
    Course course;
    for (int n = 0; n < 200; ++n) {
        const auto ticket = course.enter(1);
        REQUIRE(ticket);
        REQUIRE(course.guesses.next(course.now) == ticket);
        course.guesses.ended(*ticket, Outcome::knew, course.now);
    }
}

TEST_CASE("a member of an earlier life does not wait for those who guess, as others do") {
    Course course;
    const auto member = guesser(1, 1'000'000);
    course.guesses.expect(member.device);
    for (std::size_t number = 0; number < limits::guesses_at_once; ++number) course.enter(1);
    REQUIRE(course.all_fail() == limits::guesses_at_once);
    course.enter(1);

    const auto ticket = course.guesses.enter(member, course.now);

    REQUIRE(ticket);
    CHECK(course.guesses.next(course.now) == ticket);
    CHECK_FALSE(course.guesses.next(course.now));
}

TEST_CASE("who comes new is next, before a crowd that has guessed") {
    Course course;
    for (std::uint32_t address = 0; address < 50; ++address) course.enter(address);
    for (int seconds = 0; seconds < 60; ++seconds, course.now += 1s) course.all_fail();
    for (std::uint32_t address = 0; address < 50; ++address) course.enter(address);

    const auto joiner = course.enter(99);
    CHECK(course.guesses.next(course.now + 1s) == joiner);
}

TEST_CASE("who only waits keeps nobody out") {
    Course course;
    for (int n = 0; n < 8; ++n) {  // talks that never end
        course.enter(static_cast<std::uint32_t>(n));
        while (course.guesses.next(course.now)) continue;
        course.now += 1s;
    }
    const auto joiner = course.enter(99);
    CHECK(course.guesses.next(course.now + 1s) == joiner);
}

TEST_CASE("who has left before it was its turn costs nothing") {
    Course course;
    for (int n = 0; n < 100; ++n) {
        const auto ticket = course.enter(1);
        REQUIRE(ticket);
        REQUIRE(course.guesses.next(course.now) == ticket);
        course.guesses.ended(*ticket, Outcome::left, course.now);
    }
}

TEST_CASE("a member does not wait") {
    Course course;
    const auto member = guesser(1, 1'000'000);
    const auto ticket = course.guesses.enter(member, course.now);
    REQUIRE(ticket);
    REQUIRE(course.guesses.next(course.now) == ticket);
    course.guesses.ended(*ticket, Outcome::knew, course.now);
    for (std::uint32_t n = 0; n < 40; ++n) course.enter(1);  // from its address
    course.all_fail();

    const auto again = course.guesses.enter(member, course.now);
    REQUIRE(again);
    CHECK(course.guesses.next(course.now) == again);
    course.guesses.ended(*again, Outcome::did_not, course.now);
    CHECK_FALSE(course.guesses.enter(member, course.now));
}

TEST_CASE("a full room sends away who failed most and came first") {
    Course course;
    course.enter(1);
    course.all_fail();
    const auto worst = course.enter(1);
    for (std::uint32_t n = 0; n < limits::guesses_waiting_max; ++n) course.enter(2 + n);

    const auto out = course.guesses.crowded_out();
    REQUIRE(out.size() == 1);
    CHECK(out.front() == *worst);
    CHECK(course.guesses.crowded_out().empty());
}

}  // namespace
}  // namespace lanchat::link::node_guesses_test
