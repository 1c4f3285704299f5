// Normal form and case folding by utf8proc.
#include "message/comparing.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "message/assert.hpp"
#include "message/text.hpp"

namespace lanchat {
namespace {

// Full and the same in all languages: I is i, and İ is i with a dot above it.
std::string folded(std::string_view text) {
    utf8proc_uint8_t* made = nullptr;
    const auto size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()), &made,
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
    LANCHAT_ASSERT(size >= 0);
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

bool is_blank(utf8proc_int32_t point) {
    if (point >= 0x09 && point <= 0x0D) return true;
    if (point == 0x85 || point == 0x2028 || point == 0x2029) return true;
    return utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

// Blanks in a row are one space, those at the ends none.
std::string joined(std::string_view text) {
    std::string out;
    bool gap = false;
    while (!text.empty()) {
        utf8proc_int32_t point = 0;
        const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                           static_cast<utf8proc_ssize_t>(text.size()), &point);
        LANCHAT_ASSERT(size > 0);
        const bool blank = is_blank(point);
        if (!blank && gap && !out.empty()) out += ' ';
        if (!blank) out += text.substr(0, static_cast<std::size_t>(size));
        gap = blank;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return out;
}

}  // namespace

std::string comparing_key(std::string_view name) {
    if (is_ascii(name)) return joined(in_lower_case(name));
    // Folding may leave what can be composed further, and the other way round.
    std::string key = joined(composed(to_utf8(name)));
    constexpr int rounds_max = 4;  // it settles after two
    for (int round = 0; round < rounds_max; ++round) {
        auto next = composed(folded(key));
        if (next == key) break;
        key = std::move(next);
    }
    return key;
}

bool is_same_name(std::string_view a, std::string_view b) {
    return a == b || comparing_key(a) == comparing_key(b);
}

}  // namespace lanchat
