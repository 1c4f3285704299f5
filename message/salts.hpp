// Salts of bodies: random numbers that nobody else can tell, drawn from one secret.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "message/entry.hpp"
#include "message/hash.hpp"

namespace lanchat {

// Each line of a process has another salt, known before the line is said, so that the brain needs
// no randomness of its own. A hash gives the salts of two lines.
class Salts {
  public:
    using Secret = std::array<std::uint8_t, 32>;

    // `secret` is random, of this process alone, and is never written down.
    explicit Salts(const Secret& secret) : secret_(secret) {}

    Salt of(const LogId& log, Seq seq);

  private:
    Hash drawn(const LogId& log, Seq pair) const;

    Secret secret_;
    // What was drawn last.
    LogId log_;
    Seq pair_ = 0;
    std::optional<Hash> pair_of_salts_;
};

}  // namespace lanchat
