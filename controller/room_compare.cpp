// With whom all logs are compared and when, and what follows from it.
#include <algorithm>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

void sooner(std::optional<Instant>& due, Instant other) {
    if (!due || other < *due) due = other;
}

bool is_part(const Claim& claim) { return claim.tail || claim.base.after > 0; }

}  // namespace

void Room::begin_comparison(Peer& peer, Instant now) {
    peer.logs.compare.begin(now);
    sooner(compare_due_, peer.logs.compare.next());
}

void Room::take_comparison(Peer& peer, const Frame& frame, Instant now) {
    if (!frame.digest && !frame.differ && !frame.listed) return;
    Comparison& compare = peer.logs.compare;
    compare.take(frame, logs_.summary(), own_node() > peer.key.node, now);
    sooner(compare_due_, std::max(now, compare.next()));
    for (const LogId& log : deliveries_.logs()) count_ours(peer, log);
}

bool Room::add_comparison(Peer& peer, Frame& frame, Instant now) {
    if (!peer.logs.compare.add(frame, logs_, now)) return false;
    if (frame.digest && frame.digest->asks) tell_own_log(frame);
    if (frame.digest)
        for (const LogId& log : deliveries_.logs()) count_ours(peer, log);
    return true;
}

// Its lines follow at once, and what of them was said before we were linked is history there.
void Room::tell_own_log(Frame& frame) const {
    const Held* own = logs_.find(ledger_.log());
    frame.said = ledger_.said();
    if (own == nullptr || own->stored.size() == 0) return;
    frame.listing = true;
    add_head(frame, ledger_.log(), own);
}

// When it has become quiet, everybody should be equal; where it never does, now and then.
void Room::logs_changed(Instant now) {
    const std::uint64_t version = logs_.summary().version();
    if (std::exchange(compared_version_, version) == version) return;
    if (!changed_since_) changed_since_ = now;
    compare_due_ =
        std::min<Instant>(now + limits::round_settles, *changed_since_ + limits::round_latest);
}

void Room::compare_with_next(Now now, Effects& out) {
    if (leaving() || !compare_due_ || *compare_due_ > now.steady) return;
    changed_since_.reset();
    compare_due_.reset();
    const Peer* next = next_to_compare(now.steady);
    if (next == nullptr) return;
    compare_due_ = now.steady + limits::round_pace;
    compared_last_ = next->key;
    Peer& peer = *peers_.touch(next->key);
    peer.logs.compare.ask(now.steady);
    pump_peer(peer, now, out);
}

// One after the other. If it is nobody's turn yet, it is known when it will be.
const Peer* Room::next_to_compare(Instant now) {
    const auto last = peers_.after(compared_last_);
    const Peer* found = nullptr;
    const auto is_next = [&](const auto& known) {
        const Peer& peer = known.second;
        const Comparison& compare = peer.logs.compare;
        if (peer.key.legacy || !peer.active || !compare.is_open(compared_version_)) return false;
        if (compare.next() > now) sooner(compare_due_, compare.next());
        if (compare.next() <= now) found = &peer;
        return found != nullptr;
    };
    if (std::any_of(last, peers_.end(), is_next)) return found;
    return std::any_of(peers_.begin(), last, is_next) ? found : nullptr;
}

// It holds a part, and lists that so that whoever has more says so. Digests do not tell.
void Room::told_less(Peer& peer, const Head& head, Instant now) {
    const Held* held = logs_.find(head.log);
    if (held == nullptr || held->stored.size() == 0 || !is_part(claim_of(head))) return;
    if (head.forked != 0) return;  // see room_forks.cpp
    Extent there;
    there.base = {head.base.after, {}, head.base.last, head.base.head};
    if (head.tail) there.tail = {head.tail->after, {}, head.tail->last, head.tail->head};
    const Claim here = claim_of(head_of(head.log, held->stored));
    if (controller::next_want(head.log, there, here, 0, settings_.haste))
        tell_of(peer, head.log, now);
}

// Counts as delivered to the peer what it holds of `log`, one of our logs of before. A peer that
// holds a part of it has told us which part; a peer whose digest equals ours holds all of it.
void Room::count_ours(const Peer& peer, const LogId& log) {
    const auto told = peer.logs.ours.find(log);
    if (told != peer.logs.ours.end()) {
        told_of_ours(peer, log, told->second);
        if (is_part(told->second)) return;
    }
    if (peer.logs.compare.has_all(log, logs_.summary()))
        deliveries_.stored_there(peer.device, log, 0, logs_.find(log)->stored.last());
}

// When the peer is to be told of logs that grew. Not before the comparison has told it what it may
// lack: it would take the news for that answer.
std::optional<Instant> Room::news_due(const Exchange& logs) {
    if (!logs.news_from) return std::nullopt;
    return std::max(*logs.news_from, logs.compare.news_from());
}

}  // namespace lanchat::controller
