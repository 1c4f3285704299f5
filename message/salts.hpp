// Salts of bodies: random numbers that nobody else can tell, drawn from one secret.
#pragma once

#include <array>
#include <cstdint>

#include "message/entry.hpp"

namespace lanchat {

// Each line of a process has another salt, known before the line is said, so that the brain needs
// no randomness of its own.
class Salts {
  public:
    using Secret = std::array<std::uint8_t, 32>;

    // `secret` is random, of this process alone, and is never written down.
    explicit Salts(const Secret& secret) : secret_(secret) {}

    Salt of(const LogId& log, Seq seq) const;

  private:
    Secret secret_;
};

}  // namespace lanchat
