// Who is meant by what somebody typed, and who refuses to be guessed.
#include "controller/find_person.hpp"

#include <doctest/doctest.h>

#include <set>

#include "message/look.hpp"

namespace controller_find_person_test {

using namespace lanchat;
using namespace lanchat::controller;
using controller::OnKeyChange;  // config has one, too

namespace {

// Its id begins with 8 characters of `first` and differs from others in the rest.
DeviceId device(std::uint8_t first, std::uint8_t rest = 0) {
    DeviceId id;
    for (std::size_t n = 0; n < id.bytes.size(); ++n) id.bytes[n] = n < 5 ? first : rest;
    return id;
}

Candidate here(DeviceId id, std::string name) {
    return {id, {std::move(name)}, Endpoint{Ipv4{0x7F000001}, 4566}, false};
}
Candidate away(DeviceId id, std::string name, bool vouched) {
    return {id, {std::move(name)}, std::nullopt, vouched};
}

Result<DeviceId> find(std::string_view word, const std::vector<Candidate>& known) {
    return find_person(word, known, OnKeyChange::block);
}

}  // namespace

TEST_CASE("find_person: by name, id, beginning of the id, address and as shown") {
    const DeviceId alice = device(1), bob = device(2);
    std::vector<Candidate> known{here(alice, "alice"), away(bob, "bob", false)};
    CHECK(*find("alice", known) == alice);
    CHECK(*find("Alice", known) == alice);
    CHECK(*find("bob", known) == bob);
    CHECK(*find("127.0.0.1:4566", known) == alice);
    const auto id = to_string(alice);
    CHECK(*find(id.substr(0, 4), known) == alice);
    CHECK(*find("alice·" + id.substr(0, 4), known) == alice);
    CHECK_FALSE(find("bob·" + id.substr(0, 4), known));
    CHECK_FALSE(find(id.substr(0, 3), known));
    CHECK_FALSE(find("carol", known));
    CHECK_FALSE(find("127.0.0.1:9", known));
    CHECK(*find(to_string(device(9)), known) == device(9));  // whoever that is
}

TEST_CASE("find_person: a name is found however it is composed, in capitals or not") {
    const DeviceId one = device(1);
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"cafe\u0301", "caf\u00E9"}, {"CAFÉ", "café"},
        {"Straße", "STRASSE"},       {"Вася", "вася"},
        {"ΣΊΣΥΦΟΣ", "σίσυφος"},      {"Anna  Maria ", "anna maria"},
        {"가", "\u1100\u1161"},      {"ẞ", "ss"},
        {"Åsa", "A\u030Asa"}};
    for (const auto& [name, word] : pairs) {
        for (const auto& [called, typed] : {std::pair(name, word), std::pair(word, name)}) {
            const auto found = find(typed, {here(one, called), here(device(2), "somebody")});
            REQUIRE(found);
            CHECK(*found == one);
        }
        // Of two keys neither is meant, and both ids are told.
        const auto none = find(name, {here(one, name), here(device(2), word)});
        REQUIRE_FALSE(none);
        for (const auto& id : {one, device(2)})
            CHECK(none.why().find(to_string(id).substr(0, 4)) != std::string::npos);
    }
}

TEST_CASE("find_person: a legacy peer has no key") {
    const std::vector<Candidate> known{{std::nullopt, {}, Endpoint{Ipv4{0x7F000001}, 4566}, false}};
    CHECK(find("127.0.0.1:4566", known).why().find("legacy") != std::string::npos);
}

TEST_CASE("find_person: an ambiguous name is refused and the candidates are listed") {
    const DeviceId a = device(1), b = device(2);
    const auto found = find("alice", {here(a, "alice"), here(b, "аlice")});
    REQUIRE_FALSE(found);
    CHECK(found.why().find(to_string(a).substr(0, 4)) != std::string::npos);
    CHECK(found.why().find(to_string(b).substr(0, 4)) != std::string::npos);
}

TEST_CASE("find_person: what only looks like the name is not taken for it") {
    const auto found = find("alice", {here(device(1), "аlice")});
    REQUIRE_FALSE(found);
    CHECK(found.why().find(to_string(device(1)).substr(0, 4)) != std::string::npos);
}

TEST_CASE("find_person: a name that is the beginning of another's id means neither") {
    const DeviceId alice = device(1), thief = device(2);
    const auto word = to_string(alice).substr(0, 8);
    CHECK_FALSE(find(word, {here(alice, "alice"), here(thief, word)}));
    CHECK(*find(to_string(alice).substr(0, 9), {here(alice, "alice"), here(thief, word)}) == alice);
    // In whatever case it is typed.
    std::string loud = word;
    for (char& c : loud)
        if ('a' <= c && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    CHECK_FALSE(find(loud, {here(alice, "alice"), here(thief, word)}));
    CHECK_FALSE(find(loud, {here(alice, "alice"), here(thief, loud)}));
    CHECK(*find(loud, {here(alice, "alice")}) == alice);
}

TEST_CASE("find_person: a name that is the address of another means neither") {
    const DeviceId alice = device(1), thief = device(2);
    Candidate disguised = away(thief, "127.0.0.1:4566", true);
    const auto found = find("127.0.0.1:4566", {here(alice, "alice"), disguised});
    REQUIRE_FALSE(found);
    CHECK(found.why().find(to_string(alice).substr(0, 4)) != std::string::npos);
    CHECK(found.why().find(to_string(thief).substr(0, 4)) != std::string::npos);
    CHECK_FALSE(find("127.0.0.1:4566", {disguised}));  // there is nobody at that address
}

TEST_CASE("means_somebody: one, one of several, or an address, but not what nobody is called") {
    const DeviceId a = device(1), b = device(2);
    const std::vector<Candidate> known{here(a, "Anna Maria"), here(b, "anna maria")};
    const auto means = [&](std::string_view word) {
        return means_somebody(word, known, OnKeyChange::block);
    };
    for (const auto* word : {"Anna Maria", "ANNA MARIA", "\u0410nna Maria", "127.0.0.1:9"})
        CHECK(means(word));
    CHECK(means(to_string(a).substr(0, 4)));
    CHECK(means(to_string(device(9))));
    for (const auto* word : {"", "Anna", "Anna Maria is", "Maria"}) CHECK_FALSE(means(word));
}

TEST_CASE("find_person: the name of a vouched key is not handed to another") {
    const DeviceId old = device(1), now = device(2);
    const std::vector<Candidate> vouched{away(old, "alice", true), here(now, "alice")};
    CHECK_FALSE(find("alice", vouched));
    CHECK(*find(to_string(now).substr(0, 4), vouched) == now);
    CHECK(*find_person("alice", vouched, OnKeyChange::warn) == now);
    const std::vector<Candidate> never{away(old, "alice", false), here(now, "alice")};
    CHECK(*find("alice", never) == now);
    CHECK(*find_person("alice", {away(old, "alice", true)}, OnKeyChange::warn) == old);
}

TEST_CASE("find_person: what looks alike in an id makes no beginning different") {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    // The id of which the first characters are these; the others are of another key.
    const auto id_of = [](std::string_view characters, char rest) {
        std::string id(52, rest);
        id.back() = 'a';
        id.replace(0, characters.size(), characters);
        return *parse_device_id(id);
    };
    for (const char a : alphabet)
        for (const char b : alphabet) {
            const DeviceId one = id_of(std::string("aaaa") + a, 'b');
            const DeviceId two = id_of(std::string("aaaa") + b, 'c');
            if (one == two) continue;
            CHECK(look_of(beginning_of(one, {two})) != look_of(beginning_of(two, {one})));
        }
    const DeviceId one = id_of("aarncm", 'b'), two = id_of("aamcrn", 'c'),
                   three = id_of("aamcrm", 'd');
    const std::vector<DeviceId> all{one, two, three};
    std::set<std::string> looks;
    for (const auto& each : all) looks.insert(look_of(beginning_of(each, all)));
    CHECK(looks.size() == all.size());
}

TEST_CASE("find_person: beginnings grow until they differ") {
    CHECK(beginning_of(device(1), {}).size() == 4);
    CHECK(beginning_of(device(1, 1), {device(1, 1), device(1, 0xFF)}).size() == 9);
}

}  // namespace controller_find_person_test
