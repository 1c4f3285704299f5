// Unicode's categories know most of it; the rest are fillers that fonts draw as nothing.
#include "message/blank.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace lanchat {
namespace {

bool is_filler(utf8proc_int32_t code) {
    static constexpr std::array<utf8proc_int32_t, 8> fillers{0x34F,  0x115F, 0x1160, 0x17B4,
                                                             0x17B5, 0x2800, 0x3164, 0xFFA0};
    const bool selects_a_variant =
        (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0xE0100 && code <= 0xE01EF);
    return selects_a_variant || std::ranges::find(fillers, code) != fillers.end();
}

bool is_seen(utf8proc_int32_t code) {
    switch (utf8proc_category(code)) {
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
            return false;
        default:
            return !is_filler(code);
    }
}

}  // namespace

std::size_t blanks_before(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        utf8proc_int32_t code = 0;
        const auto size =
            utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                             static_cast<utf8proc_ssize_t>(text.size() - at), &code);
        if (size <= 0 || is_seen(code)) break;
        at += static_cast<std::size_t>(size);
    }
    return at;
}

}  // namespace lanchat
