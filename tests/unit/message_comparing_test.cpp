// Names as people compare them.
#include "message/comparing.hpp"

#include <doctest/doctest.h>
#include <utf8proc.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "message/text.hpp"

namespace lanchat {
namespace {

std::string encode(char32_t code) {
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)};
}

using Names = std::pair<std::string, std::string>;

void check(std::initializer_list<Names> all, bool are_same) {
    for (const auto& names : all)
        CHECK_MESSAGE(is_same_name(names.first, names.second) == are_same,
                      names.first << " and " << names.second);
}

TEST_CASE("comparing: what people read as one name is one") {
    check({{"Caf\u00E9", "cafe\u0301"},
           {"General", "general"},
           {"STRASSE", "straße"},
           {"ẞ", "ß"},
           {"ﬃ", "FFI"},
           {"ΣΊΣΥΦΟΣ", "σίσυφος"},
           {"İ", "i\u0307"},
           {"Вася", "ВАСЯ"},
           {"한", "\u1112\u1161\u11AB"},
           {"q\u0323\u0307", "q\u0307\u0323"},
           {"\u1F88", "ἀι"},
           {" team   a ", "Team A"},
           {"team\u00A0a", "team\u3000a"},
           {"ᏸ", "Ᏸ"}},
          true);
}

TEST_CASE("comparing: what people read as two names is two") {
    check({{"cafe", "café"},
           {"I", "ı"},  // no Turkish rules: that would join all of these
           {"i", "İ"},
           {"teama", "team a"},
           {"１", "1"},
           {"а", "a"},
           {"ab", "a\u200Cb"},
           {"", "x"}},
          false);
    CHECK(comparing_key(" \t ").empty());
}

TEST_CASE("comparing: the key of a key is the key, of any code point and any bytes") {
    for (char32_t code = 1; code <= 0x10FFFF; ++code) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        const auto key = comparing_key("x" + encode(code) + "\u0345\u0301");
        if (comparing_key(key) != key) FAIL("code point " << static_cast<unsigned>(code));
        const auto composed_key = comparing_key(composed("x" + encode(code) + "\u0345\u0301"));
        if (composed_key != key) FAIL("composed code point " << static_cast<unsigned>(code));
    }
    for (int byte = 0; byte < 256; ++byte)
        CHECK(is_utf8(comparing_key(std::string(3, static_cast<char>(byte)))));
}

}  // namespace
}  // namespace lanchat
