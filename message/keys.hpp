// Who signs and who checks: Ed25519 (RFC 8032) by libsodium, strict about small orders and S.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "message/ids.hpp"

namespace lanchat {

struct Signature {
    std::array<std::uint8_t, 64> bytes{};
    auto operator<=>(const Signature&) const = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

// The secret half of a device's identity. Wiped from memory at the end; never copied.
class DeviceKey {
  public:
    using Seed = std::array<std::uint8_t, 32>;

    // Precondition: `seed` is random and secret; it is wiped from the caller's copy too.
    explicit DeviceKey(Seed&& seed);
    ~DeviceKey();
    DeviceKey(DeviceKey&& other) noexcept;
    DeviceKey& operator=(DeviceKey&&) = delete;

    const DeviceId& id() const { return id_; }
    // The seed, to be kept in a file of its own.
    Seed seed() const;
    Signature sign(std::string_view message) const;

  private:
    DeviceId id_;
    std::array<std::uint8_t, 64> secret_{};
};

bool verify(const DeviceId& author, std::string_view message, const Signature& signature);

}  // namespace lanchat
