// Coarser than UTS 39 where that costs no more than a mark after a name that did not need one.
#include "message/look.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include "message/text.hpp"

namespace lanchat {
namespace {

struct Lookalike {
    char32_t code;
    std::uint16_t at;
    std::uint8_t length;
};

#include "message/lookalikes.inc"

constexpr int rounds_max = 8;  // it settles after three

// Spaces count for nothing: nobody sees how many there are, or that one stands at the end.
bool is_traceless(char32_t code) {
    const bool selector = (code >= 0xFE00 && code <= 0xFE0F) ||
                          (code >= 0x180B && code <= 0x180F) ||
                          (code >= 0xE0100 && code <= 0xE01EF);
    const bool joins = (code >= 0x200B && code <= 0x200D) || code == 0x34F ||
                       (code >= 0x1BCA0 && code <= 0x1BCA3) || (code >= 0xE0020 && code <= 0xE007F);
    const bool blank = code == ' ' || code == 0x3000 || code == 0x2800 || code == 0x1D159;
    return selector || blank || joins ||
           utf8proc_category(static_cast<utf8proc_int32_t>(code)) == UTF8PROC_CATEGORY_ZS;
}

void append_lookalike(std::u32string& out, char32_t code) {
    if (is_traceless(code)) return;
    const auto found =
        std::lower_bound(std::begin(lookalikes), std::end(lookalikes), code,
                         [](const Lookalike& one, char32_t sought) { return one.code < sought; });
    if (found != std::end(lookalikes) && found->code == code) {
        out.append(pool + found->at, found->length);
    } else {
        out += code;
    }
}

// Decomposed, and folded if asked to.
std::u32string decomposed(std::string_view text, bool folded) {
    const auto how =
        static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (folded ? UTF8PROC_CASEFOLD : 0));
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto size = static_cast<utf8proc_ssize_t>(text.size());
    const auto needed = utf8proc_decompose(bytes, size, nullptr, 0, how);
    if (needed <= 0) return {};
    std::vector<utf8proc_int32_t> points(static_cast<std::size_t>(needed));
    utf8proc_decompose(bytes, size, points.data(), needed, how);
    return {points.begin(), points.end()};
}

std::string encoded(const std::u32string& points) {
    std::string out;
    for (const char32_t code : points) {
        utf8proc_uint8_t bytes[4];
        const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    }
    return out;
}

std::string skeleton(std::string_view text, bool folded) {
    std::u32string looks;
    for (const char32_t code : decomposed(text, folded)) append_lookalike(looks, code);
    std::ranges::replace(looks, U'i', U'l');
    return encoded(decomposed(encoded(looks), false));
}

}  // namespace

// Lookalikes before case: a Cyrillic capital may look like a Latin one whose small letters differ.
std::string look_of(std::string_view name) {
    std::string looks = skeleton(displayable_name(name), false);
    for (int round = 0; round < rounds_max; ++round) {
        auto next = skeleton(looks, true);
        if (next == looks) break;
        looks = std::move(next);
    }
    return looks;
}

}  // namespace lanchat
