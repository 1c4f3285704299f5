// What time brings, and the end of the process.
#include <algorithm>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

// A Wake that comes this late tells that we slept, not that the others were silent.
constexpr Duration own_stall = std::chrono::seconds(1);

}  // namespace

const Timer<Room> Room::own[2] = {
    {&Room::page_due, &Room::turn_page_if_ahead},
    {&Room::seal_due, &Room::seal_now},
};
const Timer<Room> Room::of_peers[1] = {{&Room::peers_due, &Room::ring_peers}};
const Timer<Room, Peer> Room::of_peer[1] = {{&Room::fill_due, &Room::pump_peer}};

// Everything that is ever due, in the order in which it is done.
template <class Brain, class Act>
void Room::each_timer(Brain& room, const Act& act) {
    act(Room::own, room);
    act(sync::Sync::naming, room.sync_);
    act(talk::Talk::receipting, room.talk_);
    act(roster::Roster::pinging, room.roster_);
    act(sync::Sync::pulling, room.sync_);
    act(sync::Sync::comparing, room.sync_);
    act(roster::Roster::watching, room.roster_);
    act(Room::of_peers, room);
    act(roster::Roster::dialling_again, room.roster_);
}

// The same of one peer. Who has no link may be gone after that.
template <class Brain, class Whole, class Act>
void Room::each_timer_of(Whole& peer, Brain& room, const Act& act) {
    if (peer.roster.links.empty()) return act(roster::Roster::of_absent, room.roster_, peer.roster);
    act(talk::Talk::of_peer, room.talk_, peer.roster, peer.talk);
    act(roster::Roster::of_peer, room.roster_, peer.roster);
    act(Room::of_peer, room, peer);
}

std::optional<Instant> Room::next_wakeup() const {
    if (stopped_) return std::nullopt;
    auto next = settle_due();
    each_timer(*this, [&](const auto& timers, const auto& part) {
        sooner(next, first_due(timers, part));
    });
    return next;
}

void Room::on(const Wake&, Now now, Effects& out) {
    forgive_own_stall(now.steady);
    turn_page_if_ahead(now, out);  // our wall clock may have been set meanwhile
    each_timer(*this, [&](const auto& timers, auto& part) { ring(timers, part, now, out); });
}

void Room::retime() {
    roster_.retime();
    peers_.retime([this](const Peer& peer) {
        std::optional<Instant> next;
        each_timer_of(peer, *this, [&](const auto& timers, const auto& part, const auto&... of) {
            sooner(next, first_due(timers, part, of...));
        });
        return next;
    });
}

void Room::ring_peers(Now now, Effects& out) {
    const auto act = [&](const auto& timers, auto& part, auto&... of) {
        ring(timers, part, now, out, of...);
    };
    for (const PersonKey& key : peers_.due(now.steady))
        if (Peer* peer = peers_.touch(key)) each_timer_of(*peer, *this, act);
}

// When a frame has to go to the peer that could go now.
std::optional<Instant> Room::fill_due(const Peer& peer) const {
    if (!roster_.is_free(peer.roster)) return std::nullopt;
    auto next = talk_.fill_due(peer.talk);
    sooner(next, sync::Sync::fill_due(peer.sync));
    return next;
}

void Room::pump_peer(Peer& peer, Now now, Effects& out) {
    if (!peer.roster.active) return;
    if (roster::Link* active = roster_.link(*peer.roster.active)) pump(*active, &peer, now, out);
}

void Room::forgive_own_stall(Instant now) {
    const auto expected = next_wakeup();
    if (expected && now - *expected >= own_stall) roster_.forgive_silence(now);
}

void Room::turn_page_if_ahead(Now now, Effects& out) {
    if (!talk_.must_turn_page(now)) return;
    seal(out);
    talk_.turn_page(Epoch{rng_.next()}, now.steady);
    mail_.turn_page(rng_.next());
    roster_.page_turned();
}

// --- the end -------------------------------------------------------------------------------------

// When settle() has something to do though nothing else happens.
std::optional<Instant> Room::settle_due() const {
    std::optional<Instant> next;
    if (!course_.leaving()) next = finish_by_;
    if (!grace_over_) sooner(next, course_.began + limits::startup_grace);
    return next;
}

void Room::settle(Now now, Effects& out) {
    grace_over_ |= (course_.first_peer && course_.settled) ||
                   now.steady >= course_.began + limits::startup_grace;
    if (swept_ && !course_.settled) {
        course_.settled = !roster_.is_expecting();
        if (course_.settled) talk_.nobody_was_here();
    }
    if (course_.finishing && !course_.leaving() &&
        (now.steady >= *finish_by_ || everything_delivered()))
        begin_leaving(now, out);
    if (!course_.leaving() || stopped_) return;
    if (now.steady >= *course_.leave_by) roster_.drop_all(now, out);
    if (roster_.no_links()) {
        stopped_ = true;
        out.push_back(Stop{});
    }
}

bool Room::everything_delivered() const {
    return mail_.all_delivered() && talk_.all_delivered(hurry_);
}

void Room::begin_leaving(Now now, Effects& out) {
    course_.leave_by = now.steady + limits::goodbye_timeout;
    seal(out);
    talk_.leaving(now, out);
    roster_.leave(now, out);
}

}  // namespace lanchat::controller
