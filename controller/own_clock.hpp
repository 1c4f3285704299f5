// The clock of our own entries: a hybrid logical clock (log.md 12, Kulkarni et al., 2014).
#pragma once

#include "message/entry.hpp"

namespace lanchat::controller {

class OwnClock {
  public:
    // For a new log. `stored` is the highest clock that this device is known to have used: its last
    // lines may be lost, so the new log starts a second above (log.md 2).
    explicit OwnClock(Clock stored);

    // Of an entry of somebody else.
    void heard(Clock other);

    // For the next own entry. Strictly above the one before, and above everything heard, except
    // for what is more than 10 minutes past `wall`: nobody's clock leads us further than that.
    Clock next(WallTime wall);

  private:
    Clock last_;
    Clock heard_;
};

}  // namespace lanchat::controller
