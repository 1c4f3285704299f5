// Delivery: how many of those who were here when a line was said have it on their disks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/events.hpp"
#include "message/entry.hpp"

namespace lanchat::controller {

// Counts for the own lines that somebody watches: the newest so many, older ones are forgotten.
// What changes is told once, and only of lines that are stored here, by take_changes().
class Deliveries {
  public:
    static constexpr std::size_t lines_max = 1'024;

    struct Change {
        LineId line;
        DeliveryCount count;
    };

    // Begins to count. The audience never grows (log.md 20). No line twice.
    void watch(const LineId& line, const std::vector<DeviceId>& audience);

    void stored_here(const LogId& log, Seq seq);  // all up to `seq`
    // Those after `after` up to `seq`.
    void stored_there(const DeviceId& device, const LogId& log, Seq after, Seq seq);
    void left(const DeviceId& device);
    void came(const DeviceId& device);

    std::set<LogId> logs() const;  // of the lines that are watched
    std::optional<DeliveryCount> find(const LineId& line) const;
    bool has_changes() const { return !changed_.empty(); }
    std::vector<Change> take_changes();

  private:
    struct Member {
        DeviceId device;
        bool has = false;
        bool gone = false;
    };
    struct Watched {
        std::vector<Member> audience;  // by device
        DeliveryCount count;
        bool stored = false;

        Member* find(const DeviceId& device);
    };
    using Lines = std::map<LineId, Watched>;

    Seq news_from(const DeviceId& device, const LogId& log, Seq after, Seq seq);
    void touch(Lines::value_type& line);
    void mark(const DeviceId& device, bool gone);

    Lines lines_;
    std::deque<LineId> order_;  // in which they came to be watched
    std::set<LineId> changed_;
    // Up to where all lines of a log that are watched have been looked at, for what is stored
    // there; no device: here.
    std::map<std::pair<LogId, DeviceId>, Seq> known_;
};

}  // namespace lanchat::controller
