// Reads the steady clock.
#pragma once

#include "message/time.hpp"

namespace lanchat::discover {

inline Instant steady_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

}  // namespace lanchat::discover
