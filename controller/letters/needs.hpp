// What letters asks of the rest of the brain.
#pragma once

#include <optional>
#include <set>

#include "controller/facts.hpp"
#include "controller/room_io.hpp"
#include "controller/wall_time.hpp"
#include "message/entry.hpp"
#include "message/frame.hpp"

namespace lanchat::controller::letters {

class Needs {
  public:
    // Sends what waits for that peer, if its link is free.
    virtual void pump(const PersonKey&, Now, Effects&) = 0;

    // All that was said here and is not signed yet is signed; now, or soon.
    virtual void seal(Effects&) = 0;
    virtual void seal_soon(Instant now) = 0;

    // For the next own entry, whichever log it is in.
    virtual Clock next_clock(const Believed&) = 0;
    // This node has said a line to `entry.log.to`, as its person asked for.
    virtual void said_directly(const Say&, Entry, const Believed&, Now, Effects&) = 0;

    // Where the newest log of this device to that one ends that is known here.
    virtual std::optional<Ended> end_of_log_to(const DeviceId&) const = 0;
    // What is known of direct logs with that device.
    virtual std::set<LogId> logs_with(const DeviceId&) const = 0;
    // Whether all up to that line is on the disk here; and there, as the peer told.
    virtual bool is_stored(const LineId&) const = 0;
    virtual bool is_stored_there(const PersonKey&, const LineId&) const = 0;
    // Says in `frame` what is held of that log.
    virtual void add_head(Frame&, const LogId&) const = 0;
    // That log has grown: the peer is to be told.
    virtual void tell_of(const PersonKey&, const LogId&, Instant now) = 0;

  protected:
    ~Needs() = default;
};

}  // namespace lanchat::controller::letters
