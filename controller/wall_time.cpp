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
constexpr std::int64_t own_ms = milliseconds(limits::clock_own_max).count();
constexpr std::int64_t apart_ms = milliseconds(limits::clock_apart_max).count();
// In the year 6429. Whoever says that it is later is wrong, and would leave no room above.
constexpr std::int64_t ms_max = std::int64_t{1} << 47;

std::int64_t steady_ms(Instant now) {
    return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

std::int64_t possible(WallTime time) { return std::clamp<std::int64_t>(time.ms, 0, ms_max); }

}  // namespace

std::int64_t ahead_of_steady_ms(Now now) { return possible(now.wall) - steady_ms(now.steady); }

void WallTimes::told(const NodeId& who, WallTime time, Instant now) {
    gone(who);
    const std::int64_t offset = ahead_of_steady_ms({now, time});
    offsets_[who] = offset;
    sorted_.insert(std::ranges::lower_bound(sorted_, offset), offset);
}

void WallTimes::gone(const NodeId& who) {
    const auto known = offsets_.find(who);
    if (known == offsets_.end()) return;
    sorted_.erase(std::ranges::lower_bound(sorted_, known->second));
    offsets_.erase(known);
}

Believed WallTimes::at(Now now) const {
    const std::int64_t own = possible(now.wall);
    const std::int64_t steady = steady_ms(now.steady);
    auto votes = sorted_;
    const std::int64_t ours = ahead_of_steady_ms(now);
    votes.insert(std::ranges::lower_bound(votes, ours), ours);
    const std::int64_t earlier = votes[(votes.size() - 1) / 2];
    const std::int64_t later = votes[votes.size() / 2];
    const std::int64_t middle = later - earlier <= apart_ms ? later : earlier;
    const std::int64_t median = std::clamp<std::int64_t>(middle + steady, 0, ms_max);
    const bool is_off = own < median - own_ms || own > median + own_ms;
    return {WallTime{is_off ? median : own}, WallTime{median + follow_ms},
            WallTime{median + lead_ms}};
}

}  // namespace lanchat::controller
