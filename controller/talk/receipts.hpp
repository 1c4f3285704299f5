// Receipts: of whose lines one is owed, which of others are news, and who is known through them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "message/receipt.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// When receipts go next: at most every limits::receipt_interval.
class Pace {
  public:
    // Some are to go, not before `from`; an earlier wish stays.
    void wish(Instant from);
    std::optional<Instant> due() const { return due_; }
    // True if they go now.
    bool take(Instant now);

  private:
    std::optional<Instant> due_;
    std::optional<Instant> last_;
};

class Receipts {
  public:
    // `log` has grown here, and its author cannot hear it from us.
    void owe(const LogId& log, Instant now);

    std::optional<Instant> due() const { return pace_.due(); }

    // Whose receipts are to be made now, some of them: at most limits::frame_receipts_max every
    // limits::receipt_interval.
    std::vector<LogId> take_owed(Instant now);

    // Greater than all before.
    std::uint64_t next_count() { return ++made_; }

    // Whether it says more than the last one of that process and log. Each is news once, as long
    // as not too many others came since.
    bool is_news(const Receipt& receipt);

  private:
    std::set<LogId> owed_;
    Pace pace_;
    std::uint64_t made_ = 0;
    std::map<std::pair<NodeId, LogId>, std::uint64_t> known_;  // its count
};

// What waits for one peer: of each process and log the newest, so many at a time.
class ReceiptQueue {
  public:
    void add(const Receipt& receipt, Instant now);
    std::optional<Instant> due() const { return pace_.due(); }
    std::vector<Receipt> take(Instant now);  // none before they are due

  private:
    std::map<std::pair<NodeId, LogId>, Receipt> waiting_;
    Pace pace_;
};

// Members that were linked or sent a receipt.
class FarMembers {
  public:
    // False: it was known.
    bool know(const NodeId& who);

    struct Change {
        std::vector<DeviceId> came;
        std::vector<DeviceId> went;
    };
    // Those are live of whom `is_live` says so now.
    template <class IsLive>
    Change look(const IsLive& is_live) {
        std::set<DeviceId> live;
        for (const NodeId& who : known_)
            if (is_live(who)) live.insert(who.device);
        return changed_to(std::move(live));
    }
    const std::set<DeviceId>& live() const { return live_; }

  private:
    Change changed_to(std::set<DeviceId> live);

    std::set<NodeId> known_;
    std::set<DeviceId> live_;
};

}  // namespace lanchat::controller
