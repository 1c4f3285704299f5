// Who gets in: greetings, known addresses, and the challenge of a holder who may be dead.
#include <algorithm>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {

bool Roster::take_greeting(Link& link, const Frame& frame, Now now, Effects& out) {
    if (link.stage == Stage::greeting) {
        link.direction == Direction::dialled ? dialled_greeting(link, frame, now, out)
                                             : accepted_greeting(link, frame, now, out);
        return true;
    }
    if (link.stage != Stage::challenging) return false;
    drop(link, now, out);  // it must wait for `ok`
    return true;
}

bool Roster::take_late_ok(Link& link, const Frame& frame) {
    if (!link.ok_expected || frame.msg != accepted_word) return false;
    link.ok_expected = false;
    return true;
}

bool Roster::take_joining(Link& link, Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (link.stage != Stage::joining) return true;
    if (!frame.received) {
        drop(link, now, out);
        return false;
    }
    opened(link, peer, *frame.received, now, out);
    return true;
}

// A lanchat peer is met over an encrypted link, where its hello proves who it is; a legacy peer
// never. Anything else is somebody in between, or only one of both has TLS switched off.
bool Roster::is_downgraded(const Link& link, const Frame& frame) const {
    return link.encrypted != (self_.tls && frame.hello.has_value());
}

// Between nodes without TLS, where no admission went before, the hello tells which rules its
// speaker follows. Told once of each, and of so many.
bool Roster::is_outdated(const Link& link, const Frame& frame, Effects& out) {
    if (!frame.hello || link.encrypted || frame.hello->protocol == protocol_version) return false;
    if (outdated_.size() < limits::outdated_told_max &&
        outdated_.insert(frame.hello->node()).second)
        out.push_back(Notify{OtherVersion{link.claimed}});
    return true;
}

void Roster::dialled_greeting(Link& link, const Frame& frame, Now now, Effects& out) {
    const Endpoint where = link.remote;
    if (frame.hello && frame.hello->node() == self_.node()) {
        contacts_.is_myself(where);
        return drop(link, now, out);
    }
    if (is_downgraded(link, frame) || is_outdated(link, frame, out)) {
        contacts_.strange(where, now.steady);
        return drop(link, now, out);
    }
    // The original publishes to a newcomer from the moment it is in its map, a little before `ok`.
    link.ok_expected = !frame.hello && !frame.msg.empty() && frame.msg != accepted_word;
    const bool welcome = frame.msg == accepted_word || link.ok_expected;
    if (!welcome || frame.bye) {
        frame.bye ? contacts_.refused(where, now.steady) : contacts_.strange(where, now.steady);
        return drop(link, now, out);
    }
    if (!frame.hello && !legacy_peers_) {
        contacts_.strange(where, now.steady);
        return drop(link, now, out);
    }
    if (frame.hello) link.hello = *frame.hello;
    link.received_there = frame.received.value_or(Ack{});
    link.person = frame.hello ? PersonKey::of(frame.hello->node()) : PersonKey::original_at(where);
    seek_admission(link, now, out);
    if (link.person && link.stage == Stage::open) needs_.greeted(link, frame, now, out);
}

void Roster::accepted_greeting(Link& link, const Frame& frame, Now now, Effects& out) {
    const auto claimed = parse_endpoint(frame.msg);
    if (!claimed || is_downgraded(link, frame)) return drop(link, now, out);
    // The source address is a fact, the announced one a claim: only its port is believed.
    link.claimed = Endpoint{link.remote.ip, claimed->port};
    if (is_outdated(link, frame, out)) return drop(link, now, out);
    if (frame.hello) {
        link.hello = *frame.hello;
        link.nonce = frame.hello->nonce;
        link.person = PersonKey::of(frame.hello->node());
        if (frame.hello->node() == self_.node())  // the dialler, we, learns it so
            return refuse(link, Bye::duplicate, now, out);
    } else {
        if (!legacy_peers_ || is_own(link.claimed)) return close(link, now, out);
        link.person = PersonKey::original_at(link.claimed);
    }
    seek_admission(link, now, out);
}

void Roster::seek_admission(Link& link, Now now, Effects& out) {
    if (!link.person->legacy && people_.is_blocked(link.hello.device))
        return turn_away(link, now, out);
    const Endpoint address = link.claimed;
    Peer* known = peer_of(link);
    if (known != nullptr && !known->links.empty()) {
        const bool one_too_many = known->links.size() >= limits::links_per_peer_max;
        const bool second_accepted =
            known->key.legacy && link.direction == Direction::accepted &&
            std::ranges::any_of(known->links, [&](LinkId id) { return !is_dialled(id); });
        if (second_accepted) return challenge(link, *known, now, out);
        if (one_too_many) return refuse(link, Bye::duplicate, now, out);
        return join(link, *known, now, out);
    }
    // An original between two crossed calls: the first is over, this one carries on.
    if (known != nullptr && known->key.legacy && known->up) return join(link, *known, now, out);
    Peer* holder = peer_at(address);
    if (holder == nullptr) return admit(link, address, now, out);
    if (link.person->legacy) return close(link, now, out);  // the original: known, so no `ok`
    if (holder->key.legacy) {
        take_down(*holder, DownReason::replaced, now, out);
        return admit(link, address, now, out);
    }
    // A claim moves no other key, however silent that is; what we dialled is a fact.
    if (holder->device != link.hello.device && link.direction == Direction::accepted)
        return admit(link, link.remote, now, out);
    challenge(link, *holder, now, out);
}

void Roster::challenge(Link& newcomer, const Peer& holder, Now now, Effects& out) {
    challengers_.insert(newcomer.id);
    newcomer.stage = Stage::challenging;
    newcomer.since = now.steady;
    for (const LinkId id : holder.links)
        if (Link* held = link(id)) ask_for_life(*held, now, out);
}

// Whoever wanted the address of `holder` cannot have it: a second node on it is kept under its TCP
// source instead (NAT, containers), a legacy peer is turned away as the original does.
void Roster::is_alive(const Member& holder, Now now, Effects& out) {
    std::erase_if(challengers_, [this](LinkId id) {
        const Link* known = links_.find(id);
        return known == nullptr || known->stage != Stage::challenging;
    });
    for (const LinkId id : challengers_) {
        Link& newcomer = *link(id);
        if (newcomer.claimed != holder.address) continue;
        if (newcomer.person->legacy || newcomer.direction == Direction::dialled) {
            newcomer.person->legacy ? close(newcomer, now, out)
                                    : refuse(newcomer, Bye::taken, now, out);
        } else {
            admit(newcomer, newcomer.remote, now, out);
        }
    }
}

void Roster::holder_is_silent(Link& newcomer, Now now, Effects& out) {
    if (Peer* holder = peer_at(newcomer.claimed))
        take_down(*holder, DownReason::replaced, now, out);
    admit(newcomer, newcomer.claimed, now, out);
}

void Roster::admit(Link& link, Endpoint address, Now now, Effects& out) {
    const PersonKey key = *link.person;
    const PeerEntry entry{PeerState::joining, link.direction,  key.node.instance,
                          key.node.device,    link.hello.name, link.encrypted};
    if (is_for_others(key, link.hello.device) || !peer_map_.admit(address, entry))
        return refuse(link, Bye::busy, now, out);
    Peer& peer =
        needs_.place_of(key);  // known: it was lost a moment ago and comes back for its lines
    peer.key = key;
    peer.address = address;
    peer.name = link.hello.name;
    peer.device = link.hello.device;
    peer.log = link.hello.log();
    join(link, peer, now, out);
}

// The last places are kept for those whom somebody here vouched for: whoever invents keys cannot
// shut them out.
bool Roster::is_for_others(const PersonKey& key, const DeviceId& device) const {
    if (peer_map_.size() < limits::peers_max - limits::peers_reserved) return false;
    const Person* person = key.legacy ? nullptr : people_.find(device);
    return person == nullptr || !person->vouched();
}

void Roster::refuse(Link& link, Bye why, Now now, Effects& out) {
    if (link.person && !link.person->legacy) {
        link.hello_owed = true;
        link.bye_owed = why;
    }
    link.person.reset();
    close(link, now, out);
}

}  // namespace lanchat::controller::roster
