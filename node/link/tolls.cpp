// Virtual scheduling (ITU-T I.371): one point in time tells how full a bucket is.
#include "node/link/tolls.hpp"

#include <algorithm>
#include <chrono>

#include "message/limits.hpp"

namespace lanchat::link {
namespace {

using namespace std::chrono_literals;

constexpr Duration time_for(std::size_t runs) {
    return Duration(1s) * static_cast<Duration::rep>(runs) /
           static_cast<Duration::rep>(limits::verified_runs_per_s);
}

}  // namespace

Duration Tolls::pay(const Endpoint& from, std::size_t runs, Instant now) {
    if (runs == 0) return Duration{0};
    std::erase_if(settled_, [&](const auto& account) { return account.second <= now; });
    Instant& settled = settled_[from.ip.is_loopback() ? from : Endpoint{from.ip, 0}];
    settled = std::max(settled, now) + time_for(runs);
    return std::max(Duration{0}, settled - now - time_for(limits::verified_runs_burst));
}

}  // namespace lanchat::link
