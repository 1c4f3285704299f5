// The ledger: what this process says, of which the newest part is at hand for those who link now.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/draft.hpp"
#include "controller/talk/own_clock.hpp"
#include "message/frame.hpp"
#include "message/run.hpp"
#include "message/salts.hpp"

namespace lanchat::controller {

// The number of a line among all that this process says. As long as it says them in one log, that
// is the line's number there too.
using Place = std::uint64_t;

// Numbers, dates, chains and signs what is said here. Lines said together are signed together: a
// run is sealed when somebody is about to get it or it is full (log.md 3), never changed after
// that.
//
// A process says its lines in one log, until a wrong clock spoils that: then it turns a page, and
// says what follows in a new one.
//
// Peers hold a place in the ledger instead of a queue of their own, so a slow peer costs nothing
// more than the others. What lies at or below `base` is in the store only.
class Ledger {
  public:
    // Preconditions: `key` is of `log`, and nothing was ever said in `log`.
    Ledger(LogId log, std::shared_ptr<const DeviceKey> key, OwnClock clock,
           std::optional<Ended> previous, const Salts& salts);

    // Appends an entry, of which place, clock and salt are filled in here; the oldest runs go when
    // a bound is met.
    Entry append(const Believed& now, Entry entry);

    // What is said from now on goes into the log `epoch` of this device, dated anew. Precondition:
    // nothing is unsealed, and nothing was ever said there.
    void turn_page(Epoch epoch);

    // Signs what was said since the last seal. Nothing to sign: nothing returned.
    RunPtr seal();
    // Whether a run is full, or a line waits that nobody has asked for yet.
    bool is_full() const { return draft_.is_full(); }
    bool has_unsealed() const { return !draft_.empty(); }

    const LogId& log() const { return pages_.back().log; }
    Place head() const { return head_; }  // number of the newest line, 0 if none
    Place sealed() const { return head_ - draft_.size(); }
    Place base() const { return base_; }  // newest line that is not at hand any more

    LineId next_line() const { return {log(), head_ - pages_.back().before + 1}; }

    // How much was said in each of its logs that are not many pages ago, the newest first.
    std::vector<Said> said() const;

    // The place of the line `seq` of `log` (0: before its first). Nothing: it was never said, or it
    // is many pages ago.
    std::optional<Place> place_of(const LogId& log, Seq seq) const;

    struct Sealed {
        RunPtr run;
        Place last = 0;  // of its lines
    };
    // The run that holds the line after `after`. Precondition: base() <= after < sealed().
    const Sealed& run_after(Place after) const;
    // Precondition: base() < place <= head().
    Entry at(Place place) const;

    // How many lines are among the entries after `after` up to `to`.
    std::uint64_t lines_between(Place after, Place to) const;

    // Bytes of the lines at hand after `after`.
    std::size_t bytes_after(Place after) const;

    OwnClock& clock() { return clock_; }

  private:
    struct Page {
        LogId log;
        Place before = 0;  // its first line
    };

    void drop_oldest();

    std::deque<Page> pages_;  // the newest of them
    std::shared_ptr<const DeviceKey> key_;
    OwnClock clock_;
    std::optional<Ended> previous_;
    Salts salts_;

    std::deque<Sealed> runs_;
    Draft draft_;
    std::vector<Place> met_;          // the entries that are no lines
    std::deque<std::uint64_t> ends_;  // bytes said up to and including each line at hand
    Place head_ = 0;
    Place base_ = 0;
    std::uint64_t said_bytes_ = 0;
    std::uint64_t dropped_bytes_ = 0;
};

}  // namespace lanchat::controller
