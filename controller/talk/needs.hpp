// What talk asks of the rest of the brain.
#pragma once

#include <vector>

#include "controller/events.hpp"
#include "controller/facts.hpp"
#include "controller/room_io.hpp"
#include "message/entry.hpp"
#include "message/frame.hpp"

namespace lanchat::controller::talk {

class Needs {
  public:
    // Sends what waits for that peer, if its link is free.
    virtual void pump(const PersonKey&, Now, Effects&) = 0;

    // All that was said here and is not signed yet is signed; now, or soon.
    virtual void seal(Effects&) = 0;
    virtual void seal_soon(Instant now) = 0;

    // What of that log is on the disk with its bodies, the newest stretch; what the store has given
    // up; and whether anything of it is known.
    virtual Ack stored_of(const LogId&) const = 0;
    virtual Seq floor_of(const LogId&) const = 0;
    virtual bool holds(const LogId&) const = 0;

    // How somebody is told of: a peer, whoever has that key, the author of an entry.
    virtual PeerInfo info(const Member&) const = 0;
    virtual PeerInfo about(const DeviceId&) const = 0;
    virtual PeerInfo author(const Entry&) const = 0;
    virtual PeerInfo regarded(PeerInfo, const DeviceId&) const = 0;

    // Whether that run of that peer is new here, follows what is held, and can be taken in now.
    virtual bool is_next(const PersonKey&, const UnprovenRun&) const = 0;
    virtual Seq last_of(const LogId&) const = 0;
    virtual bool has_link(LinkId) const = 0;

    virtual bool is_blocked(const DeviceId&) const = 0;
    // That key uses that name; an entry names somebody who was met.
    virtual void hear_of(const PeerInfo&, const DeviceId&, Now, Effects&) = 0;
    virtual void met(const Entry&, Instant now) = 0;

    // An author takes something back; whether it has done that.
    virtual void dropped(const Dropped&) = 0;
    virtual bool is_dropped(const Dropped&) const = 0;
    // The parts of `range`, all of which that peer has, of which it has the bodies as well.
    virtual std::vector<EntryRange> with_bodies(const PersonKey&, const LogId&,
                                                EntryRange range) const = 0;

    // Whether our own call to that address has not been answered yet.
    virtual bool dialling(const Endpoint&) const = 0;
    // Neighbours that lead to a node with which we are not linked; and whether there are any.
    virtual std::vector<PersonKey> ways_to(const NodeId&) const = 0;
    virtual bool is_beyond(const NodeId&) const = 0;

  protected:
    ~Needs() = default;
};

}  // namespace lanchat::controller::talk
