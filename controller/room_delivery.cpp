// Lines out and in: what each link carries next, and what was received and acknowledged.
#include <algorithm>
#include <utility>

#include "controller/room.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

// The one place that sends. A link that is idle gets everything that waits for it in one frame, so
// lines travel alone when it is quiet and in batches when it is not.
void Room::pump(Link& link, Now now, Effects& out) {
    if (link.busy || link.dropped || link.finished) return;
    Frame frame;
    bool something = add_control(link, frame);
    Peer* peer = peer_of(link);
    if (peer != nullptr && peer->active == link.id && link.stage == Stage::open) {
        something |= add_lines(link, *peer, frame, now, out);
        if (!peer->key.legacy) something |= add_receipts(*peer, frame, now.steady);
        if (!peer->verify_owed.empty()) {
            frame.verify = peer->verify_owed.front();
            peer->verify_owed.pop_front();
            something = true;
        }
        something |= add_linked(*peer, frame, something, now.steady);
    }
    if (something) {
        LANCHAT_ASSERT(peer == nullptr || is_ours_to_share(*peer, frame));
        add_wall(link, frame, now);
        link.busy = true;
        out.push_back(Send{link.id, std::move(frame)});
    } else if (link.finish_owed) {
        link.finished = true;
        out.push_back(Finish{link.id});
    }
}

void Room::pump_peer(Peer& peer, Now now, Effects& out) {
    if (!peer.active) return;
    if (Link* active = link(*peer.active)) pump(*active, now, out);
}

bool Room::add_control(Link& link, Frame& frame) {
    if (link.stage == Stage::greeting || link.stage == Stage::challenging) {
        return false;
    }
    bool something = false;
    if (std::exchange(link.ok_owed, false)) {
        frame.msg = accepted_word;
        something = true;
    }
    const bool is_legacy = link.person && link.person->legacy;
    if (std::exchange(link.hello_owed, false) && !is_legacy) {
        frame.hello = hello(link.nonce);
        something = true;
    }
    const Peer* peer = peer_of(link);
    if (std::exchange(link.ack_owed, false) && peer != nullptr) {
        frame.received = ack_of(*peer, logs_.stored_of(peer->log));
        something = true;
    }
    frame.ping = std::exchange(link.ping_owed, std::nullopt);
    frame.bye = std::exchange(link.bye_owed, std::nullopt);
    return something || frame.ping || frame.bye;
}

bool Room::add_lines(Link& link, Peer& peer, Frame& frame, Now now, Effects& out) {
    link.sent = std::max(link.sent, peer.reached);  // some came over another link meanwhile
    if (peer.key.legacy) {
        if (link.sent < ledger_.base()) {
            fell_behind(peer, Gap{link.sent, ledger_.base()}, now.steady);
            link.sent = peer.acked = peer.reached = ledger_.base();
        }
        return frame.msg.empty() && add_legacy_line(link, peer, frame);
    }
    if (!add_proofs(link, peer, frame, now.steady, out)) {
        add_own_runs(link, peer, frame, out);
        add_letters(peer, frame);
        add_exchange(link, peer, frame, now.steady, out);
    }
    // An acknowledgement travels with lines, or alone once it is due: sent at once, it would hold
    // the write that the answer to those lines is about to need.
    const bool due = peer.ack_due && *peer.ack_due <= now.steady;
    if (peer.ack_due && receiving_ && (due || !frame.runs.empty())) {
        frame.received = ack_of(peer, logs_.stored_of(peer.log));
        peer.unacked = 0;
        peer.ack_due.reset();
    }
    return frame.received || !frame.runs.empty() || !frame.proofs.empty() || !frame.have.empty() ||
           !frame.want.empty() || frame.listing || frame.listed || frame.digest;
}

// What was said here goes to whoever is linked, up to a window. Who is so far behind that the
// ledger has let go of it asks for the rest, like everybody who was away.
void Room::add_own_runs(Link& link, const Peer& peer, Frame& frame, Effects& out) {
    if (!settings_.push || link.sent < ledger_.base()) return;
    std::size_t bytes = 0;
    while (link.sent < ledger_.head() && frame.runs.size() < limits::frame_runs_max) {
        const auto in_flight = ledger_.bytes_after(peer.reached) - ledger_.bytes_after(link.sent);
        if (link.sent - peer.reached >= limits::window_lines_max ||
            in_flight >= limits::window_bytes_max)
            return;
        if (link.sent >= ledger_.sealed()) seal(out);
        const auto& [run, last] = ledger_.run_after(link.sent);
        if (last > sendable()) return;
        bytes += run->byte_count();
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(run);
        link.sent = last;
    }
}

// A line said with an id waits for our disk: after a crash its author says it again only if it is
// not there (log.md 7).
Place Room::sendable() const {
    return stored_first_.empty() ? ledger_.head() : stored_first_.front() - 1;
}

// A device may be here as several processes.
std::vector<DeviceId> Room::audience(bool with_far_members) const {
    std::set<DeviceId> devices;
    if (with_far_members) devices = far_.live();
    std::erase_if(devices, [this](const auto& device) { return people_.is_blocked(device); });
    for (const auto& [key, peer] : peers_)
        if (!key.legacy && peer.up) devices.insert(peer.device);
    return {devices.begin(), devices.end()};
}

void Room::tell_deliveries(Effects& out) {
    if (!deliveries_.has_changes()) return;
    for (const auto& [line, count] : deliveries_.take_changes())
        out.push_back(Notify{Delivery{message_id(line), line, count}});
}

void Room::seal(Effects& out) {
    seal_due_.reset();
    while (const RunPtr run = ledger_.seal()) {
        LANCHAT_ASSERT(logs_.take(*run) == Logs::Verdict::fresh);
        keep(run, false, out);
    }
    for (const RunPtr& run : letters_.seal()) {
        LANCHAT_ASSERT(logs_.take(*run) == Logs::Verdict::fresh);
        keep(run, false, out);
    }
}

// A legacy peer knows one line a frame, and prints an empty one as it is.
bool Room::add_legacy_line(Link& link, Peer& peer, Frame& frame) {
    if (!may_publish_to(peer)) return false;
    while (frame.msg.empty()) {
        if (link.is_between_lines()) {
            link.rest.clear();
            if (link.sent >= sendable()) break;
            link.rest = ledger_.at(++link.sent).text;
            link.rest_from = 0;
        }
        const auto end =
            std::min(link.rest.find_first_of("\r\n", link.rest_from), link.rest.size());
        frame.msg = link.rest.substr(link.rest_from, end - link.rest_from);
        link.rest_from = end + 1;
    }
    if (frame.msg.empty())  // of nothing but newlines
        peer.acked = peer.reached = std::max(peer.acked, link.sent);
    return !frame.msg.empty();
}

// A legacy peer ends one of two simultaneous links, and what was published on that one would be
// lost. While our own dial to it is open, it has not decided yet.
bool Room::may_publish_to(const Peer& peer) const { return !dialling(peer.address); }

// Lines said before anybody was there go to whoever comes first, and to those who come with it.
Place Room::welcome_from(Instant now) const {
    if (!settled_ || !first_peer_) return 0;
    const bool early = now < *first_peer_ + limits::startup_grace && ledger_.head() == early_head_;
    return early ? 0 : ledger_.head();
}

void Room::take_legacy_line(Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (frame.msg.empty()) return;
    if (frame.msg.size() > limits::line_bytes_max) {
        ++peer.too_long;
        return report_too_long(peer, now.steady, out);
    }
    const auto id = to_string(settings_.instance) + ":l" + std::to_string(++legacy_lines_);
    const WallTime when = walls_.at(now).time;
    out.push_back(Notify{
        Message{id, general_room, info(peer), when, frame.msg, false, false, Clock::at(when)}});
}

Ack Room::ack_of(const Peer& peer, Ack stored) {
    if (peer.log.epoch != lanchat::log_of(peer.key.node).epoch) stored.epoch = peer.log.epoch;
    return stored;
}

// What was trimmed here it need not have.
void Room::acknowledged(Peer& peer, const Ack& ack, Instant now) {
    const auto first = lanchat::log_of(own_node());
    const LogId log{first.device, ack.epoch.value_or(first.epoch)};
    const auto after = ledger_.place_of(log, ack.after <= logs_.extent(log).floor ? 0 : ack.after);
    const auto last = ledger_.place_of(log, ack.last);
    if (!after || !last || *last <= peer.acked) return;
    deliveries_.stored_there(peer.device, log, ack.after, ack.last);
    has_up_to(peer, {*after, *last}, now);
}

void Room::has_up_to(Peer& peer, Gap stretch, Instant now) {
    if (stretch.to <= peer.acked) return;
    if (stretch.to > peer.reached) peer.progress = now;
    peer.reached = std::max(peer.reached, stretch.to);
    std::erase_if(peer.islands, [&](const Gap& old) { return old.after == stretch.after; });
    if (peer.islands.size() >= limits::gaps_max) peer.islands.erase(peer.islands.begin());
    peer.islands.push_back(stretch);
    // What lies between them it asks for.
    const auto next = [&] {
        return std::ranges::find_if(peer.islands,
                                    [&](const Gap& island) { return island.after <= peer.acked; });
    };
    for (auto it = next(); it != peer.islands.end(); it = next()) {
        peer.acked = std::max(peer.acked, it->to);
        peer.islands.erase(it);
    }
    std::erase_if(peer.gaps, [&](const Gap& gap) { return gap.to <= peer.acked; });
}

// After a relink it may fall behind for the same lines again: those are not counted twice.
void Room::fell_behind(Peer& peer, Gap gap, Instant now) {
    std::uint64_t fresh = ledger_.lines_between(gap.after, gap.to);
    for (const Gap& known : peer.gaps)
        fresh -= ledger_.lines_between(std::max(known.after, gap.after), known.to);
    if (peer.missed == 0) peer.missed_since = now;
    peer.missed += fresh;
    std::erase_if(peer.gaps, [&](const Gap& known) { return known.after >= gap.after; });
    if (peer.gaps.size() >= limits::gaps_max) peer.gaps.erase(peer.gaps.begin());
    peer.gaps.push_back(gap);
}

void Room::report_missed(Peer& peer, UndeliveredReason reason, Effects& out) {
    if (peer.missed == 0) return;
    out.push_back(Notify{Undelivered{info(peer), peer.missed, reason}});
    peer.missed = 0;
}

std::optional<Instant> Room::too_long_due(const Peer& peer) {
    if (peer.too_long == 0) return std::nullopt;
    return peer.too_long_told.value_or(Instant{} - limits::missed_report_interval) +
           limits::missed_report_interval;
}

void Room::report_too_long(Peer& peer, Instant now, Effects& out) {
    const auto due = too_long_due(peer);
    if (!due || (*due > now && peer.up)) return;
    peer.too_long_told = now;
    out.push_back(Notify{Undelivered{info(peer), std::exchange(peer.too_long, 0),
                                     UndeliveredReason::too_long}});
}

// Whatever `peer` should have got and has not acknowledged is reported, each line once. Of a
// lanchat peer only when we are leaving: else it asks for what it missed when it is back.
void Room::give_up_on(Peer& peer, Effects& out) {
    if (!peer.key.legacy && !finishing_ && !leaving()) return;
    report_missed(peer, UndeliveredReason::slow, out);
    if (!peer.welcomed || peer.said <= peer.acked) return;
    peer.missed = ledger_.lines_between(peer.acked, peer.said);
    for (const Gap& gap : peer.gaps)
        if (gap.to <= peer.said)
            peer.missed -= ledger_.lines_between(std::max(gap.after, peer.acked), gap.to);
    report_missed(peer, UndeliveredReason::gone, out);
    peer.acked = peer.said;
    peer.reached = std::max(peer.reached, peer.acked);
    peer.gaps.clear();
}

bool Room::stalled(const Peer& peer, Instant now) const {
    return peer.reached < ledger_.head() && now - peer.progress > limits::stall_timeout;
}

bool Room::has_room(Instant now) const {
    if (!disk_keeps_up()) return false;
    Seq needed = ledger_.head();
    const bool may_yet_come = !settled_ || !first_peer_;
    if (may_yet_come && now < started_ + limits::startup_grace) needed = 0;
    for (const auto& [key, peer] : peers_)
        if (peer.welcomed && peer.reached >= ledger_.base() && !stalled(peer, now))
            needed = std::min(needed, peer.reached);
    needed = std::max(needed, ledger_.base());
    return ledger_.head() - needed < limits::ledger_lines_max / 2 &&
           ledger_.bytes_after(needed) < limits::ledger_bytes_max / 2;
}

}  // namespace lanchat::controller
