// What sync asks of the rest of the brain.
#pragma once

#include <set>
#include <vector>

#include "controller/arriving.hpp"
#include "controller/events.hpp"
#include "controller/facts.hpp"
#include "controller/room_io.hpp"
#include "message/frame.hpp"
#include "message/run.hpp"

namespace lanchat::controller::sync {

class Needs {
  public:
    // Sends what waits for that peer, if its link is free.
    virtual void pump(const PersonKey&, Now, Effects&) = 0;

    // Reads what is new in a run: its lines are shown. True if it begins with history.
    virtual bool show(const VerifiedRun&, const Arriving&, Effects&) = 0;
    // Who wrote an entry, as it is told.
    virtual PeerInfo author(const Entry&) const = 0;

    // Whether this process says its lines in that log; in which public one it does so now; and how
    // much it has said in each.
    virtual bool is_own(const LogId&) const = 0;
    virtual LogId own_log() const = 0;
    virtual std::vector<Said> said() const = 0;
    // Says in our own log that this device was met. The answer is where.
    virtual LineId say_met(const DeviceId&, Now, Effects&) = 0;

    // Of whose lines somebody watches the delivery; and what `who` has stored of them, whether or
    // not with their bodies.
    virtual std::set<LogId> watched_logs() const = 0;
    virtual void has_stored(const Member& who, const LogId&, EntryRange) = 0;
    // The peer has that much of a log that we speak in.
    virtual void acknowledged(const PersonKey&, const Ack&, Instant now) = 0;
    // An acknowledgement of that run is owed to its author.
    virtual void owe_ack(const PersonKey&, const VerifiedRun&, Instant now) = 0;
    // Whether the peer has to be told of our lines: they do not go to it by themselves.
    virtual bool must_ask(const PersonKey&) const = 0;

    // Whether that peer may hear of that log at all.
    virtual bool may_tell(const Member&, const LogId&) const = 0;
    // The direct logs with that peer are to be listed anew.
    virtual void list_letters(const PersonKey&) = 0;

    // A peer told that it is linked with those now, or with others no longer.
    virtual void neighbours_changed(const std::vector<NodeId>& came, Instant now) = 0;

  protected:
    ~Needs() = default;
};

}  // namespace lanchat::controller::sync
