// Forks (log.md 6): what contradicts is compared, proven and handed on; a log ends before the
// lowest place at which a fork of it is proven.
#include <algorithm>
#include <utility>

#include "controller/sync/sync.hpp"

namespace lanchat::controller::sync {
namespace {

// The stretch that ends with `seq`, or holds it.
const Stretch* stretch_with(const Extent& held, Seq seq) {
    if (held.base.holds(seq)) return &held.base;
    return held.tail && held.tail->holds(seq) ? &*held.tail : nullptr;
}

// A run that contradicts ours and overlaps nothing of it begins right behind, or ends right before.
Seq beside(const VerifiedRun& run, const Extent& held) {
    return held.holds(run.first() - 1) ? run.first() - 1 : run.last() + 1;
}

// Up to where `run` and `ours`, which follow each other, were found to be the same; 0: nowhere.
Seq agreed_up_to(const VerifiedRun& run, const std::vector<RunPtr>& ours) {
    Seq same = 0;
    for (const RunPtr& own : ours)
        if (own->first() <= run.last() && own->last() >= run.first())
            same = std::max(same, std::min(own->last(), run.last()));
    return same;
}

}  // namespace

// It has another entry than we in the same place, or lies: the entries themselves will tell.
void Sync::doubt(Peer& peer, const Head& head, const Extent& held, Instant now) {
    for (const Span* span : {&head.base, head.tail ? &*head.tail : nullptr}) {
        if (span == nullptr || span->last == 0 || span->last > held.limit()) continue;
        for (const Stretch* ours : {&held.base, held.tail ? &*held.tail : nullptr})
            if (ours != nullptr && !ours->empty() && ours->last == span->last &&
                ours->head != span->head)
                inquire(peer, head.log, span->last, now);
    }
}

// Where do the branches part of which the peer's and ours differ at `seq`?
void Sync::inquire(Peer& peer, const LogId& log, Seq seq, Instant now) {
    const Stretch* ours = stretch_with(logs_.extent(log), seq);
    auto& wants = peer.wants_owed;
    if (ours == nullptr || wants.size() >= limits::pulls_max) return;
    if (const auto want = peer.inquiries.begin(log, ours->after, seq, now)) wants.push_back(*want);
}

// The entries that we hold lie with the body: it brings what is to be compared.
void Sync::examine(const Member& who, Peer& peer, const RunPtr& run, Effects& out) {
    if (!who.active || peer.examining >= limits::examinations_per_peer_max) return;
    if (run->first() > logs_.extent(run->log()).limit()) return;
    ++peer.examining;
    const Seq from = peer.inquiries.agreed(run->log()).value_or(0);
    out.push_back(Examine{*who.active, run, std::max(run->first() - 1, from)});
}

// Somebody brought a run that contradicts what is held: whoever else has more may be believed.
void Sync::contradicted(Peer& peer, const LogId& log, Instant now) {
    peer.there.erase(log);
    pulls_.not_behind(log);
    pulls_.behind(log, now, true);
}

void Sync::examined(const Examined& examined, Peer* peer, Instant now, Effects& out) {
    const RunPtr& run = examined.run;
    std::optional<Fork> lowest;
    for (const RunPtr& own : examined.ours) {
        auto fork = fork_between(run, own);
        if (fork && (!lowest || fork->seq < lowest->seq)) lowest = std::move(fork);
    }
    if (lowest) freeze(*lowest, now, out);
    if (peer == nullptr) return;
    if (peer->examining > 0) --peer->examining;
    look_further(*peer, *run, agreed_up_to(*run, examined.ours), lowest, now);
}

void Sync::look_further(Peer& peer, const VerifiedRun& run, Seq same,
                        const std::optional<Fork>& fork, Instant now) {
    const LogId& log = run.log();
    Inquiries& inquiries = peer.inquiries;
    if (inquiries.agreed(log)) {
        const auto want = inquiries.compared(log, same, fork, now);
        if (want && peer.wants_owed.size() < limits::pulls_max) peer.wants_owed.push_back(*want);
    } else if (fork && !fork->is_tight() && fork->seq <= logs_.extent(log).limit() + 1) {
        inquire(peer, log, fork->seq - 1, now);
    } else if (!fork && same == 0) {
        inquire(peer, log, beside(run, logs_.extent(log)), now);
    }
}

void Sync::take_proofs(Peer& peer, const Frame& frame, Instant now, Effects& out) {
    for (const Fork& proof : frame.proofs) {
        peer.fork_news.knows(proof.log, proof.seq);
        freeze(proof, now, out);
    }
}

// A proof that was told before its author was accepted here was not taken. What lies behind a fork
// nobody gives, so wanting that asks for the proof.
void Sync::ask_for_proof(Peer& peer, const Head& head, const Extent& held) {
    auto& wants = peer.wants_owed;
    if (head.forked == 0 || head.forked > held.limit() || wants.size() >= limits::pulls_max) return;
    wants.push_back({head.log, head.forked - 1, head.forked, false});
}

void Sync::asks_for_proof(const Member& who, Peer& peer, const Want& want, Instant now) const {
    const Held* held = logs_.find(want.log);
    if (held == nullptr || held->freezing || held->stored.forked == 0) return;
    if (want.seq != 0 && want.seq < held->stored.forked) return;
    if (!needs_.may_tell(who, want.log)) return;
    peer.fork_news.asked(want.log, held->stored.forked, now);
}

// A log of ours of this process goes on: whoever holds our key as well signs in our name, which is
// told, and the next process begins a log of its own.
void Sync::freeze(const Fork& fork, Instant now, Effects& out) {
    const bool own = needs_.is_own(fork.log);
    if (!own && !may_hold(fork.log)) return;
    const bool was_known = own ? own_forked_ : logs_.extent(fork.log).forked != 0;
    if (own) {
        own_forked_ = true;
    } else {
        const bool opens = logs_.find(fork.log) == nullptr;
        if (opens && !openings_.may_open(fork.log.device, now)) return;  // it is told of again
        if (!logs_.freeze(fork.log, fork.seq)) return;
        if (opens) openings_.opened(fork.log.device, now);
        out.push_back(Freeze{fork});
    }
    if (!was_known) out.push_back(Notify{Forked{needs_.author(fork.a->items().front().entry())}});
}

// The proof is on the disk. All are told what we hold now, and who knows no better proof gets ours.
void Sync::frozen(const Frozen& frozen, Instant now) {
    if (!logs_.frozen(frozen.log, frozen.extent)) return;
    authors_.is_left(frozen.log, frozen.extent, now, rng_);
    pulls_.not_behind(frozen.log);
    pulls_.behind(frozen.log, now, true);
    for (const auto& [who, peer] : peers_.touch_all()) {
        if (who.key.legacy || !who.up) continue;
        tell_of(who, peer, frozen.log, now);
        if (needs_.may_tell(who, frozen.log))
            peer.fork_news.owe(frozen.log, frozen.extent.forked, now);
    }
}

void Sync::fill_proofs(Peer& peer, LinkId link, Frame& frame, Instant now, Effects& out) {
    frame.proofs = std::exchange(peer.proofs, {});
    if (!frame.proofs.empty() || peer.proving || !peer.fork_news.is_due(now)) return;
    peer.proving = link;
    out.push_back(Prove{link, peer.fork_news.take(now)});
}

void Sync::proven(Peer& peer, const Proven& proven) {
    peer.proving.reset();
    std::size_t bytes = 0;
    for (const Fork& proof : proven.proofs) {
        bytes += proof.a->byte_count() + proof.b->byte_count();
        if (bytes > limits::frame_bytes_target && !peer.proofs.empty()) break;
        peer.fork_news.knows(proof.log, proof.seq);
        peer.proofs.push_back(proof);
    }
    peer.fork_news.taken_told();
}

}  // namespace lanchat::controller::sync
