// How fast each device may open logs here (log.md 1): a share of its own, so that a device that
// opens very many waits itself, and nobody else waits for it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// A device may open limits::openings_at_once logs, then limits::opening_interval passes from one to
// the next. Nothing is refused for good: what has to wait is asked for later.
class Openings {
  public:
    bool may_open(const DeviceId& device, Instant now) const;
    // The device has begun a log, whether it had a share left or not.
    void opened(const DeviceId& device, Instant now);

    // Devices whose share is not whole. Of more than limits::openings_remembered the one that lacks
    // least of it is forgotten.
    std::size_t remembered() const { return whole_.size(); }

  private:
    std::map<DeviceId, Instant> whole_;  // when the share of each is whole again
    std::set<std::pair<Instant, DeviceId>> by_time_;
};

}  // namespace lanchat::controller
