// Who may author in a closed network (log.md 25): this device, whoever it met, and whoever a log
// that is held names as met. In an open one everybody may.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "message/entry.hpp"
#include "message/extent.hpp"
#include "message/rng.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// Only logs of those who are accepted are ever taken, so whoever is named in one is accepted too.
// Of whom nobody has a handshake, nobody has a line: a member that invents keys has to name them,
// in its own log, for all to see. An open network keeps nothing here.
class Authors {
  public:
    // Whoever has a log that is held was accepted before; `met` is what those logs tell.
    Authors(bool closed, const DeviceId& self, const std::set<DeviceId>& held,
            const std::vector<Met>& met, Instant now, Rng& rng);

    bool accepts(const DeviceId& device) const { return !closed_ || known_.contains(device); }

    // Its handshake succeeded here, or its lines were imported here: it is accepted, and this node
    // is to name it unless another one does so first.
    void meet(const DeviceId& device, Instant now, Rng& rng);

    // An entry that is held names it. True if it is accepted from now on.
    bool named(const Met& met);

    // Of `log` only this is held now: whom the rest named is to be named again.
    void is_left(const LogId& log, const Extent& held, Instant now, Rng& rng);

    // When the next one is to be named; one a second.
    std::optional<Instant> due() const;
    // Any of them, so that several nodes begin with different ones. None: it is not due.
    std::optional<DeviceId> take_due(Instant now, Rng& rng);

  private:
    void owe(const DeviceId& device, Instant now, Rng& rng);

    bool closed_;
    std::map<DeviceId, std::optional<LineId>> known_;  // and where one of them is named
    std::set<DeviceId> unnamed_;
    Instant next_{};
};

}  // namespace lanchat::controller
