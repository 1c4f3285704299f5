// The clock of our own entries: a hybrid logical clock (log.md 12, Kulkarni et al., 2014).
#pragma once

#include "controller/wall_time.hpp"
#include "message/entry.hpp"

namespace lanchat::controller {

class OwnClock {
  public:
    // For a new log. `stored` is the highest clock of what this device stored and may believe: its
    // last lines may be lost, so the new log starts a second above (log.md 2), unless that is later
    // than can be believed when the first line is said.
    explicit OwnClock(Clock stored);

    // Takes the clock of another author's entry. A clock that is later than we may believe now does
    // not move ours.
    void heard(Clock other, const Believed& now);

    // For the next own entry: strictly above the one before and what was heard and is followed, and
    // no later than can be believed unless the one before was.
    Clock next(const Believed& now);

    // Another log begins, whose first entry need not be above the last one of this.
    void begin_anew() { last_ = {}; }

    // Whether the newest own entry is later than can be believed. Then all later ones would be: no
    // clock of a log goes back.
    bool is_ahead(const Believed& now) const { return last_.time() > now.latest; }

  private:
    Clock last_;
    Clock stored_;
    Clock heard_;
};

}  // namespace lanchat::controller
