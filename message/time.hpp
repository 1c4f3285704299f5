// The two clocks: Instant measures and never jumps, WallTime is for people and may.
#pragma once

#include <chrono>
#include <cstdint>

namespace lanchat {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// Milliseconds since 1970-01-01 UTC, as some machine believed. Any value is possible.
struct WallTime {
    std::int64_t ms = 0;
    auto operator<=>(const WallTime&) const = default;
};

struct Now {
    Instant steady;
    WallTime wall;
};

}  // namespace lanchat
