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

// Hashes what it is given, piece by piece, as if the pieces were one.
class Hashing {
  public:
    Hashing();
    // Hashes of one purpose are never those of another (BLAKE2's personalization), and its name
    // costs nothing. Precondition: at most 16 bytes, which count as if zeros followed.
    explicit Hashing(std::string_view purpose);
    Hashing& add(std::string_view bytes);
    // 8 bytes, most significant first.
    Hashing& add(std::uint64_t number);
    // Nothing may be added after it.
    Hash done();

  private:
    struct alignas(64) State {
        std::array<std::uint8_t, 384> bytes;  // crypto_generichash_state
    };
    State state_;
};

}  // namespace lanchat
