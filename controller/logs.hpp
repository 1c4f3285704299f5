// What is held of every log: who has said how much, verified, and how much of it is on disk.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "controller/summary.hpp"
#include "message/extent.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

struct Held {
    Extent here;            // verified
    Extent stored;          // flushed
    bool freezing = false;  // the proof of a fork at here.forked is on its way to the disk

    // The disk knows what is left of it: until it tells, nothing comes to that.
    bool is_being_cut() const { return freezing && here.last() > here.limit(); }

    bool operator==(const Held&) const = default;
};

// What somebody says it has of a log: as Head, without what is looked at once.
struct Claim {
    // Entries after `after` up to `last`.
    struct Range {
        Seq after = 0;
        Seq last = 0;
    };
    Range base;
    std::optional<Range> tail;

    const Range& top() const { return tail ? *tail : base; }
};
Claim claim_of(const Head& head);

class Logs {
  public:
    using Map = std::map<LogId, Held>;

    enum class Verdict {
        fresh,        // more of the log is held
        known,        // nothing new in it, or nothing can be taken now
        ahead,        // something before it is missing here
        contradicts,  // it is of another branch than what is held
    };

    explicit Logs(Map held = {});

    // Takes what is new in `run`. One that continues nothing is only taken if `may_detach`.
    Verdict take(const VerifiedRun& run, bool may_detach = false);

    // `run` is on the disk.
    void stored(const VerifiedRun& run);

    // The store gave up what `log` has up to `floor`.
    void trimmed(const LogId& log, Seq floor, const Hash& head);

    // A fork of `log` is proven at `place`: nothing from there on counts. False if that is known of
    // this place or a lower one. Until `frozen` the disk has not kept it.
    bool freeze(const LogId& log, Seq place);
    // The disk has: `stored` is what is left. False if that is not the lowest place any more.
    bool frozen(const LogId& log, const Extent& stored);

    // False for a log that is not held yet when there are too many.
    bool has_place_for(const LogId& log) const;

    const Held* find(const LogId& log) const;
    const Extent& extent(const LogId& log) const;  // verified; of an unknown log: empty
    Ack stored_of(const LogId& log) const;         // the newest stretch on disk
    const Map& all() const { return held_; }
    Summary& summary() { return summary_; }  // of public logs on disk
    const Summary& summary() const { return summary_; }

  private:
    void note(const Map::value_type& known);

    Map held_;
    Summary summary_;
};

// When much was missed, its newest lines are asked for first.
struct Haste {
    Seq in_order = limits::in_order_lines;  // so many are not much
    Seq recent = limits::recent_lines;      // so many are the newest; of a new log more is much
};

// What to ask for of a log, of which `held` is here, next: of what somebody has who makes that
// claim. All up to `missed` was said while we were not linked with it. Nothing: it has nothing that
// is missing here.
std::optional<Want> next_want(const LogId& log, const Extent& held, const Claim& there, Seq missed,
                              const Haste& haste);

}  // namespace lanchat::controller
