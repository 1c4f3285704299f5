// What the roster asks of the rest of the brain, and what it tells it.
#pragma once

#include <optional>

#include "controller/facts.hpp"
#include "controller/room_io.hpp"
#include "controller/roster/peer.hpp"

namespace lanchat::controller::roster {

class Needs {
  public:
    // Sends what waits for a link, or for the link that carries a peer, if that is free.
    virtual void pump(Link&, Now, Effects&) = 0;
    virtual void pump(const PersonKey&, Now, Effects&) = 0;

    // A place for somebody who is admitted; or the one that it had, if it was lost a moment ago.
    virtual Peer& place_of(const PersonKey&) = 0;
    // Nobody will miss it any more: its place is gone after that.
    virtual void forget(PersonKey, Effects&) = 0;

    // What happens to a peer, in this order: it has a link; that is open; it is here, since it had
    // no open link before; a link carries its lines from now on; and it went (`was_up`: and was
    // here), with all its links.
    virtual void joined(const Peer&, Instant now) = 0;
    virtual void opened(const Peer&, LinkId, const Ack& received_there, Instant now) = 0;
    virtual void came(const Peer&, Instant now) = 0;
    virtual void carries(Peer&, const Link&, Instant now) = 0;
    virtual void closed(const Peer&, LinkId) = 0;
    virtual void went(const Peer&, bool was_up, Now, Effects&) = 0;

    // The rest of the first frame of somebody whom we dialled and who is linked now.
    virtual void greeted(Link&, const Frame&, Now, Effects&) = 0;
    // What is said over the link is no longer in the log that the hello before named.
    virtual void speaks_in(Peer&, const LogId&, Instant now) = 0;
    // Of the log that this process says its lines in, if it is not its first one.
    virtual std::optional<Epoch> page() const = 0;

  protected:
    ~Needs() = default;
};

}  // namespace lanchat::controller::roster
