// Numbers as bytes, most significant first: in what is signed, hashed or named.
#pragma once

#include <cstdint>
#include <string>

namespace lanchat {

// Appends the 8 bytes of `value`.
inline void put_big_endian(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

}  // namespace lanchat
