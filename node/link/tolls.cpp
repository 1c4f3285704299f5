// Virtual scheduling (ITU-T I.371): one point in time tells how full a bucket is.
#include "node/link/tolls.hpp"

#include <algorithm>
#include <chrono>

namespace lanchat::link {

Duration Tolls::time_for(std::size_t things) const {
    return Duration(std::chrono::seconds(1)) * static_cast<Duration::rep>(things) /
           static_cast<Duration::rep>(per_second_);
}

Duration Tolls::pay(const Endpoint& from, std::size_t things, Instant now) {
    if (things == 0) return Duration{0};
    std::erase_if(settled_, [&](const auto& account) { return account.second <= now; });
    Instant& settled = settled_[from.ip.is_loopback() ? from : Endpoint{from.ip, 0}];
    settled = std::max(settled, now) + time_for(things);
    return std::max(Duration{0}, settled - now - time_for(burst_));
}

}  // namespace lanchat::link
