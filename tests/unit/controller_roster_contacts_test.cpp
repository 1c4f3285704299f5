// The contact book: who is dialled when, and how long nobody is dialled again.
#include "controller/roster/contacts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "message/limits.hpp"

namespace lanchat::controller::controller_contacts_test {
namespace {

using namespace std::chrono_literals;

const Endpoint there{Ipv4{0x0A000002}, 4565};
const Instant start{std::chrono::hours(1)};

// How long after `now` the address may be dialled again.
Duration wait(const Contacts& contacts, Instant now) {
    Duration time{0};
    while (!contacts.may_dial(there, now + time)) {
        time += 10ms;
        REQUIRE(time < 1h);
    }
    return time;
}

TEST_CASE("an unknown address may be dialled at once") {
    CHECK(Contacts(1).may_dial(there, start));
    CHECK_FALSE(Contacts(1).next_due());
}

TEST_CASE("a refusal backs off from 1 s to 30 s") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Contacts contacts(seed);
        Duration last{0};
        for (int i = 0; i < 30; ++i) {
            contacts.refused(there, start);
            const Duration pause = wait(contacts, start);
            CHECK(pause >= 1s);
            CHECK(pause <= 36s + 10ms);
            CHECK(pause * 10 >= last * 8);  // it grows, but for jitter
            last = pause;
        }
        CHECK(last >= 30s);
    }
}

TEST_CASE("a strange service is left alone for 3 s to 10 min") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Contacts contacts(seed);
        contacts.strange(there, start);
        CHECK(wait(contacts, start) >= 3s);
        CHECK(wait(contacts, start) <= 3600ms + 10ms);
        for (int i = 0; i < 60; ++i) contacts.strange(there, start);
        CHECK(wait(contacts, start) >= 10min);
        CHECK(wait(contacts, start) <= 12min + 10ms);
    }
}

TEST_CASE("who greeted properly has a clean record") {
    Contacts contacts(1);
    contacts.refused(there, start);
    contacts.refused(there, start);
    contacts.linked(there, false);
    CHECK(contacts.may_dial(there, start));

    contacts.refused(there, start);

    CHECK(wait(contacts, start) < 2s);
}

TEST_CASE("a lost peer is due after 0.3 s and may be dialled when it is found") {
    Contacts contacts(1);
    contacts.missed(there, start);
    CHECK(contacts.take_due(start).empty());
    const auto due = contacts.next_due();
    REQUIRE(due);
    CHECK(*due >= start + 300ms);
    CHECK(*due <= start + 360ms + 1us);

    CHECK(contacts.take_due(*due) == std::vector{there});

    CHECK(contacts.may_dial(there, *due + 1ms));          // the connect found it
    CHECK(contacts.take_due(*due + 1ms).empty());         // and is not asked for twice
    CHECK(*contacts.next_due() <= *due + 2500ms + 10ms);  // but again when nobody answers
}

TEST_CASE("a lost peer is asked for at least every 3 s, whatever happens, for 10 minutes") {
    for (const int outcome : {0, 1, 2, 3}) {
        CAPTURE(outcome);
        Contacts contacts(7);
        contacts.missed(there, start);
        Instant now = start;
        while (now < start + 10min) {
            const auto due = contacts.next_due();
            REQUIRE(due);
            REQUIRE(*due > now);
            CHECK(*due - now <= 3s);
            now = *due;
            REQUIRE(contacts.take_due(now).size() == 1);
            if (outcome == 0) contacts.unreachable(there, now);
            if (outcome == 1) contacts.refused(there, now);
            if (outcome == 2) contacts.strange(there, now);
        }
    }
}

TEST_CASE("after 10 minutes a lost peer is left to the sweep") {
    Contacts contacts(1);
    contacts.missed(there, start);

    contacts.unreachable(there, start + 10min + 1s);

    CHECK_FALSE(contacts.next_due());
    CHECK(contacts.take_due(start + 20min).empty());
}

TEST_CASE("a connect to nobody we know is no event") {
    Contacts contacts(1);
    contacts.unreachable(there, start);

    CHECK(contacts.may_dial(there, start));
    CHECK_FALSE(contacts.next_due());
}

TEST_CASE("who said goodbye is not dialled by itself") {
    Contacts contacts(1);
    contacts.missed(there, start);
    contacts.departed(there);

    CHECK_FALSE(contacts.next_due());
    CHECK(contacts.may_dial(there, start));
}

TEST_CASE("our own address is never dialled again") {
    Contacts contacts(1);
    contacts.missed(there, start);
    contacts.is_myself(there);

    CHECK_FALSE(contacts.may_dial(there, start + 24h));
    CHECK(contacts.take_due(start + 24h).empty());
    CHECK_FALSE(contacts.next_due());
}

TEST_CASE("a second address of a linked peer is no longer missed") {
    Contacts contacts(1);
    contacts.missed(there, start);

    contacts.second_address(there, start);

    CHECK_FALSE(contacts.next_due());
    CHECK(wait(contacts, start) >= 3s);
}

TEST_CASE("a flood of addresses does not grow the book") {
    Contacts contacts(1);
    contacts.missed(Endpoint{Ipv4{1}, 1}, start);
    for (std::uint32_t i = 0; i < limits::contacts_max + 1000; ++i)
        contacts.refused(Endpoint{Ipv4{0x0A000000 + i}, 4565}, start);

    // The oldest address made room: the miss went with its contact.
    CHECK_FALSE(contacts.next_due());
    CHECK(contacts.may_dial(Endpoint{Ipv4{0x0A000000}, 4565}, start));
}

}  // namespace
}  // namespace lanchat::controller::controller_contacts_test
