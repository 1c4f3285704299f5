// What this node holds of every log, and how much of that its disk has.
#pragma once

#include <cstddef>
#include <map>

#include "message/hash.hpp"
#include "message/ids.hpp"
#include "message/run.hpp"

namespace lanchat::controller {

struct Held {
    Seq seq = 0;     // verified here: all entries up to this one
    Hash head;       // of the log at seq
    Seq stored = 0;  // flushed here, or below the floor
    Hash stored_head;
    Seq floor = 0;        // all up to this one was trimmed
    bool forked = false;  // its author signed two lines for one place: it grows no more

    bool operator==(const Held&) const = default;
};

class Logs {
  public:
    using Map = std::map<LogId, Held>;

    enum class Verdict {
        fresh,   // the log has grown by the items of the run above its old head
        known,   // nothing new in it
        ahead,   // something before it is missing here
        forked,  // it contradicts what is held; the log is frozen from now on
    };

    explicit Logs(Map held = {}) : held_(std::move(held)) {}

    // Takes what is new in `run`.
    Verdict take(const VerifiedRun& run);

    // `run` is on the disk.
    void stored(const VerifiedRun& run);

    // False for a log that is not held yet when there are too many.
    bool has_place_for(const LogId& log) const;

    const Held* find(const LogId& log) const;
    Seq seq_of(const LogId& log) const;
    Seq stored_of(const LogId& log) const;
    const Map& all() const { return held_; }

  private:
    Map held_;
};

}  // namespace lanchat::controller
