// What time brings: silence, late greetings, acknowledgements that are due; and leaving.
#include <algorithm>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

void sooner(std::optional<Instant>& next, std::optional<Instant> other) {
    if (other && (!next || *other < *next)) next = other;
}

// A Wake that comes this late tells that we slept, not that the others were silent.
constexpr Duration own_stall = std::chrono::seconds(1);

}  // namespace

std::optional<Instant> Room::next_wakeup() const {
    if (stopped_) return std::nullopt;
    std::optional<Instant> next = contacts_.next_due();
    sooner(next, links_.next());
    sooner(next, peers_.next());
    if (!leaving()) sooner(next, finish_by_);
    sooner(next, seal_due_);
    sooner(next, page_due_);
    sooner(next, receipts_.due());
    if (receiving_ && !leaving() && disk_keeps_up()) sooner(next, pulls_.next_due());
    if (!leaving()) sooner(next, compare_due_);
    if (!leaving()) sooner(next, authors_.due());
    if (!grace_over_) sooner(next, started_ + limits::startup_grace);
    return next;
}

// What is due of a peer depends on its links too.
void Room::retime() {
    links_.retime([this](const Link& link) {
        if (link.person) peers_.touch(*link.person);
        return due(link);
    });
    peers_.retime([this](const Peer& peer) { return due(peer); });
}

std::optional<Instant> Room::due(const Link& link) const {
    if (link.dropped) return std::nullopt;
    if (leaving()) return std::min<Instant>(*leave_by_, link.since + limits::goodbye_timeout);
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
    const auto timeout =
        link.person->legacy ? limits::legacy_answer_timeout : limits::ping_timeout;
    auto next = link.pinged ? *link.pinged + timeout : link.heard + limits::ping_after;
    if (link.surplus_since && link.direction == Direction::accepted)
        next = std::min<Instant>(next, *link.surplus_since + limits::surplus_timeout);
    return next;
}

std::optional<Instant> Room::due(const Peer& peer) const {
    std::optional<Instant> next;
    if (peer.links.empty() && peer.up) return std::nullopt;  // its other call is about to open
    if (peer.links.empty()) return peer.down_since + limits::relink_grace;
    const Link* active = peer.active ? link(*peer.active) : nullptr;
    const bool can_ack = active != nullptr && active->stage == Stage::open && !active->busy;
    if (receiving_ && can_ack) sooner(next, peer.ack_due);
    if (can_ack) sooner(next, news_due(peer.logs));
    if (can_ack) sooner(next, peer.logs.compare.due());
    if (can_ack) sooner(next, peer.logs.links.due());
    if (can_ack) sooner(next, peer.logs.receipts.due());
    if (can_ack && !peer.logs.proving) sooner(next, peer.logs.fork_news.due());
    if (peer.verifying) sooner(next, peer.verify_until);
    if (peer.missed > 0) sooner(next, peer.missed_since + limits::missed_report_interval);
    sooner(next, too_long_due(peer));
    if (peer.reached < ledger_.head() && peer.up) {
        // When it stops to count as one that keeps up, input may flow again.
        const Instant stalls = peer.progress + limits::stall_timeout + Duration{1};
        if (!peer.stall_seen || *peer.stall_seen < stalls) sooner(next, stalls);
    }
    return next;
}

// A legacy peer that dialled us is pinged by the transport, as an HTTP/2 server may.
bool Room::is_asked(const Link& link) {
    return !link.person->legacy || link.direction == Direction::dialled;
}

bool Room::silent_for(const Link& link, Duration span, Instant now) const {
    return link.stage == Stage::open && !link.dropped && !link.pinged && is_asked(link) &&
           !leaving() && link.heard + span <= now;
}

// When one link must be pinged, those that are nearly silent enough are pinged too: pings that
// leave together cost one wake-up of this and of the other machine instead of many.
void Room::ping_silent_links(const std::vector<LinkId>& due, Now now, Effects& out) {
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

void Room::ask_for_life(Link& link, Now now, Effects& out) {
    if (link.person->legacy) return out.push_back(Probe{link.id});
    link.ping_owed = Ping{rng_.next(), false};
    pump(link, now, out);
}

void Room::watch(Link& link, Now now, Effects& out) {
    const auto when = due(link);
    if (!when || *when > now.steady) return;
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

void Room::watch(Peer& peer, Now now, Effects& out) {
    if (peer.links.empty()) {
        if (peer.up) return;
        if (peer.down_since + limits::relink_grace <= now.steady) forget(peer.key, out);
        return;
    }
    if (peer.missed > 0 && peer.missed_since + limits::missed_report_interval <= now.steady)
        report_missed(peer, UndeliveredReason::slow, out);
    report_too_long(peer, now.steady, out);
    if (peer.verifying && peer.verify_until <= now.steady) {
        break_off_verifying(peer, Verification::Stage::timed_out, out);
        pump_peer(peer, now, out);
    }
    if (stalled(peer, now.steady)) peer.stall_seen = now.steady;
    const bool acks = peer.ack_due && *peer.ack_due <= now.steady && receiving_;
    const Exchange& logs = peer.logs;
    const auto is_due = [&](std::optional<Instant> due) { return due && *due <= now.steady; };
    const bool tells = is_due(news_due(logs)) || is_due(logs.compare.due()) ||
                       is_due(logs.receipts.due()) || logs.links.is_due(now.steady) ||
                       (!logs.proving && logs.fork_news.is_due(now.steady));
    if (acks || tells) pump_peer(peer, now, out);
}

void Room::forgive_own_stall(Instant now) {
    const auto expected = next_wakeup();
    if (!expected || now - *expected < own_stall) return;
    for (auto& [id, link] : links_.touch_all()) {
        link.heard = now;
        link.pinged.reset();
    }
}

void Room::settle(Now now, Effects& out) {
    grace_over_ |= (first_peer_ && settled_) || now.steady >= started_ + limits::startup_grace;
    if (swept_ && !settled_) {
        settled_ = std::ranges::none_of(links_, [](const auto& known) {
            const Link& link = known.second;
            return !link.dropped && (link.stage == Stage::joining ||
                                     (link.stage == Stage::greeting && is_dialled(link.id)));
        });
        if (settled_) early_head_ = ledger_.head();
    }
    if (finishing_ && !leaving() && (now.steady >= *finish_by_ || everything_delivered()))
        begin_leaving(now, out);
    if (!leaving() || stopped_) return;
    if (now.steady >= *leave_by_)
        for (auto& [id, link] : links_.touch_all()) drop(link, now, out);
    if (links_.empty()) {
        stopped_ = true;
        out.push_back(Stop{});
    }
}

// Nothing said is silently given up: with lines and nobody to give them to, the linger time runs.
bool Room::everything_delivered() const {
    if (stored_ < ledger_.head() || !letters_delivered()) return false;
    if (!hurry_ && (!settled_ || (ledger_.head() > 0 && !first_peer_))) return false;
    return std::ranges::all_of(peers_, [&](const auto& known) {
        const Peer& peer = known.second;
        if (peer.up) return peer.acked == ledger_.head();
        return hurry_ || peer.acked >= peer.said;
    });
}

void Room::begin_leaving(Now now, Effects& out) {
    leave_by_ = now.steady + limits::goodbye_timeout;
    seal(out);
    for (auto& [key, peer] : peers_.touch_all()) {
        if (peer.up) peer.said = ledger_.head();
        give_up_on(peer, out);
        if (peer.ack_due) peer.ack_due = now.steady;  // a last acknowledgement
        pump_peer(peer, now, out);
    }
    for (auto& [id, link] : links_.touch_all()) {
        const bool member = link.stage == Stage::joining || link.stage == Stage::open;
        if (member && !link.person->legacy) link.bye_owed = Bye::leaving;
        member ? close(link, now, out) : drop(link, now, out);
    }
}

}  // namespace lanchat::controller
