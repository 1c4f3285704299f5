// Numbers as bytes, most significant first: in what is signed, hashed or named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lanchat {

// Appends the 8 bytes of `value`.
inline void put_big_endian(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

// False unless there are 8 bytes.
[[nodiscard]] inline bool take_big_endian(std::string_view from, std::uint64_t& value) {
    if (from.size() != sizeof value) return false;
    value = 0;
    for (const char byte : from) value = value << 8 | static_cast<unsigned char>(byte);
    return true;
}

}  // namespace lanchat
