// Points in time as people write them on a command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/time.hpp"

namespace lanchat::app {

enum class DayEdge { first, last };

// "90s", "15m", "2h", "7d": so long before `now`. "2026-11-20": the first or the last moment of
// that day. "2026-11-20T10:03", with seconds and fractions if wanted, a blank for the T if liked:
// then, local time, or with a final Z or +02:00, as there. A local time that clocks skip is the
// first one after it. Nothing else.
std::optional<WallTime> parse_time(std::string_view text, WallTime now, DayEdge edge);

// What the clock on this machine's wall shows.
WallTime wall_now();

// "2026-11-20 10:03:11" in local time.
std::string local_time(WallTime time);

}  // namespace lanchat::app
