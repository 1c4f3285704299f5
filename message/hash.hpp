// BLAKE2b-256 (RFC 7693): names content and chains the entries of a log.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace lanchat {

struct Hash {
    std::array<std::uint8_t, 32> bytes{};
    auto operator<=>(const Hash&) const = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

Hash hash_of(std::string_view bytes);

// The head of a log after `entry`: H(before ‖ H(entry)). Before the first entry it is all zeros.
Hash chained(const Hash& before, std::string_view entry);

}  // namespace lanchat
