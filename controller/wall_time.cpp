// Clocks run alike, so what a clock showed is kept as its distance from our steady one.
#include "controller/wall_time.hpp"

#include <algorithm>
#include <chrono>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t lead_ms = milliseconds(limits::clock_lead_max).count();
constexpr std::int64_t follow_ms = milliseconds(limits::clock_follow_max).count();
// In the year 6429. Whoever says that it is later is wrong, and would leave no room above.
constexpr std::int64_t ms_max = std::int64_t{1} << 47;

std::int64_t steady_ms(Instant now) {
    return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

std::int64_t possible(WallTime time) { return std::clamp<std::int64_t>(time.ms, 0, ms_max); }

}  // namespace

void WallTimes::told(InstanceId who, WallTime time, Instant now) {
    gone(who);
    const std::int64_t offset = possible(time) - steady_ms(now);
    offsets_[who] = offset;
    sorted_.insert(std::ranges::lower_bound(sorted_, offset), offset);
}

void WallTimes::gone(InstanceId who) {
    const auto known = offsets_.find(who);
    if (known == offsets_.end()) return;
    sorted_.erase(std::ranges::lower_bound(sorted_, known->second));
    offsets_.erase(known);
}

Believed WallTimes::at(Now now) const {
    const std::int64_t own = possible(now.wall);
    const std::int64_t steady = steady_ms(now.steady);
    auto votes = sorted_;
    votes.insert(std::ranges::lower_bound(votes, own - steady), own - steady);
    const auto low = votes.begin() + static_cast<std::ptrdiff_t>((votes.size() - 1) / 2);
    const auto high = votes.begin() + static_cast<std::ptrdiff_t>(votes.size() / 2);
    const std::int64_t median =
        std::clamp<std::int64_t>(std::clamp(own - steady, *low, *high) + steady, 0, ms_max);
    const bool is_off = own < median - follow_ms || own > median + follow_ms;
    return {WallTime{is_off ? median : own}, WallTime{median + follow_ms},
            WallTime{median + lead_ms}};
}

}  // namespace lanchat::controller
