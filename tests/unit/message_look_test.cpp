// Names that people may take for each other.
#include "message/look.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "message/text.hpp"

namespace message_look_test {

using namespace lanchat;

namespace {

bool alike(const std::string& a, const std::string& b) { return look_of(a) == look_of(b); }

std::string letter(char32_t code) {
    std::string out;
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    }
    out += static_cast<char>(0x80 | (code & 0x3F));
    return out;
}

}  // namespace

TEST_CASE("look: letters of other scripts pass for ours") {
    CHECK(alike("alice", "аlісе"));    // Cyrillic
    CHECK(alike("paypal", "ρаураl"));  // Greek and Cyrillic
    CHECK(alike("alice", "𝐚𝐥𝐢𝐜𝐞"));    // mathematical
    CHECK(alike("alice", "alice"));    // full width
    CHECK(alike("HELEN", "НЕLЕΝ"));
    CHECK(alike("mark", "rnark"));
    CHECK(alike("bob", "b0b"));
    CHECK(alike("élan", "e\xCC\x81lan"));  // composed or not
}

TEST_CASE("look: case, and i for l") {
    CHECK(alike("Alice", "alice"));
    CHECK(alike("ALICE", "alice"));
    CHECK(alike("AIice", "Alice"));
    CHECK(alike("al1ce", "alice"));
    CHECK(alike("Mark", "mark"));
    CHECK(alike("Straße", "STRASSE"));
}

TEST_CASE("look: what leaves no trace is no difference") {
    CHECK(alike("alice", "alice "));
    CHECK(alike("a lice", "alice"));
    CHECK(alike("alice", "alice\u00A0"));
    CHECK(alike("alice", "ali\u200Dce"));
    CHECK(alike("alice", "alice\uFE0F"));
    CHECK(alike("alice", "al:ice"));  // drawn without ':'
    CHECK(alike("alice", "al\u2800ice"));
}

TEST_CASE("look: other names are other names") {
    const std::vector<std::string> names{"alice", "bob",   "dana", "carol", "erin",  "frank",
                                         "grace", "heidi", "ivan", "judy",  "зоя",   "иван",
                                         "陈",    "花子",  "علي",  "Ωmega", "alice2"};
    for (const auto& a : names)
        for (const auto& b : names) CHECK(alike(a, b) == (a == b));
    CHECK_FALSE(alike("alice", "alice\u200B"));  // drawn with a sign for what is hidden
}

TEST_CASE("look: every code point has one, and so do bytes that are none") {
    for (char32_t code = 1; code < 0x110000; ++code) {
        if (code >= 0xD800 && code < 0xE000) continue;
        const auto one = "x" + letter(code);
        REQUIRE(is_utf8(look_of(one)));
        REQUIRE(look_of(one + " ") == look_of(one));
    }
    CHECK(is_utf8(look_of("\xFF\xC0\x80")));
    CHECK(look_of("") == look_of("?"));
}

}  // namespace message_look_test
