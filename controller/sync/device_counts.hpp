// How many of something belong to each device, so that whoever has most of it makes room for
// others.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "message/ids.hpp"

namespace lanchat::controller {

class DeviceCounts {
  public:
    void add(const DeviceId& device) { set(device, of(device) + 1); }
    void remove(const DeviceId& device) { set(device, of(device) - 1); }
    std::size_t of(const DeviceId& device) const {
        const auto known = counts_.find(device);
        return known == counts_.end() ? 0 : known->second;
    }
    // Precondition: somebody has some.
    const DeviceId& greatest() const { return by_count_.rbegin()->second; }
    // Whether somebody has more than `device`, and so makes room for it.
    bool yields_to(const DeviceId& device) const {
        return !by_count_.empty() && by_count_.rbegin()->first > of(device);
    }

  private:
    void set(const DeviceId& device, std::size_t count) {
        by_count_.erase({of(device), device});
        if (count == 0) return void(counts_.erase(device));
        counts_[device] = count;
        by_count_.insert({count, device});
    }

    std::map<DeviceId, std::size_t> counts_;
    std::set<std::pair<std::size_t, DeviceId>> by_count_;
};

}  // namespace lanchat::controller
