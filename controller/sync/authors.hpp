// Who may author in a closed network (log.md 25): this device, whoever it met, and whoever a log
// that is held names as met. In an open one everybody may.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/sync/device_counts.hpp"
#include "message/entry.hpp"
#include "message/extent.hpp"
#include "message/rng.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// Only logs of those who are accepted are ever taken, so whoever is named in one is accepted too.
// Of whom nobody has a handshake, nobody has a line: a member that invents keys has to name them,
// in its own log, for all to see.
//
// Who comes new knows nobody but those it links with, maybe just us, and goes from our names to
// theirs. So all whom we accept have to be within reach that way; those who are not we name. That
// two others named each other helps nobody who knows neither.
//
// At most limits::names_max names are kept, and devices that are known by them. When they are full,
// whoever names most gives up one: nobody's many names keep those out whom others name.
//
// An open network keeps nothing here.
class Authors {
  public:
    // Whoever has a log that is held was accepted before; `met` is what those logs tell.
    Authors(bool closed, const DeviceId& self, const std::set<DeviceId>& held,
            const std::vector<Met>& met, Instant now, Rng& rng);

    bool accepts(const DeviceId& device) const { return !closed_ || known_.contains(device); }

    // Its handshake succeeded here, or its lines were imported here: it is accepted.
    void meet(const DeviceId& device, Instant now, Rng& rng);

    // An entry that is held names it. True if it is accepted from now on.
    bool named(const Met& met, Instant now, Rng& rng);

    // No more than `held` is left of `log`: the names that its other entries gave do not count any
    // more.
    void is_left(const LogId& log, const Extent& held, Instant now, Rng& rng);

    // When we are to name the next one that is out of reach: one a second.
    std::optional<Instant> due() const;
    // Any of them, so that several nodes begin with different ones. None: it is not due.
    std::optional<DeviceId> take_due(Instant now, Rng& rng);

  private:
    void note(const Met& met);
    bool make_room(const DeviceId& namer);
    void give_up(const DeviceId& namer, const DeviceId& who);
    void reach(const DeviceId& device);
    void owe(const DeviceId& device, Instant now, Rng& rng);

    bool closed_;
    DeviceId self_;
    std::set<DeviceId> known_;                              // accepted
    std::set<DeviceId> firm_;                               // of them, whatever is named
    std::map<DeviceId, std::map<DeviceId, LineId>> names_;  // by whom: whom, and where
    DeviceCounts names_of_;                                 // by whom: how many
    DeviceCounts named_;                                    // whom: by how many
    std::size_t names_count_ = 0;
    std::set<DeviceId> reached_;  // from this device, by names
    std::set<DeviceId> unnamed_;  // accepted and not reached
    Instant next_{};
};

}  // namespace lanchat::controller
