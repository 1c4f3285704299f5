// RatePace is the generic cell rate algorithm: one instant instead of a bucket that has to be
// filled.
#include "discover/pace.hpp"

#include <algorithm>

#include "message/assert.hpp"

namespace lanchat::discover {

namespace {

constexpr Duration slack = std::chrono::milliseconds{20};
constexpr Duration first_pause = std::chrono::milliseconds{250};

}  // namespace

// Events of the slack come on top of the regular ones, so the interval is stretched by as much:
// no second then sees more than `rate`. Rounded up.
RatePace::RatePace(int rate)
    : interval_((Duration{std::chrono::seconds{1}} + slack) / std::max(rate, 1) + Duration{1}) {}

// Who has to wait waits for several events' worth, which saves most of the wake-ups of a sweep.
Instant RatePace::earliest(Instant now) const {
    return next_ - slack <= now ? now : next_ - slack / 2;
}

void RatePace::spend(Instant now) {
    LANCHAT_ASSERT(earliest(now) <= now);
    next_ = std::max(now, next_) + interval_;
}

Duration spread(Duration pause, Rng& rng) {
    const auto percent = 80 + static_cast<Duration::rep>(rng.below(41));
    return pause * percent / 100;
}

SweepPause::SweepPause(std::chrono::seconds longest, std::uint64_t seed)
    : longest_(std::max<Duration>(longest, first_pause)), pause_(first_pause), rng_(seed) {}

Duration SweepPause::next() {
    const auto pause = spread(pause_, rng_);
    pause_ = std::min(pause_ * 2, longest_);
    return pause;
}

void SweepPause::reset() { pause_ = first_pause; }

}  // namespace lanchat::discover
