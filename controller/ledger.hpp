// The ledger: this process's own log, of which the newest part is at hand for those who link now.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/own_clock.hpp"
#include "message/run.hpp"

namespace lanchat::controller {

// Numbers, dates, chains and signs what is said here. Lines said together are signed together: a
// run is sealed when somebody is about to get it or it is full (log.md 3), never changed after
// that.
//
// Peers hold a position in the ledger instead of a queue of their own, so a slow peer costs nothing
// more than the others. What lies at or below `base` is in the store only.
class Ledger {
  public:
    // Preconditions: `key` is of `log`, and nothing was ever said in `log`.
    Ledger(LogId log, std::shared_ptr<const DeviceKey> key, OwnClock clock,
           std::optional<Ended> previous);

    // Says a line and keeps it; the oldest runs go when a bound is met.
    const Entry& append(WallTime now, std::string name, std::string room, std::string text,
                        std::string said_id = {});

    // Signs what was said since the last seal. Nothing to sign: nothing returned.
    RunPtr seal();
    // Whether a run is full, or a line waits that nobody has asked for yet.
    bool is_full() const;
    bool has_unsealed() const { return !open_.empty(); }

    const LogId& log() const { return log_; }
    Seq head() const { return head_; }  // number of the newest line, 0 if none
    Seq sealed() const { return head_ - open_.size(); }
    Seq base() const { return base_; }  // newest line that is not at hand any more

    // The run that holds the line after `after`. Precondition: base() <= after < sealed().
    const RunPtr& run_after(Seq after) const;
    // Precondition: base() < seq <= head().
    const Entry& at(Seq seq) const;

    // Bytes of the lines at hand after `after`.
    std::size_t bytes_after(Seq after) const;

    OwnClock& clock() { return clock_; }

  private:
    const std::vector<VerifiedRun::Item>& items_with(Seq seq) const;
    void drop_oldest();

    LogId log_;
    std::shared_ptr<const DeviceKey> key_;
    OwnClock clock_;
    std::optional<Ended> previous_;

    std::deque<RunPtr> runs_;
    std::vector<Entry> open_;  // said, not yet signed
    std::size_t open_bytes_ = 0;
    std::deque<std::uint64_t> ends_;  // bytes said up to and including each line at hand
    Seq head_ = 0;
    Seq base_ = 0;
    Hash sealed_head_;
    std::uint64_t said_bytes_ = 0;
    std::uint64_t dropped_bytes_ = 0;
};

// What a line costs in a run, at most.
std::size_t encoded_bytes(const Entry& entry);

}  // namespace lanchat::controller
