// What time it is, as far as all who are linked can tell: the median of their wall clocks, of two
// the later one.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// What a wall clock shows less what our steady one does. Of clocks that run alike it stays.
std::int64_t ahead_of_steady_ms(Now now);

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
    void told(const NodeId& who, WallTime time, Instant now);
    void gone(const NodeId& who);

    // Of two middle ones the later: whoever is linked takes the same, so what answers is dated
    // after what it answers. A clock that is off shows the past as a rule (1970, the last
    // shutdown). If they are more than a century apart it is the earlier: nobody leads to the year
    // 9999.
    Believed at(Now now) const;
    bool empty() const { return offsets_.empty(); }

  private:
    std::map<NodeId, std::int64_t> offsets_;  // wall - steady, in ms
    std::vector<std::int64_t> sorted_;        // the same
};

}  // namespace lanchat::controller
