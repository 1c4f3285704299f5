// A token bucket for each device, kept as the moment at which it will be full.
#include "controller/sync/openings.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {

bool Openings::may_open(const DeviceId& device, Instant now) const {
    const auto known = whole_.find(device);
    if (known == whole_.end()) return true;
    constexpr Duration all = limits::opening_interval * limits::openings_at_once;
    return known->second - now <= all - limits::opening_interval;
}

void Openings::opened(const DeviceId& device, Instant now) {
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
        whole_.erase(by_time_.begin()->second);
        by_time_.erase(by_time_.begin());
    }
    const auto [known, is_new] = whole_.try_emplace(device, now);
    if (!is_new) by_time_.erase({known->second, device});
    known->second += limits::opening_interval;
    by_time_.insert({known->second, device});
    if (whole_.size() <= limits::openings_remembered) return;
    whole_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
}

}  // namespace lanchat::controller
