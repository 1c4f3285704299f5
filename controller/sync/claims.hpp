// What one peer has of logs of which something is missing here.
#pragma once

#include <cstddef>
#include <map>

#include "controller/sync/device_counts.hpp"
#include "controller/sync/logs.hpp"
#include "message/ids.hpp"

namespace lanchat::controller {

// At most limits::news_per_peer_max logs. When they are full, the device with the most of them
// gives one up, so that nobody's many logs are in the way of another's few. What was given up is
// found again when all logs are compared.
class Claims {
  public:
    const Claim* find(const LogId& log) const;
    bool contains(const LogId& log) const { return claims_.contains(log); }
    // Made if there is none. Nothing: its own device has the most.
    Claim* at(const LogId& log);
    void erase(const LogId& log);
    std::size_t size() const { return claims_.size(); }

  private:
    std::map<LogId, Claim> claims_;
    DeviceCounts counts_;
};

}  // namespace lanchat::controller
