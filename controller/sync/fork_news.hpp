// Which proofs of forks a peer is still to be told, and when.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/sync/logs.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// A peer that has not told that it can prove a fork at so low a place gets our proof. Who forks a
// log of n lines can do so n times, a place lower each time: the pause between proofs about one log
// doubles, and only the lowest is told after it. Nothing is told that is not on our disk.
class ForkNews {
  public:
    // Over another link nothing is known of it, so it will have to be told all that it may be.
    using May = std::function<bool(const LogId&)>;
    void begin(const Logs::Map& held, Instant now, const May& may_be_told);
    // We can prove that `log` is forked at `place`.
    void owe(const LogId& log, Seq place, Instant now);
    // The peer wants what lies behind our place, so it cannot prove it (any more).
    void asked(const LogId& log, Seq place, Instant now);
    // The peer can prove that `log` is forked at `place`: it told us, or we told it.
    void knows(const LogId& log, Seq place);

    std::optional<Instant> due() const;
    bool is_due(Instant now) const { return due() && *due() <= now; }
    // The logs of which a proof is due, at most a frame full. What of them the peer does not know
    // when `taken_told` is called is owed again.
    std::vector<LogId> take(Instant now);
    void taken_told();

  private:
    struct Told {
        Seq ours = 0;
        Seq there = 0;           // 0: none that we know of
        std::uint32_t sent = 0;  // so many proofs
        Instant last{};
        std::optional<Instant> due;
    };
    void schedule(const LogId& log, Told& told, Instant due);
    static bool lacks(const Told& told) { return told.there == 0 || told.there > told.ours; }

    std::map<LogId, Told> logs_;
    std::set<std::pair<Instant, LogId>> owed_;
    std::vector<LogId> taken_;
    Instant next_{};
};

}  // namespace lanchat::controller
