// The book of people: what is remembered of a key, and that no two keys look the same.
#include "controller/people.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "message/limits.hpp"
#include "message/look.hpp"
#include "message/rng.hpp"
#include "message/text.hpp"

namespace controller_people_test {

using namespace lanchat;
using namespace lanchat::controller;

namespace {

DeviceId device(std::uint64_t number) {
    DeviceId id;
    for (std::size_t n = 0; n < 8; ++n)
        id.bytes[n] = static_cast<std::uint8_t>(number >> (8 * (7 - n)) & 0xFF);
    Rng rest(number);  // no two keys differ in a few bits only
    for (std::size_t n = 8; n < id.bytes.size(); ++n)
        id.bytes[n] = static_cast<std::uint8_t>(rest.below(256));
    return id;
}
const DeviceId self = device(~std::uint64_t{0});

People book(std::vector<Person> kept = {}) { return {self, "me", std::move(kept)}; }

std::string shown(const People& people, const DeviceId& id, const std::string& name) {
    const auto mark = people.mark(id, name);
    return displayable_name(name) + (mark.empty() ? "" : std::string(mark_sign) + mark);
}

}  // namespace

TEST_CASE("people: a name of one key alone needs no mark") {
    auto people = book();
    CHECK(people.saw(device(1), "alice", {1}));
    CHECK_FALSE(people.saw(device(1), "alice", {2}));
    CHECK(people.mark(device(1), "alice").empty());
    CHECK(people.find(device(1))->first_seen == WallTime{1});
}

TEST_CASE("people: names that look alike are marked, both of them, and ours too") {
    auto people = book();
    people.saw(device(1), "alice", {1});
    people.saw(device(std::uint64_t{1} << 60), "аlicе", {1});
    CHECK(people.mark(device(1), "alice") == "aaaa");
    CHECK(people.mark(device(std::uint64_t{1} << 60), "аlicе").size() == 4);
    people.saw(device(2), "ME", {1});
    CHECK_FALSE(people.mark(device(2), "ME").empty());
    CHECK_FALSE(people.mark(self, "me").empty());
}

TEST_CASE("people: what might pass for a mark or an address is marked") {
    auto people = book();
    for (const std::string name : {"alice·aaaa", "alice•aaaa", "127.0.0.1：4565", "a∶b"}) {
        people.saw(device(1), name, {1});
        CHECK_FALSE(people.mark(device(1), name).empty());
    }
}

TEST_CASE("people: no two different keys are ever shown the same") {
    const std::vector<std::string> names{
        "alice",     "аlice",        "ALICE",         "Al1ce",      "alice·aaaa", "alice·aaab",
        "alice·aab", "a lice",       "alice·rn",      "alice·m",    "me",         "mе",
        "127.0.0.1", "127.0.0.1：1", "alice·aaaaaab", "аliсе·aaaa", "rnark",      "mark"};
    Rng rng(7);
    for (int round = 0; round < 60; ++round) {
        auto people = book();
        std::vector<std::pair<DeviceId, std::string>> all{{self, "me"}};
        for (int n = 0; n < 40; ++n) {
            // Ids that begin alike, as whoever looks for one long enough can have.
            const DeviceId id = device(rng.below(4) == 0 ? rng.next() : rng.below(64) << 38);
            const auto& name = names[rng.below(names.size())];
            people.saw(id, name, {n});
            all.emplace_back(id, name);
        }
        std::map<std::string, DeviceId> looks;
        for (const auto& [id, name] : all) {
            const Person* known = people.find(id);
            const bool remembered =
                id == self || std::ranges::find(known->names, name) != known->names.end();
            if (!remembered) continue;  // it had too many names
            const auto [it, is_new] = looks.emplace(look_of(shown(people, id, name)), id);
            REQUIRE(it->second == id);
        }
    }
}

TEST_CASE("people: a new key under a known name inherits nothing, and is noticed") {
    auto people = book();
    people.saw(device(1), "alice", {1});
    CHECK(people.claimant(device(2), "alice") == nullptr);  // three terminals, one default name
    people.verify(device(1), {5});
    people.saw(device(2), "alice", {6});
    CHECK(people.trust(device(1)) == Trust::verified);
    CHECK(people.trust(device(2)) == Trust::unverified);
    REQUIRE(people.claimant(device(2), "ALICE") != nullptr);
    CHECK(people.claimant(device(2), "ALICE")->device == device(1));
    CHECK(people.claimant(device(1), "alice") == nullptr);
    CHECK(people.claimant(device(2), "bob") == nullptr);
    people.verify(device(2), {7});  // by its id: both are now known
    CHECK(people.claimant(device(2), "alice") == nullptr);
}

TEST_CASE("people: writing directly vouches, blocking takes it back") {
    auto people = book();
    people.saw(device(1), "alice", {1});
    people.message(device(1), {2});
    CHECK(people.claimant(device(2), "alice") != nullptr);
    people.block(device(1), true, {3});
    CHECK(people.is_blocked(device(1)));
    CHECK(people.claimant(device(2), "alice") == nullptr);
    people.block(device(1), false, {3});
    CHECK(people.trust(device(1)) == Trust::unverified);
}

TEST_CASE("people: invented keys drive out each other, never who was decided about or is here") {
    auto people = book();
    people.saw(device(1), "alice", {1});
    people.verify(device(1), {1});
    people.saw(device(2), "mallory", {1});
    people.block(device(2), true, {1});
    people.saw(device(3), "here", {1});
    people.came(device(3));
    people.saw(device(4), "gone", {1});
    for (std::uint64_t n = 0; n < 3 * limits::people_max; ++n)
        people.saw(device(1000 + n), "x" + std::to_string(n), {10 + static_cast<int>(n)});
    CHECK(people.all().size() <= limits::people_max + 3);
    CHECK(people.trust(device(1)) == Trust::verified);
    CHECK(people.is_blocked(device(2)));
    CHECK(people.find(device(3)) != nullptr);
    CHECK(people.find(device(4)) == nullptr);
    CHECK(people.find(device(1000 + 3 * limits::people_max - 1)) != nullptr);
    CHECK(people.mark(device(9), "gone").empty());
}

TEST_CASE("people: of the names of a key the newest few are remembered") {
    auto people = book();
    for (int n = 0; n < 10; ++n) people.saw(device(1), "name" + std::to_string(n), {n});
    CHECK(people.find(device(1))->names.size() == limits::names_per_person_max);
    CHECK(people.find(device(1))->names.front() == "name9");
    people.saw(device(1), "name7", {11});
    CHECK(people.find(device(1))->names.front() == "name7");
    CHECK(people.mark(device(2), "name1").empty());
    CHECK_FALSE(people.mark(device(2), "name7").empty());
}

TEST_CASE("people: what has to be written is told once") {
    auto people = book();
    CHECK(people.take_unsaved() == People::Unsaved::nothing);
    people.saw(device(1), "alice", {1});
    CHECK(people.take_unsaved() == People::Unsaved::sightings);
    CHECK(people.take_unsaved() == People::Unsaved::nothing);
    people.saw(device(1), "alice", {2});
    CHECK(people.take_unsaved() == People::Unsaved::nothing);
    people.verify(device(1), {2});
    CHECK(people.take_unsaved() == People::Unsaved::decisions);
}

TEST_CASE("people: what was kept is known again") {
    auto people = book();
    people.saw(device(1), "alice", {1});
    people.verify(device(1), {5});
    std::vector<Person> kept;
    for (const auto& [id, one] : people.all()) kept.push_back(one);
    auto again = book(kept);
    CHECK(again.all() == people.all());
    CHECK_FALSE(again.mark(device(2), "alice").empty());
}

}  // namespace controller_people_test
