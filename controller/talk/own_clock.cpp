// How the clock of our own entries advances.
#include "controller/talk/own_clock.hpp"

#include <algorithm>
#include <cstdint>

namespace lanchat::controller {
namespace {

constexpr std::int64_t margin_ms = 1'000;

}  // namespace

OwnClock::OwnClock(Clock stored) : stored_(stored) {}

void OwnClock::heard(Clock other, const Believed& now) {
    if (heard_.time() > now.followed) heard_ = {};
    if (other.time() <= now.followed) heard_ = std::max(heard_, other);
}

Clock OwnClock::next(const Believed& now) {
    const bool is_first = last_ == Clock{};
    if (is_first && stored_ != Clock{})
        heard(Clock::at(WallTime{stored_.time().ms + margin_ms + 1}), now);
    const Clock followed = heard_.time() <= now.followed ? heard_ : Clock{};
    // One more than the greatest counter is the next millisecond.
    const Clock above{std::max(last_, followed).packed + 1};
    last_ = std::max(above, Clock::at(now.time));
    return last_;
}

}  // namespace lanchat::controller
