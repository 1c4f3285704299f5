// What time it is, as far as all who are linked can tell: the median of their wall clocks.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// What we may believe now.
struct Believed {
    WallTime time;      // ours, or the median's where ours is too far off
    WallTime followed;  // whose clock is later than this is not followed
    WallTime latest;    // 10 minutes past the median: nothing of ours shall be dated later
};

// The wall times that peers told, each carried on by the steady clock since; one vote each, and one
// is ours. Values of any kind are taken: a minority of liars moves the median no further than to
// somebody honest.
class WallTimes {
  public:
    // Its newest word counts.
    void told(InstanceId who, WallTime time, Instant now);
    void gone(InstanceId who);

    // Of two middle ones that which is nearer to ours: where nobody can decide, ours counts.
    Believed at(Now now) const;

  private:
    std::map<InstanceId, std::int64_t> offsets_;  // wall - steady, in ms
    std::vector<std::int64_t> sorted_;            // the same
};

}  // namespace lanchat::controller
