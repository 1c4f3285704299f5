// Which lines of the store were news when they came, and which were history.
#pragma once

#include <set>
#include <vector>

#include "message/run.hpp"
#include "node/store/store.hpp"

namespace lanchat {

class Arrivals {
  public:
    // All that is in the store at the start is history.
    void begin(store::Arrival newest) { before_ = newest_ = newest; }
    void came(store::Arrival newest) { newest_ = newest; }

    // What was added of runs that are in `late` was said while we were away. `runs`, all that were
    // given to the store, are taken out of it.
    void note_late(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added,
                   std::set<RunPtr>& late);

    store::Arrival newest() const { return newest_; }
    bool is_history(store::Arrival arrival) const;

  private:
    struct Stretch {
        store::Arrival first = 0;
        store::Arrival last = 0;
    };

    void add(Stretch stretch);

    store::Arrival before_ = 0;
    store::Arrival newest_ = 0;
    std::vector<Stretch> late_;  // rising
};

}  // namespace lanchat
