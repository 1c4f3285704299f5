// Identifiers, hashes and signatures from bytes of others: exactly as long as they are, or not.
#pragma once

#include <algorithm>
#include <string_view>

namespace lanchat {

// True if `from` had the length of `to` and is now in it.
template <class T>
[[nodiscard]] bool take_exact(std::string_view from, T& to) {
    if (from.size() != to.bytes.size()) return false;
    std::copy(from.begin(), from.end(), to.bytes.begin());
    return true;
}

// For what need not be there: empty is taken too, and leaves `to`. All zeros would say the same.
template <class T>
[[nodiscard]] bool take_exact_or_none(std::string_view from, T& to) {
    return from.empty() || (take_exact(from, to) && to != T{});
}

}  // namespace lanchat
