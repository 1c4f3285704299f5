// How far each peer has come with our lines, and who falls behind.
#include <algorithm>
#include <utility>

#include "controller/talk/talk.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::talk {

// --- peers that come and go ----------------------------------------------------------------------

void Talk::joined(const Member& who, Peer& peer, Instant now) {
    if (peer.welcomed) return;
    peer.welcomed = true;
    // A legacy peer gets what is said from now on; the others all that they lack.
    peer.acked = who.key.legacy ? std::min(welcome_from(now), ledger_.head()) : 0;
    peer.reached = peer.acked;
    peer.progress = now;
}

// Lines said before anybody was there go to whoever comes first, and to those who come with it.
Place Talk::welcome_from(Instant now) const {
    if (!course_.settled || !course_.first_peer) return 0;
    const bool early =
        now < *course_.first_peer + limits::startup_grace && ledger_.head() == early_head_;
    return early ? 0 : ledger_.head();
}

void Talk::opened(const Member& who, Peer& peer, LinkId link, const Ack& received_there,
                  Instant now) {
    if (!who.key.legacy) acknowledged(who, peer, received_there, now);
    peer.flows.push_back({link, peer.reached, {}, 0});
}

void Talk::came(const Member& who) {
    deliveries_.came(who.device);
    look_for_far_members();
}

// What went over the old link unacknowledged goes again over the new one.
void Talk::carries(Peer& peer, LinkId link) {
    if (Flow* flow = peer.flow(link)) *flow = {link, peer.reached, {}, 0};
}

// A legacy peer acknowledges nothing: it has what has left for it.
void Talk::drained(const Member& who, Peer& peer, LinkId link, Instant now) {
    const Flow* flow = who.key.legacy ? peer.flow(link) : nullptr;
    if (flow != nullptr && flow->is_between_lines()) has_up_to(peer, {peer.acked, flow->sent}, now);
}

void Talk::closed(Peer& peer, LinkId link) {
    std::erase_if(peer.flows, [&](const Flow& flow) { return flow.link == link; });
}

void Talk::went(const Member& who, Peer& peer) {
    if (!who.key.legacy && !peers_.linked_with(who.device)) deliveries_.left(who.device);
    peer.flows.clear();
    peer.receipts = {};
    peer.said = ledger_.head();
}

// --- acknowledgements ----------------------------------------------------------------------------

// What was trimmed here it need not have.
void Talk::acknowledged(const Member& who, Peer& peer, const Ack& ack, Instant now) {
    const auto first = lanchat::log_of(self_.node());
    const LogId log{first.device, ack.epoch.value_or(first.epoch)};
    const auto after = ledger_.place_of(log, ack.after <= needs_.floor_of(log) ? 0 : ack.after);
    const auto last = ledger_.place_of(log, ack.last);
    if (!after || !last || *last <= peer.acked) return;
    has_stored(who, log, {ack.after, ack.last});
    has_up_to(peer, {*after, *last}, now);
}

// Whom we give up on as we leave counts as served, but nothing more is known of it.
void Talk::count_acked(const Member& who, const Peer& peer, const LogId& log) {
    const auto before = ledger_.place_of(log, 0);
    if (before && *before < peer.acked && !course_.leaving())
        has_stored(who, log, {0, peer.acked - *before});
}

// Of that only what has its body there counts (log.md 28).
void Talk::has_stored(const Member& who, const LogId& log, EntryRange range) {
    for (const auto& [after, last] : needs_.with_bodies(who.key, log, range))
        deliveries_.stored_there(who.device, log, after, last);
}

void Talk::has_up_to(Peer& peer, Gap stretch, Instant now) {
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

void Talk::owe_ack(Peer& peer, const VerifiedRun& run, Instant now) {
    peer.unacked += run.size() + run.byte_count() / limits::ack_bytes_per_line;
    owe_ack(peer, now);
    if (peer.unacked >= limits::ack_lines_max) peer.ack_due = std::min(*peer.ack_due, now);
}

void Talk::owe_ack(Peer& peer, Instant now) {
    if (!peer.ack_due) peer.ack_due = now + limits::ack_delay;
}

std::optional<Instant> Talk::ack_due(const Peer& peer) const {
    return course_.receiving ? peer.ack_due : std::nullopt;
}

std::optional<Instant> Talk::fill_due(const Peer& peer) const {
    auto next = ack_due(peer);
    sooner(next, peer.receipts.due());
    return next;
}

// An acknowledgement travels with lines, or alone once it is due: sent at once, it would hold the
// write that the answer to those lines is about to need.
void Talk::fill_ack(const Member& who, Peer& peer, bool greets, bool carries, Frame& frame,
                    Instant now) const {
    const auto due = ack_due(peer);
    const bool goes = carries && due && (*due <= now || !frame.runs.empty());
    if (!greets && !goes) return;
    Ack stored = needs_.stored_of(who.log);
    if (who.log.epoch != lanchat::log_of(who.key.node).epoch) stored.epoch = who.log.epoch;
    frame.received = stored;
    if (!goes) return;
    peer.unacked = 0;
    peer.ack_due.reset();
}

// --- who is slow, or does not come back ----------------------------------------------------------

// After a relink it may fall behind for the same lines again: those are not counted twice.
void Talk::fell_behind(Peer& peer, Gap gap, Instant now) const {
    std::uint64_t fresh = ledger_.lines_between(gap.after, gap.to);
    for (const Gap& known : peer.gaps)
        fresh -= ledger_.lines_between(std::max(known.after, gap.after), known.to);
    if (peer.missed == 0) peer.missed_since = now;
    peer.missed += fresh;
    std::erase_if(peer.gaps, [&](const Gap& known) { return known.after >= gap.after; });
    if (peer.gaps.size() >= limits::gaps_max) peer.gaps.erase(peer.gaps.begin());
    peer.gaps.push_back(gap);
}

std::optional<Instant> Talk::missed_due(const Member&, const Peer& peer) const {
    if (peer.missed == 0) return std::nullopt;
    return peer.missed_since + limits::missed_report_interval;
}

void Talk::report_slow(const Member& who, Peer& peer, Now, Effects& out) {
    report_missed(who, peer, UndeliveredReason::slow, out);
}

void Talk::report_missed(const Member& who, Peer& peer, UndeliveredReason reason, Effects& out) {
    if (peer.missed == 0) return;
    out.push_back(Notify{Undelivered{needs_.info(who), peer.missed, reason}});
    peer.missed = 0;
}

// Whatever `peer` should have got and has not acknowledged is reported, each line once. Of a
// lanchat peer only when we are leaving: else it asks for what it missed when it is back.
void Talk::give_up_on(const Member& who, Peer& peer, Effects& out) {
    if (!who.key.legacy && !course_.finishing && !course_.leaving()) return;
    report_missed(who, peer, UndeliveredReason::slow, out);
    if (!peer.welcomed || peer.said <= peer.acked) return;
    peer.missed = ledger_.lines_between(peer.acked, peer.said);
    for (const Gap& gap : peer.gaps)
        if (gap.to <= peer.said)
            peer.missed -= ledger_.lines_between(std::max(gap.after, peer.acked), gap.to);
    report_missed(who, peer, UndeliveredReason::gone, out);
    peer.acked = peer.said;
    peer.reached = std::max(peer.reached, peer.acked);
    peer.gaps.clear();
}

bool Talk::is_stalled(const Peer& peer, Instant now) const {
    return peer.reached < ledger_.head() && now - peer.progress > limits::stall_timeout;
}

// When it stops to count as one that keeps up, input may flow again.
std::optional<Instant> Talk::stall_due(const Member& who, const Peer& peer) const {
    if (peer.reached >= ledger_.head() || !who.up) return std::nullopt;
    const Instant stalls = peer.progress + limits::stall_timeout + Duration{1};
    if (peer.stall_seen && *peer.stall_seen >= stalls) return std::nullopt;
    return stalls;
}

void Talk::note_stall(const Member&, Peer& peer, Now now, Effects&) {
    peer.stall_seen = now.steady;
}

bool Talk::has_room(Instant now) const {
    Seq needed = ledger_.head();
    const bool may_yet_come = !course_.settled || !course_.first_peer;
    if (may_yet_come && now < course_.began + limits::startup_grace) needed = 0;
    for (const auto& [who, peer] : peers_)
        if (peer.welcomed && peer.reached >= ledger_.base() && !is_stalled(peer, now))
            needed = std::min(needed, peer.reached);
    needed = std::max(needed, ledger_.base());
    return ledger_.head() - needed < limits::ledger_lines_max / 2 &&
           ledger_.bytes_after(needed) < limits::ledger_bytes_max / 2;
}

// Nothing said is silently given up: with lines and nobody to give them to, the linger time runs.
bool Talk::all_delivered(bool hurry) const {
    if (stored_ < ledger_.head()) return false;
    if (!hurry && (!course_.settled || (ledger_.head() > 0 && !course_.first_peer))) return false;
    return std::all_of(peers_.begin(), peers_.end(), [&](const auto& known) {
        const Peer& peer = known.state;
        if (known.who.up) return peer.acked == ledger_.head();
        return hurry || peer.acked >= peer.said;
    });
}

}  // namespace lanchat::controller::talk
