// What is held of every log: who has said how much, verified, and how much of it is on disk.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "controller/sync/summary.hpp"
#include "message/extent.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

struct Held {
    Extent here;            // verified
    Extent stored;          // flushed
    bool freezing = false;  // the proof of a fork at here.forked is on its way to the disk

    // Entries at or behind the proven fork are being dropped by the disk. Until the disk has told
    // how much of the log remains, no entry is added to what is held.
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
// Whether something before its end is missing.
inline bool is_part(const Claim& claim) { return claim.tail || claim.base.after > 0; }

// Whether all of a log is here and on the disk, and nothing speaks against it: then a leaf of the
// summary and the head before its first entry say all there is.
bool may_rest(const LogId& log, const Extent& stored);

// A log is at hand as long as something happens to it. Of the others only a leaf is kept, and they
// come to hand again when they are looked up, so nobody need know which are.
class Logs {
  public:
    using Map = std::map<LogId, Held>;

    enum class Verdict {
        fresh,        // more of the log is held
        known,        // nothing new in it, or nothing can be taken now
        ahead,        // something before it is missing here
        contradicts,  // it is of another branch than what is held
    };

    // `resting`: more logs, which may rest and of which the first entry is held.
    explicit Logs(Map held = {}, Leaves resting = {},
                  std::size_t at_hand_max = limits::logs_at_hand);

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

    const Held* find(const LogId& log) const;
    const Extent& extent(const LogId& log) const;  // verified; of an unknown log: empty
    Ack stored_of(const LogId& log) const;         // the newest stretch on disk
    // All direct and forked ones, those that are incomplete, and those that changed of late.
    const Map& at_hand() const { return held_; }
    // Lets those rest to which nothing happened since the last time, when they are many. What was
    // looked up before may be gone then.
    void tidy();
    Summary& summary() { return summary_; }  // of public logs on disk
    const Summary& summary() const { return summary_; }

  private:
    void note(const Map::value_type& known);
    // The log with all its state, made from its leaf if it was at rest. Null: the log is unknown.
    Map::value_type* at_hand(const LogId& log) const;
    bool rests_well(const Map::value_type& known) const;

    mutable Map held_;
    std::map<LogId, Hash> before_;  // the heads before the first entries, where some are gone
    Summary summary_;
    std::size_t at_hand_max_;
    std::size_t tidy_at_;
    std::uint64_t tidied_ = 0;  // the version of the summary then
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
