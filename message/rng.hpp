// SplitMix64: small, seedable and the same on every platform, unlike the distributions of <random>.
// For jitter and tie-breaks, never for secrets. Source: Steele, Lea, Flood, OOPSLA 2014.
#pragma once

#include <cstdint>

namespace lanchat {

class Rng {
  public:
    explicit Rng(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    // Below `n`, n > 0; the bias of the remainder does not matter for what we use it for.
    std::uint64_t below(std::uint64_t n) { return next() % n; }

  private:
    std::uint64_t state_;
};

}  // namespace lanchat
