// How fast: the rate of connects, and the pauses between sweeps.
#pragma once

#include <chrono>
#include <cstdint>

#include "message/rng.hpp"
#include "message/time.hpp"

namespace lanchat::discover {

// At most `rate` events in any second, evenly spread with a little slack for late timers. Pure.
class RatePace {
  public:
    explicit RatePace(int rate);

    Instant earliest(Instant now) const;
    // Precondition: earliest() said `now`.
    void spend(Instant now);

  private:
    Duration interval_;
    Instant next_{};  // when the next event is due, slack aside
};

// 20 % shorter or longer by chance, so that nodes do not march in step.
Duration spread(Duration pause, Rng& rng);

// 0.25, 0.5, 1, 2 … s up to `longest`, each 20 % shorter or longer by chance: nodes started at the
// same instant meet at once, idle ones stay quiet, and they do not march in step. Pure.
class SweepPause {
  public:
    SweepPause(std::chrono::seconds longest, std::uint64_t seed);

    Duration next();
    void reset();  // begins anew

  private:
    Duration longest_;
    Duration pause_;
    Rng rng_;
};

}  // namespace lanchat::discover
