// What two people compare to know that each has the other's key, and nobody's between them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "message/hash.hpp"
#include "message/ids.hpp"

namespace lanchat {

// Random, from the system, for one verification.
struct Nonce {
    std::array<std::uint8_t, 32> bytes{};
    auto operator<=>(const Nonce&) const = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

// Who asks binds itself to its nonce before it hears the other's: so nobody can try nonces until
// two codes agree, and 42 bits are enough.
struct TwoKeys {
    DeviceId asker;
    DeviceId answerer;
};
Hash commitment_to(const Nonce& asker, const TwoKeys& keys);

// 42 bits as four words and a number, 8 bits each and 10: "lemon tiger cello piano 0417".
std::string short_code(const TwoKeys& keys, const Nonce& asker, const Nonce& answerer);

// Whether `typed` is the code, whatever its case and blanks.
bool is_same_code(std::string_view typed, std::string_view code);

}  // namespace lanchat
