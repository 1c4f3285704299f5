// What peers tell each other of single logs: heads, and news of logs that grew.
#include <algorithm>

#include "controller/sync/sync.hpp"

namespace lanchat::controller::sync {
void Sync::take_heads(const Member& who, Peer& peer, const Frame& frame, Instant now) {
    for (const Head& head : frame.have) {
        if (authors_.accepts(head.log.device)) {
            take_head(who, peer, head, frame.listing, now);
        } else {
            note_unmet(peer, head.log, claim_of(head));
        }
    }
}

void Sync::take_head(const Member& who, Peer& peer, const Head& head, bool listing, Instant now) {
    const Claim claim = claim_of(head);
    if (head.log.device == self_.device() && logs_.find(head.log) != nullptr) {
        peer.ours[head.log] = claim;
        told_of_ours(who, head.log, claim);
        if (!head.log.is_direct() && head.log != needs_.own_log()) {
            // Of our present page the peer tells us with `received`.
            const Epoch page = head.log.epoch;
            needs_.acknowledged(who.key, {head.base.after, head.base.last, page}, now);
            if (head.tail)
                needs_.acknowledged(who.key, {head.tail->after, head.tail->last, page}, now);
        }
    }
    if (listing) told_less(who, peer, head, now);
    if (head.forked != 0) peer.fork_news.knows(head.log, head.forked);
    if (!needs_.is_own(head.log)) {
        const Held* held = logs_.find(head.log);
        if (held != nullptr) doubt(peer, head, held->here, now);
        if (listing) ask_for_proof(peer, head, logs_.extent(head.log));
        if (held != nullptr && !listing && claim.top().last < held->stored.last())
            tell_of(who, peer, head.log, now);
    }
    note_claim(who, peer, head, listing, now);
}

// What the peer has and we lack is noted, and will be asked for.
void Sync::note_claim(const Member& who, Peer& peer, const Head& head, bool listing, Instant now) {
    const Claim claim = claim_of(head);
    const Held* held = logs_.find(head.log);
    const bool is_being_cut = held != nullptr && held->is_being_cut();
    const auto is_missing = [&] {
        return is_being_cut ||
               controller::next_want(head.log, logs_.extent(head.log), claim, 0, haste_);
    };
    if (needs_.is_own(head.log) || !is_missing()) return peer.there.erase(head.log);
    const bool is_first = !peer.there.contains(head.log);
    Claim* noted = peer.there.at(head.log);
    if (noted == nullptr) return;
    *noted = claim;
    if (listing && is_first && !peer.compare.heard_all())
        had_when_it_came(peer, head.log, claim.top().last);
    // What its author is about to send need not be asked for.
    pulls_.behind(head.log, now, listing && head.log != who.log, head.newest);
}

// Lines that are not yet flushed are in no head.
void Sync::take_first_words(const Member& who, Peer& peer, const Frame& frame) {
    if (peer.compare.heard_all()) return;
    for (const Said& said : frame.said)
        had_when_it_came(peer, {who.device, said.epoch, {}}, said.last);
}

void Sync::had_when_it_came(Peer& peer, const LogId& log, Seq last) {
    auto& backlog = peer.backlog;
    if (backlog.size() >= limits::news_per_peer_max && !backlog.contains(log)) return;
    Seq& known = backlog[log];
    known = std::max(known, last);
}

void Sync::told_of_ours(const Member& who, const LogId& log, const Claim& there) {
    needs_.has_stored(who, log, {there.base.after, there.base.last});
    if (there.tail) needs_.has_stored(who, log, {there.tail->after, there.tail->last});
}

// It holds a part, and lists that so that whoever has more says so. Digests do not tell.
void Sync::told_less(const Member& who, Peer& peer, const Head& head, Instant now) {
    const Held* held = logs_.find(head.log);
    if (held == nullptr || held->stored.size() == 0 || !is_part(claim_of(head))) return;
    if (head.forked != 0) return;  // see forks.cpp
    Extent there;
    there.base = {head.base.after, {}, head.base.last, head.base.head};
    if (head.tail) there.tail = {head.tail->after, {}, head.tail->last, head.tail->head};
    const Claim here = claim_of(head_of(head.log, held->stored));
    if (controller::next_want(head.log, there, here, 0, haste_)) tell_of(who, peer, head.log, now);
}

// --- news ----------------------------------------------------------------------------------------

void Sync::tell_of(const Member& who, Peer& peer, const LogId& log, Instant now) {
    if (!needs_.may_tell(who, log)) return;
    if (peer.news.size() >= limits::news_per_peer_max) {  // then all is compared
        peer.news.clear();
        peer.compare.ask(now);
        needs_.list_letters(who.key);  // but those, which no digest tells of
    }
    peer.news.insert(log);
    if (!peer.news_from) peer.news_from = now + limits::news_delay;
}

// When the peer is to be told of logs that grew. Not before the comparison has told it what it may
// lack: it would take the news for that answer.
std::optional<Instant> Sync::news_due(const Peer& peer) {
    if (!peer.news_from) return std::nullopt;
    return std::max(*peer.news_from, peer.compare.news_from());
}

void Sync::fill_heads(Peer& peer, Frame& frame, Instant now) {
    const auto due = news_due(peer);
    if (!due || *due > now) return;
    while (!peer.news.empty() && frame.have.size() < limits::heads_per_frame) {
        const LogId log = *peer.news.begin();
        peer.news.erase(peer.news.begin());
        add_head(frame, log, logs_.find(log));
    }
    if (peer.news.empty()) peer.news_from.reset();
}

}  // namespace lanchat::controller::sync
