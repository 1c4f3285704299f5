// When a slow reader of our output holds the network back, and when we stop waiting for it.
#pragma once

#include <cstddef>

#include "message/time.hpp"

namespace lanchat::app {

// flowing ──above half──> held ──no progress──> stalled
//    ^                     │  ^                    │
//    └──below a quarter────┘  └─────progress───────┘
//
// Pure: the owner tells what it sees and asks what follows.
class Pressure {
  public:
    Pressure(std::size_t bytes_max, Duration patience)
        : bytes_max_(bytes_max), patience_(patience) {}

    // `queued`: bytes that wait for the reader; `done`: bytes it ever took.
    void observe(std::size_t queued, std::size_t done, Instant now) {
        if (done != done_) {
            done_ = done;
            progress_ = now;
            stalled_ = false;
        }
        if (!held_ && queued > bytes_max_ / 2) {
            held_ = true;
            progress_ = now;
        }
        if (held_ && queued < bytes_max_ / 4) held_ = stalled_ = false;
        if (held_ && now - progress_ >= patience_) stalled_ = true;
    }

    bool fits(std::size_t queued, std::size_t more) const { return queued + more <= bytes_max_; }
    bool is_held() const { return held_; }
    // Whether lines of peers should be taken in.
    bool receives() const { return !held_ || stalled_; }

  private:
    std::size_t bytes_max_;
    Duration patience_;
    std::size_t done_ = 0;
    Instant progress_{};
    bool held_ = false;
    bool stalled_ = false;
};

}  // namespace lanchat::app
