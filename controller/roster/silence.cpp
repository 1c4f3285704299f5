// Links of which nothing is heard, and peers that do not come back.
#include <algorithm>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {

const Timer<Roster> Roster::pinging[1] = {{&Roster::links_due, &Roster::ping_silent_links}};
const Timer<Roster> Roster::watching[1] = {{&Roster::links_due, &Roster::ring_links}};
const Timer<Roster> Roster::dialling_again[1] = {{&Roster::missed_due, &Roster::dial_missed}};
const Timer<Roster, Link> Roster::of_link[1] = {{&Roster::link_due, &Roster::link_is_late}};
const Timer<Roster, Peer> Roster::of_absent[1] = {{&Roster::absence_due, &Roster::is_absent}};
const Timer<Roster, Peer> Roster::of_peer[1] = {{&Roster::verify_due, &Roster::verify_timed_out}};

// What is due of a peer depends on its links too.
void Roster::retime() {
    links_.retime([this](const Link& link) {
        if (link.person) peers_.touch(*link.person);
        return first_due(of_link, *this, link);
    });
}

std::optional<Instant> Roster::link_due(const Link& link) const {
    if (link.dropped) return std::nullopt;
    if (course_.leaving())
        return std::min<Instant>(*course_.leave_by, link.since + limits::goodbye_timeout);
    switch (link.stage) {
        case Stage::greeting:
        case Stage::joining:
            return link.since + limits::greeting_timeout;
        case Stage::challenging:
            return link.since + limits::takeover_timeout;
        case Stage::closing:
            return link.since + limits::goodbye_timeout;
        case Stage::open:
            break;
    }
    if (!is_asked(link)) return std::nullopt;
    const auto timeout = link.person->legacy ? limits::legacy_answer_timeout : limits::ping_timeout;
    auto next = link.pinged ? *link.pinged + timeout : link.heard + limits::ping_after;
    if (link.surplus_since && link.direction == Direction::accepted)
        next = std::min<Instant>(next, *link.surplus_since + limits::surplus_timeout);
    return next;
}

// A legacy peer that dialled us is pinged by the transport, as an HTTP/2 server may.
bool Roster::is_asked(const Link& link) {
    return !link.person->legacy || link.direction == Direction::dialled;
}

bool Roster::silent_for(const Link& link, Duration span, Instant now) const {
    return link.stage == Stage::open && !link.dropped && !link.pinged && is_asked(link) &&
           !course_.leaving() && link.heard + span <= now;
}

// When one link must be pinged, those that are nearly silent enough are pinged too: pings that
// leave together cost one wake-up of this and of the other machine instead of many.
void Roster::ping_silent_links(Now now, Effects& out) {
    const auto due = links_.due(now.steady);
    const bool must = std::ranges::any_of(due, [&](LinkId id) {
        return silent_for(*links_.find(id), limits::ping_after, now.steady);
    });
    if (!must) return;
    for (auto& [id, link] : links_.touch_all()) {
        if (!silent_for(link, limits::ping_after - limits::ping_together, now.steady)) continue;
        link.pinged = now.steady;
        ask_for_life(link, now, out);
    }
}

void Roster::ask_for_life(Link& link, Now now, Effects& out) {
    if (link.person->legacy) return out.push_back(Probe{link.id});
    link.ping_owed = Ping{rng_.next(), false};
    needs_.pump(link, now, out);
}

void Roster::link_is_late(Link& link, Now now, Effects& out) {
    const bool open = link.stage == Stage::open;
    if (link.stage == Stage::challenging) return holder_is_silent(link, now, out);
    if (link.stage == Stage::greeting && link.direction == Direction::dialled)
        contacts_.strange(link.remote, now.steady);
    if (open && link.surplus_since && !link.pinged) {
        const Peer* peer = peer_of(link);
        if (peer != nullptr && peer->active == link.id) {  // the better link has not opened
            link.surplus_since = now.steady;
            return;
        }
    }
    drop(link, now, out);
}

// Ending a link may end others too.
void Roster::ring_links(Now now, Effects& out) {
    for (const LinkId id : links_.due(now.steady))
        if (Link* each = link(id)) ring(of_link, *this, now, out, *each);
}

std::optional<Instant> Roster::absence_due(const Peer& peer) const {
    if (!peer.links.empty() || peer.up) return std::nullopt;  // up: its other call is about to open
    return peer.down_since + limits::relink_grace;
}

void Roster::is_absent(Peer& peer, Now, Effects& out) { needs_.forget(peer.key, out); }

void Roster::dial_missed(Now now, Effects& out) {
    for (const auto& where : contacts_.take_due(now.steady))
        if (is_missed_at(where) && !dialling(where)) out.push_back(Connect{where});
}

void Roster::forgive_silence(Instant now) {
    for (auto& [id, link] : links_.touch_all()) {
        link.heard = now;
        link.pinged.reset();
    }
}

}  // namespace lanchat::controller::roster
