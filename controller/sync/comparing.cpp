// With whom all logs are compared and when, and what follows from it.
#include <algorithm>
#include <utility>

#include "controller/sync/sync.hpp"

namespace lanchat::controller::sync {

void Sync::take_comparison(const Member& who, Peer& peer, const Frame& frame, Instant now) {
    if (!frame.digest && !frame.differ && !frame.listed) return;
    peer.compare.take(frame, logs_.summary(), self_.node() > who.key.node, now);
    sooner(compare_due_, std::max(now, peer.compare.next()));
    count_watched(who, peer);
}

bool Sync::fill_comparison(const Member& who, Peer& peer, Frame& frame, Instant now) {
    if (!peer.compare.add(frame, logs_, now)) return false;
    if (frame.digest && frame.digest->asks) tell_own_log(frame);
    if (frame.digest) count_watched(who, peer);
    return true;
}

// Its lines follow at once, and what of them was said before we were linked is history there.
void Sync::tell_own_log(Frame& frame) const {
    const LogId log = needs_.own_log();
    const Held* own = logs_.find(log);
    frame.said = needs_.said();
    if (own == nullptr || own->stored.size() == 0) return;
    frame.listing = true;
    add_head(frame, log, own);
}

// A peer that holds a part of a log has told us which part; a peer whose digest equals ours holds
// all of it.
void Sync::count_ours(const Member& who, const Peer& peer, const LogId& log) {
    const auto told = peer.ours.find(log);
    if (told != peer.ours.end()) {
        told_of_ours(who, log, told->second);
        if (is_part(told->second)) return;
    }
    if (peer.compare.has_all(log, logs_.summary()))
        needs_.has_stored(who, log, {0, logs_.find(log)->stored.last()});
}

void Sync::count_watched(const Member& who, const Peer& peer) {
    for (const LogId& log : needs_.watched_logs()) count_ours(who, peer, log);
}

bool Sync::is_stored_there(const Peer& peer, const LineId& line) {
    const auto told = peer.ours.find(line.log);
    return told != peer.ours.end() && told->second.top().last >= line.seq;
}

// When it has become quiet, everybody should be equal; where it never does, now and then.
void Sync::changed(Instant now) {
    const std::uint64_t version = logs_.summary().version();
    if (std::exchange(compared_version_, version) == version) return;
    if (!changed_since_) changed_since_ = now;
    compare_due_ =
        std::min<Instant>(now + limits::round_settles, *changed_since_ + limits::round_latest);
}

std::optional<Instant> Sync::compare_due() const {
    return course_.leaving() ? std::nullopt : compare_due_;
}

void Sync::compare_with_next(Now now, Effects& out) {
    changed_since_.reset();
    compare_due_.reset();
    const auto next = next_to_compare(now.steady);
    if (!next) return;
    compare_due_ = now.steady + limits::round_pace;
    compared_last_ = *next;
    peers_.touch(*next)->state.compare.ask(now.steady);
    needs_.pump(*next, now, out);
}

// One after the other. If it is nobody's turn yet, it is known when it will be.
std::optional<PersonKey> Sync::next_to_compare(Instant now) {
    const auto last = peers_.after(compared_last_);
    std::optional<PersonKey> found;
    const auto look = [&](auto begin, auto end) {
        for (; begin != end && !found; ++begin) {
            const auto seen = *begin;
            const Comparison& compare = seen.state.compare;
            if (seen.who.key.legacy || !seen.who.active || !compare.is_open(compared_version_))
                continue;
            if (compare.next() > now) sooner(compare_due_, compare.next());
            if (compare.next() <= now) found = seen.who.key;
        }
    };
    look(last, peers_.end());
    look(peers_.begin(), last);
    return found;
}

}  // namespace lanchat::controller::sync
