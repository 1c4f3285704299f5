// Where the branches of logs part that a peer and this node hold: found by asking for the middle.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "message/fork.hpp"
#include "message/frame.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// Each question halves what is in doubt. One that is not answered within pull_timeout makes room
// for the next; whoever asked for nothing will be told the same head again (log.md 18).
class Inquiries {
  public:
    // The heads of `log` differ at `differs`; what is up to `low` cannot be compared. The answer is
    // what to ask the peer; nothing if it is asked already, or too much is in doubt.
    std::optional<Want> begin(const LogId& log, Seq low, Seq differs, Instant now);

    // Whether the peer was asked for an entry of `run`.
    bool is_answer(const VerifiedRun& run) const;
    // Up to here the peer and we are known to agree; nothing: no inquiry into `log`.
    std::optional<Seq> agreed(const LogId& log) const;

    // Its run was compared with ours: they agree up to `same`, if that is not 0, and prove `fork`
    // if there is one. The answer is what to ask next; nothing: it is over.
    std::optional<Want> compared(const LogId& log, Seq same, const std::optional<Fork>& fork,
                                 Instant now);

    void clear() { open_.clear(); }

  private:
    struct Inquiry {
        Seq low = 0;   // here both agree, or nothing can be compared
        Seq high = 0;  // here they differ
        Seq asked = 0;
        Instant until{};
    };
    static Want ask(const LogId& log, Inquiry& inquiry, Seq seq, Instant now);

    std::map<LogId, Inquiry> open_;
};

}  // namespace lanchat::controller
