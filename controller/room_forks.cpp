// Forks (log.md 6): what contradicts is compared, proven and handed on; a log ends before the
// lowest place at which a fork of it is proven.
#include <algorithm>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
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
void Room::doubt(Peer& peer, const Head& head, const Extent& held, Instant now) {
    for (const Span* span : {&head.base, head.tail ? &*head.tail : nullptr}) {
        if (span == nullptr || span->last == 0 || span->last > held.limit()) continue;
        for (const Stretch* ours : {&held.base, held.tail ? &*held.tail : nullptr})
            if (ours != nullptr && !ours->empty() && ours->last == span->last &&
                ours->head != span->head)
                inquire(peer, head.log, span->last, now);
    }
}

// Where do the branches part of which the peer's and ours differ at `seq`?
void Room::inquire(Peer& peer, const LogId& log, Seq seq, Instant now) {
    const Stretch* ours = stretch_with(logs_.extent(log), seq);
    auto& wants = peer.logs.wants_owed;
    if (ours == nullptr || wants.size() >= limits::pulls_max) return;
    if (const auto want = peer.logs.inquiries.begin(log, ours->after, seq, now))
        wants.push_back(*want);
}

// The entries that we hold lie with the body: it brings what is to be compared.
void Room::examine(Peer& peer, const RunPtr& run, Effects& out) {
    Exchange& logs = peer.logs;
    if (!peer.active || logs.examining >= limits::examinations_per_peer_max) return;
    if (run->first() > logs_.extent(run->log()).limit()) return;
    ++logs.examining;
    const Seq from = logs.inquiries.agreed(run->log()).value_or(0);
    out.push_back(Examine{*peer.active, run, std::max(run->first() - 1, from)});
}

// Somebody brought a run that contradicts what is held: whoever else has more may be believed.
void Room::contradicted(Peer& peer, const LogId& log, Instant now) {
    peer.logs.there.erase(log);
    pulls_.not_behind(log);
    pulls_.behind(log, now, true);
}

void Room::on(const Examined& examined, Now now, Effects& out) {
    const RunPtr& run = examined.run;
    std::optional<Fork> lowest;
    for (const RunPtr& own : examined.ours) {
        auto fork = fork_between(run, own);
        if (fork && (!lowest || fork->seq < lowest->seq)) lowest = std::move(fork);
    }
    if (lowest) freeze(*lowest, now.steady, out);
    const Link* from = link(examined.link);
    Peer* peer = from == nullptr ? nullptr : peer_of(*from);
    if (peer == nullptr) return;
    if (peer->logs.examining > 0) --peer->logs.examining;
    look_further(*peer, *run, agreed_up_to(*run, examined.ours), lowest, now.steady);
    pump_peer(*peer, now, out);
}

void Room::look_further(Peer& peer, const VerifiedRun& run, Seq same,
                        const std::optional<Fork>& fork, Instant now) {
    const LogId& log = run.log();
    Inquiries& inquiries = peer.logs.inquiries;
    if (inquiries.agreed(log)) {
        const auto want = inquiries.compared(log, same, fork, now);
        if (want && peer.logs.wants_owed.size() < limits::pulls_max)
            peer.logs.wants_owed.push_back(*want);
    } else if (fork && !fork->is_tight() && fork->seq <= logs_.extent(log).limit() + 1) {
        inquire(peer, log, fork->seq - 1, now);
    } else if (!fork && same == 0) {
        inquire(peer, log, beside(run, logs_.extent(log)), now);
    }
}

void Room::take_proofs(Peer& peer, const Frame& frame, Instant now, Effects& out) {
    for (const Fork& proof : frame.proofs) {
        peer.logs.fork_news.knows(proof.log, proof.seq);
        freeze(proof, now, out);
    }
}

// A proof that was told before its author was accepted here was not taken. What lies behind a fork
// nobody gives, so wanting that asks for the proof.
void Room::ask_for_proof(Peer& peer, const Head& head, const Extent& held) const {
    auto& wants = peer.logs.wants_owed;
    if (head.forked == 0 || head.forked > held.limit() || wants.size() >= limits::pulls_max) return;
    wants.push_back({head.log, head.forked - 1, head.forked, false});
}

void Room::asks_for_proof(Peer& peer, const Want& want, Instant now) const {
    const Held* held = logs_.find(want.log);
    if (held == nullptr || held->freezing || held->stored.forked == 0) return;
    if (want.seq != 0 && want.seq < held->stored.forked) return;
    if (!may_tell(peer, want.log)) return;
    peer.logs.fork_news.asked(want.log, held->stored.forked, now);
}

// A log of ours of this process goes on: whoever holds our key as well signs in our name, which is
// told, and the next process begins a log of its own.
void Room::freeze(const Fork& fork, Instant now, Effects& out) {
    const bool own = is_own(fork.log);
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
    if (!was_known) out.push_back(Notify{Forked{author(fork.a->items().front().entry)}});
}

// The proof is on the disk. All are told what we hold now, and who knows no better proof gets ours.
void Room::on(const Frozen& frozen, Now now, Effects&) {
    if (!logs_.frozen(frozen.log, frozen.extent)) return;
    authors_.is_left(frozen.log, frozen.extent, now.steady, rng_);
    pulls_.not_behind(frozen.log);
    pulls_.behind(frozen.log, now.steady, true);
    for (auto& [key, peer] : peers_.touch_all()) {
        if (key.legacy || !peer.up) continue;
        tell_of(peer, frozen.log, now.steady);
        if (may_tell(peer, frozen.log))
            peer.logs.fork_news.owe(frozen.log, frozen.extent.forked, now.steady);
    }
}

// Proofs are large, so they go alone.
bool Room::add_proofs(Link& link, Peer& peer, Frame& frame, Instant now, Effects& out) {
    Exchange& logs = peer.logs;
    frame.proofs = std::exchange(logs.proofs, {});
    if (!frame.proofs.empty()) return true;
    if (!logs.proving && logs.fork_news.is_due(now)) {
        logs.proving = link.id;
        out.push_back(Prove{link.id, logs.fork_news.take(now)});
    }
    return false;
}

void Room::on(const Proven& proven, Now now, Effects& out) {
    const Link* to = link(proven.link);
    Peer* peer = to == nullptr ? nullptr : peer_of(*to);
    if (peer == nullptr || peer->logs.proving != proven.link) return;
    Exchange& logs = peer->logs;
    logs.proving.reset();
    std::size_t bytes = 0;
    for (const Fork& proof : proven.proofs) {
        bytes += proof.a->byte_count() + proof.b->byte_count();
        if (bytes > limits::frame_bytes_target && !logs.proofs.empty()) break;
        logs.fork_news.knows(proof.log, proof.seq);
        logs.proofs.push_back(proof);
    }
    logs.fork_news.taken_told();
    pump_peer(*peer, now, out);
}

}  // namespace lanchat::controller
