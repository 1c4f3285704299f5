// What of a text is not seen: spaces, and what leaves no trace on a screen.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanchat {

// The bytes that stand before the first character that is seen; all of them if none is. Takes any
// bytes: what is not UTF-8 is seen, as U+FFFD.
std::size_t blanks_before(std::string_view text);

inline bool is_blank(std::string_view text) { return blanks_before(text) == text.size(); }

}  // namespace lanchat
