// Strict UTF-8 decoding, and the choice of what a terminal may be shown.
#include "message/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr char32_t joiner = 0x200D;
constexpr char32_t word_gap = 0x200B;
constexpr char32_t black_flag = 0x1F3F4;
constexpr int marks_max = 8;          // Burmese, Hebrew with accents and Tibetan need most of them
constexpr int general_marks_max = 4;  // of those that fit to every letter

struct Decoded {
    char32_t code;
    std::size_t length;
    bool ok;
};

// Decodes the beginning of `text`, which is not empty (Unicode 15, table 3-7). A failure has the
// length of the maximal ill-formed part, so that what follows it is not swallowed.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t at) -> unsigned {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    if (lead < 0xC2 || lead > 0xF4) return {replacement, 1, false};
    const std::size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    char32_t code = lead & (0x3FU >> more);
    for (std::size_t at = 1; at <= more; ++at) {
        if (byte(at) < low || byte(at) > high) return {replacement, at, false};
        code = (code << 6) | (byte(at) & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    return {code, more + 1, true};
}

void append(std::string& out, char32_t code) {
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

// Eight bytes at a time. A carry or borrow comes only from a byte that tells against it by itself.
bool is_printable_ascii(std::string_view text) {
    constexpr std::uint64_t ones = ~std::uint64_t{0} / 0xFF;
    std::uint64_t other = 0;
    for (; text.size() >= sizeof other; text.remove_prefix(sizeof other)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data(), sizeof eight);
        other |= eight | (eight - 0x20 * ones) | (eight + ones);
    }
    bool is_other = (other & 0x80 * ones) != 0;
    for (const char c : text) is_other |= c < 0x20 || c > 0x7E;
    return !is_other;
}

bool between(char32_t code, char32_t first, char32_t last) { return first <= code && code <= last; }

// Format characters that are drawn: Arabic and other signs that stand over the digits after them,
// and what groups hieroglyphs.
bool is_drawn_format(char32_t code) {
    return between(code, 0x13430, 0x1343F) || (code >= 0x600 && code <= 0x605) || code == 0x6DD ||
           code == 0x70F || code == 0x890 || code == 0x891 || code == 0x8E2 || code == 0x110BD ||
           code == 0x110CD;
}

// Format characters that decide how letters join: without them a word is another one, or a riddle.
// Non-joiner and joiner (Persian, Indic, emoji), the Mongolian vowel separator, shorthand.
bool is_joining_control(char32_t code) {
    return between(code, 0x200C, 0x200D) || code == 0x180E || between(code, 0x1BCA0, 0x1BCA3);
}

// Marks of no script, and what is as invisible on any letter.
bool is_general_mark(char32_t code) {
    return between(code, 0x300, 0x36F) || between(code, 0x1AB0, 0x1AFF) ||
           between(code, 0x1DC0, 0x1DFF) || between(code, 0x20D0, 0x20FF) ||
           between(code, 0xFE00, 0xFE0F) || between(code, 0xFE20, 0xFE2F) ||
           between(code, 0xE0100, 0xE01EF) || code == word_gap || is_joining_control(code);
}

// Thai, Lao, Tibetan, Myanmar, Khmer, Tai and their extensions: no blank stands between words, but
// a gap without width may, where a line can be broken.
bool writes_without_blanks(char32_t code) {
    return between(code, 0xE00, 0x109F) || between(code, 0x1780, 0x17FF) ||
           between(code, 0x1950, 0x19FF) || between(code, 0x1A20, 0x1AAF) ||
           between(code, 0xA9E0, 0xA9FF) || between(code, 0xAA60, 0xAADF);
}

// Code points whose category looks harmless, but which leave no trace on the screen.
bool is_hidden(char32_t code) {
    const bool reserved_as_invisible =
        code == 0x2065 || (code >= 0xFFF0 && code <= 0xFFF8) ||
        (code >= 0xE0000 && code <= 0xE0FFF && !(code >= 0xE0100 && code <= 0xE01EF));
    const bool filler = code == 0x115F || code == 0x1160 || code == 0x17B4 || code == 0x17B5 ||
                        code == 0x3164 || code == 0xFFA0;
    const bool not_a_character = (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
    return reserved_as_invisible || filler || not_a_character;
}

enum class Show { as_is, as_mark, as_picture, as_replacement };

Show show(char32_t code) {
    if (code == '\t') return Show::as_is;
    if (code < 0x20 || code == 0x7F) return Show::as_picture;
    if (code < 0x7F) return Show::as_is;
    if (is_joining_control(code)) return Show::as_mark;
    if (is_hidden(code)) return Show::as_replacement;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
            return Show::as_mark;
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return Show::as_replacement;
        case UTF8PROC_CATEGORY_CF:
            return is_drawn_format(code) ? Show::as_is : Show::as_replacement;
        default:
            return Show::as_is;
    }
}

int columns_of(char32_t code) {
    if (code == '\t') return 8;
    if (code >= 0x20 && code < 0x7F) return 1;
    // Hangul vowels and finals join the syllable before them.
    if ((code >= 0x1160 && code <= 0x11FF) || (code >= 0xD7B0 && code <= 0xD7FF)) return 0;
    if (is_drawn_format(code)) return 1;
    const auto point = static_cast<utf8proc_int32_t>(code);
    // Spacing marks have a cell of their own on terminals; utf8proc counts them as part of the
    // base.
    if (utf8proc_category(point) == UTF8PROC_CATEGORY_MC) return 1;
    return utf8proc_charwidth(point);
}

bool is_picture(char32_t code) {
    return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->boundclass ==
           UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

// The length of the tags after a black flag that make it that of a region (Scotland); else 0.
std::size_t region_of_flag(std::string_view text) {
    constexpr std::size_t least = 3, most = 6;
    std::size_t length = 0;
    for (std::size_t tags = 0; tags <= most && length < text.size(); ++tags) {
        const auto next = decode(text.substr(length));
        length += next.length;
        if (next.code == 0xE007F) return tags < least ? 0 : length;
        if (!between(next.code, 0xE0030, 0xE0039) && !between(next.code, 0xE0061, 0xE007A))
            return 0;
    }
    return 0;
}

char32_t picture_of(char32_t control) { return control == 0x7F ? 0x2421 : 0x2400 + control; }

// What is on one base, as far as it was shown.
struct StackedMarks {
    int all = 0;
    int general = 0;

    bool take(char32_t code) {
        const bool is_general = is_general_mark(code);
        if (all == marks_max || (is_general && general == general_marks_max)) return false;
        ++all;
        general += is_general ? 1 : 0;
        return true;
    }
};

}  // namespace

bool is_utf8(std::string_view text) {
    if (is_printable_ascii(text)) return true;
    while (!text.empty()) {
        const auto next = decode(text);
        if (!next.ok) return false;
        text.remove_prefix(next.length);
    }
    return true;
}

std::string to_utf8(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto next = decode(bytes);
        if (next.ok) {
            out.append(bytes.substr(0, next.length));
        } else {
            append(out, replacement);
        }
        bytes.remove_prefix(next.length);
    }
    return out;
}

std::string displayable(std::string_view text) {
    if (is_printable_ascii(text)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    StackedMarks marks;
    char32_t base = replacement;
    while (!text.empty()) {
        const auto next = decode(text);
        text.remove_prefix(next.length);
        const bool is_gap = next.code == word_gap && writes_without_blanks(base);
        const auto how = is_gap ? Show::as_mark : show(next.code);
        if (how == Show::as_mark) {
            if (marks.take(next.code)) append(out, next.code);
            continue;
        }
        marks = {};
        base = how == Show::as_is ? next.code : replacement;
        append(out, how == Show::as_picture ? picture_of(next.code) : base);
        const std::size_t region = base == black_flag ? region_of_flag(text) : 0;
        out += text.substr(0, region);
        text.remove_prefix(region);
    }
    return out;
}

std::string displayable_name(std::string_view name) {
    std::string shown(name);
    std::erase(shown, ':');
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    shown = displayable(shown);
    return shown.empty() ? "?" : shown;
}

bool is_name(std::string_view name) {
    // Bounded first, so that a name of any length costs little.
    if (name.empty() || name.size() > limits::name_bytes_max || !is_utf8(name)) return false;
    const auto points =
        std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return static_cast<std::size_t>(points) <= limits::name_code_points_max;
}

std::string to_name(std::string_view text, std::string_view otherwise) {
    std::size_t length = 0;
    for (std::size_t points = 0; points < limits::name_code_points_max; ++points) {
        if (length == text.size()) break;
        const auto next = decode(text.substr(length));
        if (!next.ok || length + next.length > limits::name_bytes_max) break;
        length += next.length;
    }
    return std::string(length > 0 ? text.substr(0, length) : otherwise);
}

int columns(std::string_view text) {
    if (is_printable_ascii(text)) return static_cast<int>(text.size());
    int sum = 0;
    for (bool joined = false; !text.empty();) {
        const auto next = decode(text);
        // A picture that follows a joiner is drawn into the one before it; a letter only joins.
        if (!joined || !is_picture(next.code)) sum += columns_of(next.code);
        joined = next.code == joiner;
        text.remove_prefix(next.length);
    }
    return sum;
}

std::string composed(std::string_view text) {
    utf8proc_uint8_t* made = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                     static_cast<utf8proc_ssize_t>(text.size()), &made,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
    LANCHAT_ASSERT(size >= 0);
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

bool is_ascii(std::string_view text) {
    // No early exit: the loop then runs over many bytes at a time.
    int bits = 0;
    for (const char byte : text) bits |= byte;
    return (bits & 0x80) == 0;
}

std::string in_lower_case(std::string_view word) {
    std::string lower(word);
    for (char& c : lower)
        if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

}  // namespace lanchat
