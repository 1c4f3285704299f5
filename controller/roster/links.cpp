// Which link carries a peer, and how links and peers end.
#include <algorithm>
#include <utility>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {

void Roster::join(Link& link, Peer& peer, Now now, Effects& out) {
    link.renews = link.hello.renews;
    if (link.renews)
        for (const LinkId id : peer.links)
            if (Link* before = this->link(id)) before->doubted = true;
    peer.links.push_back(link.id);
    link.stage = Stage::joining;
    link.since = now.steady;
    link.ack_owed = !peer.key.legacy;
    needs_.joined(peer, now.steady);
    if (link.direction == Direction::dialled)  // its greeting told all
        return opened(link, peer, link.received_there, now, out);
    link.ok_owed = true;
    link.hello_owed = !peer.key.legacy;
    if (peer.key.legacy) return opened(link, peer, {}, now, out);
    choose_active(peer, now, out);
    needs_.pump(link, now, out);
}

void Roster::opened(Link& link, Peer& peer, Ack received_there, Now now, Effects& out) {
    link.stage = Stage::open;
    link.since = now.steady;
    needs_.opened(peer, link.id, received_there, now.steady);
    const bool newly_up = !peer.up;
    peer.up = true;
    peer_map_.update(peer.address, PeerState::linked, link.direction);
    contacts_.linked(peer.address, link.encrypted);
    if (newly_up && !peer.key.legacy) seek(link);
    if (newly_up) {
        needs_.came(peer, now.steady);
        if (!peer.key.legacy) meet(peer, now, out);
        out.push_back(Notify{PeerUp{info(peer)}});
    }
    needs_.pump(link, now, out);
    choose_active(peer, now, out);
}

// Of two links between the same two nodes one that may be dead goes, else the dial of the greater
// key stays, of two processes of one key that of the greater instance; of two in the same direction
// the lower nonce (log.md 21). A legacy peer keeps the dial it has said `ok` to: had its own come
// first, it would have refused ours.
bool Roster::beats(const Link& a, const Link& b) const {
    if (a.doubted != b.doubted) return b.doubted;
    const bool legacy = a.person->legacy;
    if (a.direction != b.direction) {
        const bool ours_wins = legacy || self_.node() > a.person->node;
        return (a.direction == Direction::dialled) == ours_wins;
    }
    if (legacy || a.nonce == b.nonce) return a.id < b.id;
    return a.nonce < b.nonce;
}

void Roster::choose_active(Peer& peer, Now now, Effects& out) {
    Link* best = nullptr;
    Link* best_open = nullptr;
    for (const LinkId id : peer.links) {
        Link* each = link(id);
        if (each == nullptr || each->stage == Stage::closing) continue;
        if (best == nullptr || beats(*each, *best)) best = each;
        if (each->stage != Stage::open) continue;
        if (best_open == nullptr || beats(*each, *best_open)) best_open = each;
    }
    if (best_open != nullptr && peer.active != best_open->id) {
        if (peer.active) break_off_verifying(peer, Verification::Stage::lost, out);
        peer.active = best_open->id;
        if (best_open->renews) peer_moved(peer, best_open->claimed, out);
        needs_.carries(peer, *best_open, now.steady);
    }
    if (peer.key.legacy)
        return needs_.pump(peer.key, now, out);  // its duplicates are its own to end
    for (const LinkId id : peer.links) {
        Link* each = link(id);
        if (each == nullptr || each == best || each->surplus_since) continue;
        each->surplus_since = now.steady;
    }
    if (best != nullptr) best->surplus_since.reset();
    if (best != nullptr && best == best_open) end_surplus(peer, now, out);
    needs_.pump(peer.key, now, out);
}

// The winner has carried a frame each way: the duplicates that we dialled have done their duty.
void Roster::end_surplus(Peer& peer, Now now, Effects& out) {
    const auto links = peer.links;
    for (const LinkId id : links) {
        Link* each = link(id);
        if (each == nullptr || !each->surplus_since || each->direction != Direction::dialled)
            continue;
        // A second address of the same node need not be tried at every sweep.
        if (each->remote != peer.address) contacts_.second_address(each->remote, now.steady);
        std::erase(peer.links, id);
        needs_.closed(peer, id);
        each->bye_owed = Bye::duplicate;
        close(*each, now, out);
    }
}

void Roster::close(Link& link, Now now, Effects& out) {
    if (link.stage == Stage::closing) return;
    link.stage = Stage::closing;
    link.since = now.steady;
    link.finish_owed = true;
    needs_.pump(link, now, out);
}

void Roster::drop(Link& link, Now now, Effects& out) {
    if (link.dropped) return;
    link.stage = Stage::closing;
    link.since = now.steady;
    link.dropped = true;
    out.push_back(Drop{link.id});
}

void Roster::lost_while_greeting(const Link& gone, End end, Now now, Effects& out) {
    if (gone.direction != Direction::dialled) return;
    if (Peer* peer = peer_at(gone.remote))
        return needs_.pump(peer->key, now, out);  // it was waiting
    if (end == End::no_tls && legacy_peers_ && contacts_.plain(gone.remote)) {
        out.push_back(Connect{gone.remote});
    } else if (end == End::other_network) {
        contacts_.speaks_tls(gone.remote);
        contacts_.strange(gone.remote, now.steady);
        if (contacts_.is_new_stranger(gone.remote))
            out.push_back(Notify{OtherNetwork{gone.remote}});
    } else if (end == End::refused) {
        contacts_.refused(gone.remote, now.steady);
    } else {
        contacts_.strange(gone.remote, now.steady);
    }
}

// The last of crossed calls with an original is over, and none of them stayed.
void Roster::crossed_call_is_over(const Link& gone, Now now, Effects& out) {
    Peer* lost = peer(PersonKey::original_at(gone.remote));
    if (gone.direction != Direction::dialled || lost == nullptr) return;
    if (lost->up && lost->links.empty() && !dialling(lost->address))
        take_down(*lost, DownReason::lost, now, out);
}

void Roster::detach(const Link& gone, End end, Peer& peer, Now now, Effects& out) {
    if (std::erase(peer.links, gone.id) == 0) return;  // it had been let go before
    needs_.closed(peer, gone.id);
    if (peer.active == gone.id) peer.active.reset();
    if (!peer.links.empty()) return choose_active(peer, now, out);
    // Of two calls that crossed, the original ends one; the `ok` on the other may come after that.
    if (peer.key.legacy && peer.up && dialling(peer.address)) return;
    const bool in_good_order = peer.key.legacy && end == End::refused;
    take_down(peer, in_good_order ? DownReason::left : DownReason::lost, now, out);
}

void Roster::take_down(Peer& peer, DownReason reason, Now now, Effects& out) {
    const auto links = std::exchange(peer.links, {});
    for (const LinkId id : links)
        if (Link* each = link(id))
            reason == DownReason::left ? close(*each, now, out) : drop(*each, now, out);
    end_verifying(peer, Verification::Stage::lost, out);
    peer.verify_owed.clear();
    const bool was_up = std::exchange(peer.up, false);
    peer_map_.remove(peer.address);
    peer.active.reset();
    needs_.went(peer, was_up, now, out);
    if (was_up) {
        if (!peer.key.legacy && !peers_.linked_with(peer.device)) people_.went(peer.device);
        peer.down_since = now.steady;
        if (!course_.leaving())
            out.push_back(Notify{PeerDown{info(peer), reason}});  // else we went
        const bool dial_again = reason == DownReason::lost || peer.key.legacy;
        dial_again ? contacts_.missed(peer.address, now.steady) : contacts_.departed(peer.address);
    }
    if (!was_up || reason != DownReason::lost || peer.key.legacy) needs_.forget(peer.key, out);
}

}  // namespace lanchat::controller::roster
