// Logs lie by their device.
#include "controller/sync/claims.hpp"

#include "message/limits.hpp"

namespace lanchat::controller {

const Claim* Claims::find(const LogId& log) const {
    const auto known = claims_.find(log);
    return known == claims_.end() ? nullptr : &known->second;
}

Claim* Claims::at(const LogId& log) {
    const auto known = claims_.find(log);
    if (known != claims_.end()) return &known->second;
    if (claims_.size() >= limits::news_per_peer_max) {
        if (!counts_.yields_to(log.device)) return nullptr;
        const LogId gone = claims_.lower_bound({counts_.greatest(), {}, {}})->first;
        erase(gone);
    }
    counts_.add(log.device);
    return &claims_[log];
}

void Claims::erase(const LogId& log) {
    if (claims_.erase(log) > 0) counts_.remove(log.device);
}

}  // namespace lanchat::controller
