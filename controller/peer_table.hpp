// All that is known of each peer, in one record; and what each part of the brain sees of it.
#pragma once

#include "controller/facts.hpp"
#include "controller/letters/peer.hpp"
#include "controller/peers.hpp"
#include "controller/roster/peer.hpp"
#include "controller/sync/peer.hpp"
#include "controller/talk/peer.hpp"
#include "controller/timed_map.hpp"

namespace lanchat::controller {

struct Peer {
    roster::Peer roster;  // also who it is
    talk::Peer talk;
    sync::Peer sync;
    letters::Peer letters;
};

class PeerTable {
  public:
    auto begin() const { return peers_.begin(); }
    auto end() const { return peers_.end(); }

    // Null: it is not there.
    Peer* touch(const PersonKey& key) { return peers_.touch(key); }
    const Peer* find(const PersonKey& key) const { return peers_.find(key); }
    void touch_all() { peers_.touch_all(); }

    // A new one, unless it is there.
    Peer& place_of(const PersonKey& key) {
        Peer& peer = peers_[key];
        peer.roster.key = key;
        const Member& who = peer.roster;
        roster.add(who, peer.roster);
        talk.add(who, peer.talk);
        sync.add(who, peer.sync);
        letters.add(who, peer.letters);
        return peer;
    }
    void erase(const PersonKey& key) {
        roster.erase(key);
        talk.erase(key);
        sync.erase(key);
        letters.erase(key);
        peers_.erase(key);
    }

    // See TimedMap.
    template <class DueOf>
    void retime(const DueOf& due_of) {
        peers_.retime(due_of);
    }
    std::optional<Instant> next() const { return peers_.next(); }
    std::vector<PersonKey> due(Instant now) const { return peers_.due(now); }

  private:
    TimedMap<PersonKey, Peer> peers_;

  public:
    Peers<roster::Peer> roster{peers_.touched()};
    Peers<talk::Peer> talk{peers_.touched()};
    Peers<sync::Peer> sync{peers_.touched()};
    Peers<letters::Peer> letters{peers_.touched()};
};

}  // namespace lanchat::controller
