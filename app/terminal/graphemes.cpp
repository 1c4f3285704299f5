// Extended grapheme clusters (UAX 29), found by utf8proc.
#include "app/terminal/graphemes.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "message/assert.hpp"

namespace lanchat::app {

namespace {

struct Point {
    utf8proc_int32_t code = 0;
    std::size_t length = 1;
};

Point point_at(std::string_view text, std::size_t at) {
    Point point;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - at);
    const auto length = utf8proc_iterate(bytes, left, &point.code);
    LANCHAT_ASSERT(length > 0);
    point.length = static_cast<std::size_t>(length);
    return point;
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::size_t next_cluster(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    auto before = point_at(text, at);
    at += before.length;
    for (utf8proc_int32_t state = 0; at < text.size();) {
        const auto after = point_at(text, at);
        if (utf8proc_grapheme_break_stateful(before.code, after.code, &state)) break;
        at += after.length;
        before = after;
    }
    return at;
}

std::size_t previous_cluster(std::string_view text, std::size_t at) {
    // Whether there is a boundary depends on all before it (flags come in pairs).
    std::size_t start = 0;
    for (std::size_t next = 0; next < at; next = next_cluster(text, next)) start = next;
    return start;
}

std::size_t word_start(std::string_view text, std::size_t at) {
    while (at > 0 && is_space(text[at - 1])) --at;
    while (at > 0 && !is_space(text[at - 1])) --at;
    return at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
    while (at < text.size() && is_space(text[at])) ++at;
    while (at < text.size() && !is_space(text[at])) ++at;
    return at;
}

}  // namespace lanchat::app
