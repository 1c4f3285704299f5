// Peers tell each other where others are, so that a scan finds one of them and the rest is known.
#include <algorithm>
#include <utility>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {

// Whoever is new asks the first few; later now and then one of them, since who cannot be dialled by
// a newcomer may be able to dial it.
void Roster::seek(Link& link) {
    const auto asked =
        std::ranges::count_if(links_, [](const auto& one) { return one.second.sought; });
    if (static_cast<std::size_t>(asked) < limits::sought_at_once) link.seeks_owed = true;
}

// Nothing of it goes before what a link that begins to carry a peer has to say first.
void Roster::fill_places(Link& link, const Peer* peer, Frame& frame, Now now) {
    if (peer == nullptr || peer->key.legacy || peer->active != link.id) return;
    if (frame.ping && !frame.ping->reply && now.steady - sought_ >= limits::seek_interval)
        link.seeks_owed = true;
    if (std::exchange(link.seeks_owed, false)) {
        frame.seeks = link.sought = true;
        sought_ = now.steady;
    }
    if (!std::exchange(link.places_owed, false)) return;
    for (const PeerInfo& one : peer_map_.linked()) {
        const bool is_hidden = one.address.ip.is_loopback() && !peer->address.ip.is_loopback();
        if (one.address != peer->address && !is_hidden &&
            frame.places.size() < limits::frame_places_max)
            frame.places.push_back(one.address);
    }
}

// Only from who was asked: nobody makes us dial unasked. The body dials nothing outside the range.
void Roster::take_places(Link& link, const Frame& frame, Now now, Effects& out) {
    link.places_owed = link.places_owed || frame.seeks;
    if (frame.places.empty() || !std::exchange(link.sought, false)) return;
    for (const Endpoint& where : frame.places)
        if (wants(where, now.steady)) out.push_back(Connect{where});
}

}  // namespace lanchat::controller::roster
