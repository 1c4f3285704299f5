// Protobuf by hand: what no encoder of ours would make.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lanchat::test {

inline std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 128; value >>= 7) out += static_cast<char>((value & 127) | 128);
    return out + static_cast<char>(value);
}

// The raw protobuf of a length-delimited field.
inline std::string field(unsigned number, std::string_view bytes) {
    return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

inline std::string varint_field(unsigned number, std::uint64_t value) {
    return varint(number << 3) + varint(value);
}

inline std::string fixed64_field(unsigned number, std::uint64_t value) {
    std::string out = varint(number << 3 | 1);
    for (int i = 0; i < 8; ++i, value >>= 8) out += static_cast<char>(value & 255);
    return out;
}

}  // namespace lanchat::test
