// A node that is moved, or whose network comes back: its links are asked for life, and those that
// do not answer are dialled anew, before anybody need see that they were dead.
#include <algorithm>
#include <set>

#include "controller/roster/roster.hpp"

namespace lanchat::controller::roster {

// To an original a node is its address, so with that the link with it goes, and another one comes.
void Roster::on(const Moved& moved, Now now, Effects& out) {
    const bool goes = std::ranges::any_of(own_, [&](const Endpoint& before) {
        return std::ranges::find(moved.own, before) == moved.own.end();
    });
    own_ = moved.own;
    std::set<PersonKey> doubted;
    for (auto& [id, link] : links_.touch_all()) {
        if (link.remote.ip.is_loopback() || link.dropped) continue;
        if (link.person && link.person->legacy) {
            if (goes) drop(link, now, out);
            continue;
        }
        if (link.stage != Stage::open) continue;
        link.doubted = true;
        if (!link.pinged) link.pinged = now.steady;
        ask_for_life(link, now, out);
        doubted.insert(*link.person);
    }
    for (const PersonKey& key : doubted)
        if (const Peer* one = peer(key); one != nullptr && may_be_dead(*one))
            contacts_.missed(one->address, now.steady);
}

bool Roster::may_be_dead(const Peer& peer) const {
    return !peer.links.empty() && std::ranges::all_of(peer.links, [this](LinkId id) {
        const Link* one = links_.find(id);
        return one == nullptr || one->doubted;
    });
}

bool Roster::has_doubted(const Link& link) const {
    const auto known = link.person ? peers_.find(*link.person) : std::nullopt;
    return known && std::ranges::any_of(known->state.links, [this](LinkId id) {
               const Link* one = links_.find(id);
               return one != nullptr && one->doubted;
           });
}

// Whether nobody is linked there, or only over links that may be dead.
bool Roster::is_missed_at(const Endpoint& where) const {
    const Peer* there = peer_at(where);
    return there == nullptr || (!there->key.legacy && may_be_dead(*there));
}

void Roster::trust_again(Link& link) {
    link.doubted = false;
    if (const Peer* peer = peer_of(link)) contacts_.linked(peer->address, link.encrypted);
}

// The address is where its new link comes from, or leads to.
void Roster::peer_moved(Peer& peer, const Endpoint& to, Effects& out) {
    const Endpoint before = peer.address;
    if (to == before || peer_map_.find(to)) return;
    peer_map_.move(before, to);
    contacts_.departed(before);
    peer.address = to;
    out.push_back(Notify{PeerMoved{info(peer), before}});
}

}  // namespace lanchat::controller::roster
