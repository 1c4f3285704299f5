// How the clock of our own entries advances.
#include "controller/own_clock.hpp"

#include <algorithm>
#include <cstdint>

namespace lanchat::controller {
namespace {

constexpr std::int64_t margin_ms = 1'000;
constexpr std::int64_t lead_ms_max = 10 * 60 * 1'000;
// In the year 6429. Whoever says that it is later is wrong, and would leave no room above.
constexpr std::int64_t ms_max = std::int64_t{1} << 47;

Clock later(WallTime time, std::int64_t by_ms) {
    return Clock::at(WallTime{std::clamp<std::int64_t>(time.ms, 0, ms_max) + by_ms});
}

}  // namespace

OwnClock::OwnClock(Clock stored) : last_(later(stored.time(), margin_ms + 1)) {}

void OwnClock::heard(Clock other) { heard_ = std::max(heard_, other); }

Clock OwnClock::next(WallTime wall) {
    const Clock followed = std::min(heard_, later(wall, lead_ms_max));
    // One more than the greatest counter is the next millisecond.
    const Clock above{std::max(last_, followed).packed + 1};
    last_ = std::max(above, later(wall, 0));
    return last_;
}

}  // namespace lanchat::controller
