// Bytes of a fixed length, such as identifiers, hashes and signatures: taken from bytes of others
// only where these are exactly as long, and read as text.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

// The bytes themselves; they must outlive the view.
template <std::size_t N>
[[nodiscard]] std::string_view view(const std::array<std::uint8_t, N>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), N};
}

}  // namespace lanchat
