// What this node and one peer tell each other to find out in which logs they differ.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/sync/logs.hpp"
#include "controller/sync/summary.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// What somebody is told of a log of which something is on the disk.
Head head_of(const LogId& log, const Extent& stored);
// Says so in `frame`, unless nothing is there, or a proof against it is on its way to the disk.
void add_head(Frame& frame, const LogId& log, const Held* held);

// One round, begun by either side over every new link and again while they are not equal:
//
//   asker                                       answerer
//     its parts, its digest, asks ───────────>
//            <─────────── its parts, its digest; unless that is equal, its buckets
//     parts, which differ, its heads ────────>
//            <─────────── its heads in those
//
// If both ask at once, the question of the greater instance stays. Until a round has shown that all
// is told which the other may lack, it hears no news: it could not tell them from history.
class Comparison {
  public:
    // Over another link all begins anew: what was on its way is lost.
    void begin(Instant now);
    void ask(Instant now);
    // Whether it is not known to be equal to us at this version; then it is asked again, at next().
    bool is_open(std::uint64_t version) const { return settled_ != version; }
    Instant next() const { return next_; }

    // What comes in with a frame, after the heads in it. `greater`: our instance is.
    void take(const Frame& frame, Summary& ours, bool greater, Instant now);
    // What is owed goes out; true if something did.
    bool add(Frame& frame, Logs& logs, Instant now);
    // When something is owed that must wait.
    std::optional<Instant> due() const;

    // Whether what it had when it came is all told.
    bool heard_all() const { return heard_all_; }
    // From when on news may go there.
    Instant news_from() const { return told_all_ ? Instant::min() : began_ + limits::news_wait; }
    // Whether it has on its disk all that we have of `log`, as far as that is known.
    bool has_all(const LogId& log, const Summary& ours) const {
        return ours.version_of(log) <= (same_.empty() ? all_same_ : same_[bucket_of(log)]);
    }

  private:
    struct Question {
        Instant asked;
        ShortHash all;
        std::uint64_t version = 0;
    };

    void take(const Digest& theirs, Summary& ours, bool greater, Instant now);
    void take_answer(const Digest& theirs, const Question& asked, Summary& ours, Instant now);
    void take_differ(const Buckets& differ, const Summary& ours, Instant now);
    void settle(std::uint64_t version, Instant now);
    void differs(const Buckets& differ, std::uint64_t as_of, std::uint64_t version, Instant now);
    void list(Frame& frame, const Logs& logs);
    bool list_parts(Frame& frame, const Logs& logs, const Buckets& some);
    void give_answer(Frame& frame, Summary& ours, Instant now);
    bool owes_answer(Instant now) const { return asked_ && answer_from_ <= now; }

    bool asks_ = false;                        // our question is owed
    std::optional<Question> open_;             // it is not answered yet
    std::optional<ShortHash> asked_;           // theirs is not
    Instant answer_from_{};                    // no answer before
    std::optional<std::uint64_t> may_differ_;  // they were told our buckets as of this version

    std::optional<LogId> part_;      // the last of our parts that was told before what is owed
    std::optional<Buckets> differ_;  // what they are to be told of
    Buckets listed_;                 // our heads in these are owed
    bool is_listing_ = false;
    std::optional<LogId> last_;  // the last one told

    Instant began_{};
    bool told_all_ = false;
    bool heard_all_ = false;
    // The versions of our summary at which the peer held the same: all of it, and each bucket.
    std::uint64_t all_same_ = 0;
    std::vector<std::uint64_t> same_;

    std::uint64_t settled_ = 0;    // the version of which both are known to be equal
    std::uint64_t fruitless_ = 0;  // the version of the last round that found differences
    bool is_full_told_ = false;    // all heads were told since something last came of it
    Duration pause_ = limits::round_pause_min;
    Instant next_{};
};

}  // namespace lanchat::controller
