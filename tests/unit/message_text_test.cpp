// Text hygiene: every code point and every byte, since one that slips through steers a terminal.
#include <doctest/doctest.h>
#include <utf8proc.h>

#include <random>
#include <string>
#include <string_view>

#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::message_text_test {
namespace {

constexpr std::string_view replaced = "\xEF\xBF\xBD";

std::string encode(char32_t code) {
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)};
}

bool is_surrogate(char32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

bool between(char32_t code, char32_t first, char32_t last) { return first <= code && code <= last; }

// The list of threat T17, written down a second time and in another way than in the code.
bool is_dangerous(char32_t code) {
    return (code < 0x20 && code != '\t') || between(code, 0x7F, 0x9F) || code == 0xAD ||
           code == 0x61C || code == 0x200B || between(code, 0x200E, 0x200F) ||
           between(code, 0x2028, 0x202E) || between(code, 0x2060, 0x206F) || code == 0xFEFF ||
           between(code, 0xFFF0, 0xFFFB) || between(code, 0xE0000, 0xE00FF) || is_surrogate(code);
}

// Valid UTF-8 without anything dangerous.
bool is_harmless(std::string_view text) {
    while (!text.empty()) {
        utf8proc_int32_t code = 0;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &code);
        if (length <= 0 || is_dangerous(static_cast<char32_t>(code))) return false;
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

std::string repeat(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

TEST_CASE("no code point becomes dangerous on a terminal, and displaying twice changes nothing") {
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (is_surrogate(code)) continue;
        const auto text = "a" + encode(code) + "b";
        const auto shown = displayable(text);
        const bool good = is_harmless(shown) && displayable(shown) == shown && is_utf8(text);
        if (!good) FAIL("U+" << std::hex << static_cast<unsigned>(code) << " became " << shown);
    }
}

TEST_CASE("a code point is left alone unless it is dangerous or invisible") {
    int changed_without_need = 0;
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (is_surrogate(code) || is_dangerous(code)) continue;
        const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
        if (category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CN) continue;
        if (displayable(encode(code)) != encode(code)) ++changed_without_need;
    }
    // The fillers: U+115F, U+1160, U+17B4, U+17B5, U+3164 and U+FFA0.
    CHECK(changed_without_need == 6);
}

TEST_CASE("controls become their pictures, so that a reader sees what was there") {
    CHECK(displayable(std::string_view("\0", 1)) == "␀");
    CHECK(displayable("a\nb\rc") == "a␊b␍c");
    CHECK(displayable("\x1b[31mred\x1b]0;title\x07") == "␛[31mred␛]0;title␇");
    CHECK(displayable("\x7f") == "␡");
    CHECK(displayable("\xC2\x9B"
                      "31m") == std::string(replaced) + "31m");
    CHECK(displayable("tab\tstays") == "tab\tstays");
}

TEST_CASE("text that changes direction or hides is replaced, letter by letter") {
    CHECK(displayable("\u202Eevil") == std::string(replaced) + "evil");
    CHECK(displayable("a\u2028b") == "a" + std::string(replaced) + "b");
    CHECK(displayable("a\u200Bb") == "a" + std::string(replaced) + "b");
    CHECK(displayable("\U000E0041") == replaced);
    CHECK(displayable("\uFFFE") == replaced);
}

TEST_CASE("each single byte is displayed as something harmless") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        CHECK(is_harmless(displayable(text)));
        CHECK(is_utf8(text) == (byte < 0x80));
        CHECK(to_utf8(text) == (byte < 0x80 ? text : std::string(replaced)));
    }
}

TEST_CASE("all sequences of two bytes are decoded as the standard says") {
    for (int pair = 0; pair < 65536; ++pair) {
        const int lead = pair >> 8;
        const int next = pair & 255;
        const std::string text{static_cast<char>(lead), static_cast<char>(next)};
        const bool ascii = lead < 0x80 && next < 0x80;
        const bool two = lead >= 0xC2 && lead <= 0xDF && next >= 0x80 && next <= 0xBF;
        const bool good = is_utf8(text) == (ascii || two) && is_utf8(to_utf8(text)) &&
                          is_harmless(displayable(text));
        if (!good) FAIL("bytes " << lead << " " << next);
    }
}

TEST_CASE("each maximal ill-formed part becomes one replacement") {
    const std::string r(replaced);
    // The examples of Unicode 15, tables 3-8, 3-9, 3-10 and 3-11.
    CHECK(to_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == repeat(r, 8) + "A");
    CHECK(to_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == repeat(r, 8) + "A");
    CHECK(to_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == repeat(r, 5) + "A" + r + r + "B");
    CHECK(to_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == repeat(r, 4) + "A");
}

TEST_CASE("a code point that is cut anywhere is one replacement, and nothing after it is lost") {
    for (const std::string whole : {"é", "€", "日", "👍"}) {
        for (std::size_t length = 1; length < whole.size(); ++length) {
            const auto cut = whole.substr(0, length);
            CHECK_FALSE(is_utf8(cut));
            CHECK(to_utf8(cut) == replaced);
            CHECK(to_utf8(cut + "x") == std::string(replaced) + "x");
            CHECK(displayable(cut + "\n") == std::string(replaced) + "␊");
        }
    }
}

TEST_CASE("random bytes always display as harmless text that stays the same") {
    std::mt19937 random(17);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 24, '\0');
        for (char& c : text)
            c = static_cast<char>(random() % 2 ? random() : 0x80 + random() % 0x80);
        const auto shown = displayable(text);
        CHECK(is_harmless(shown));
        CHECK(displayable(shown) == shown);
        CHECK(is_utf8(to_utf8(text)));
        CHECK(columns(shown) >= 0);
        const auto name = displayable_name(text);
        CHECK(is_harmless(name));
        CHECK_FALSE(name.empty());
        CHECK(name.find(':') == std::string::npos);
        CHECK(displayable_name(name) == name);
    }
}

TEST_CASE("a base keeps four combining marks, and what would climb over other lines is dropped") {
    CHECK(displayable("e\u0301") == "e\u0301");
    CHECK(displayable("z" + repeat("\u0300", 4) + "a") == "z" + repeat("\u0300", 4) + "a");
    CHECK(displayable("z" + repeat("\u0300", 1000) + "a") == "z" + repeat("\u0300", 4) + "a");
    CHECK(displayable(repeat("\u0300", 9)) == repeat("\u0300", 4));
    // Joiners and selectors are invisible, and a million of them would be, too.
    CHECK(displayable("x" + repeat("\u200D", 99)) == "x" + repeat("\u200D", 4));
    CHECK(displayable("x" + repeat("\uFE0F", 99)) == "x" + repeat("\uFE0F", 4));
}

TEST_CASE("emoji of several parts, flags and scripts with marks are left whole") {
    for (const std::string text :
         {"👨‍👩‍👧‍👦", "❤️", "👍🏽", "🏳️‍🌈", "🇩🇪", "1️⃣",
          "नमस्ते", "שָׁלוֹם", "สวัสดี", "日本語", "가", "שלום", "مرحبا", "ñ", "₿", "\uE0A0"})
        CHECK(displayable(text) == text);
}

TEST_CASE("joiners and marks that a script is not read without stay") {
    for (const std::string text :
         {"می‌خواهم", "نمی‌دانم",  // Persian, non-joiner
          "क्‍ष", "क्‌ष", "ന്‍", "ක්‍ෂ",
          "র‍্য",                                                     // Indic, both
          "ᠠᠮᠠ᠎ᠠ", "ᠠ᠋ᠠ",                                               // Mongolian
          "လျှို့ဝှက်",                                                             // five marks
          "בְּרֵאשִׁ֖ית", "יְרוּשָׁלַ͏ִם",                             // CGJ between them
          "ཧཱུྃ", "ភាសា​ខ្មែរ", "ภาษา​ไทย",  // a gap between words
          "葛󠄀", "❤️‍🔥", "🏴󠁧󠁢󠁳󠁣󠁴󠁿!", "𓀀𓐰𓀁"}) {
        CHECK(displayable(text) == text);
        CHECK(displayable_name(text) == text);
    }
    CHECK(columns("क्‍ष") == 2);
    CHECK(columns("می‌خواهم") == 7);
}

TEST_CASE("what only hides or turns round is replaced wherever it is") {
    const std::string r(replaced);
    constexpr char32_t hiding[] = {0x200E, 0x200F, 0x61C,  0x202A, 0x202E, 0x2066,  0x2069,  0x2060,
                                   0x2064, 0x206A, 0xFEFF, 0xAD,   0xFFF9, 0xE0001, 0xE0067,
                                   0x1D173};
    for (const char32_t hidden : hiding)
        for (const std::string before : {"", "a", "م", "क", "ᠠ", "ខ", "👍", "🏴"})
            CHECK(displayable(before + encode(hidden) + "z") == before + r + "z");
    // The gap between words is for those who need it.
    for (const std::string before : {"", "a", "ж", "א", "م", "日"})
        CHECK(displayable(before + "​z") == before + r + "z");
    // No words in tags, and no flag without its end.
    CHECK(displayable("🏴󠁨󠁩z") == "🏴" + r + r + "z");
    CHECK(displayable("🏴" + repeat("󠁡", 7) + "󠁿") == "🏴" + repeat(r, 8));
}

TEST_CASE("a base keeps eight marks of its script") {
    CHECK(displayable("ก" + repeat("ํ", 99)) == "ก" + repeat("ํ", 8));
    CHECK(displayable("a" + repeat("̀ํ", 99)) == "a" + repeat("̀ํ", 4));
    CHECK(displayable("ខ" + repeat("​", 99)) == "ខ" + repeat("​", 4));
}

TEST_CASE("a name is shown without the colon that ends it, and never as nothing") {
    CHECK(displayable_name("alice") == "alice");
    CHECK(displayable_name("a:l:ice") == "alice");
    CHECK(displayable_name(":") == "?");
    CHECK(displayable_name("") == "?");
    CHECK(displayable_name("a\tb") == "a b");
    CHECK(displayable_name("a\x1b[0m") == "a␛[0m");
    // Without the colon the marks of two bases would meet on one.
    const auto marks = repeat("\u0300", 4);
    CHECK(displayable_name("a" + marks + ":" + marks) == "a" + marks);
}

TEST_CASE("a name that may travel is UTF-8 within 32 code points and 64 bytes") {
    CHECK(is_name("a"));
    CHECK_FALSE(is_name(""));
    CHECK_FALSE(is_name("\xFF"));
    CHECK(is_name(std::string(limits::name_code_points_max, 'x')));
    CHECK_FALSE(is_name(std::string(limits::name_code_points_max + 1, 'x')));
    CHECK(is_name(repeat("é", 32)));
    CHECK(is_name(repeat("👍", 16)));
    CHECK_FALSE(is_name(repeat("👍", 17)));
}

TEST_CASE("of a text that is no name the longest beginning is taken, or what stands in for it") {
    CHECK(to_name("alice", "x") == "alice");
    CHECK(to_name("", "x") == "x");
    CHECK(to_name("\xFF!", "x") == "x");
    CHECK(to_name("al\xFF!", "x") == "al");
    CHECK(to_name(std::string(99, 'y'), "x") == std::string(32, 'y'));
    CHECK(to_name(repeat("👍", 99), "x") == repeat("👍", 16));
    CHECK(to_name("x" + repeat("👍", 99), "x") == "x" + repeat("👍", 15));
}

TEST_CASE("columns count what a terminal draws") {
    CHECK(columns("") == 0);
    CHECK(columns("hello world") == 11);
    CHECK(columns("\t") == 8);
    CHECK(columns("日本") == 4);
    CHECK(columns("e\u0301") == 1);
    CHECK(columns("é") == 1);
    CHECK(columns("👍") == 2);
    CHECK(columns("👨‍👩‍👧") == 2);
    CHECK(columns("🇩🇪") == 2);
    CHECK(columns("한") == 2);
    CHECK(columns("\u1112\u1161\u11AB") == 2);
    CHECK(columns(displayable("\x1b\x9b")) == 2);
}

TEST_CASE("no displayable code point has a negative width") {
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (is_surrogate(code)) continue;
        const int width = columns(displayable(encode(code)));
        if (width < 0 || (width > 2 && code != '\t'))
            FAIL("U+" << std::hex << static_cast<unsigned>(code) << " has width " << width);
    }
}

}  // namespace
}  // namespace lanchat::message_text_test
