// What comes and goes with frames, and what follows when a log has grown.
#include "controller/sync/sync.hpp"

#include <algorithm>
#include <utility>

#include "message/assert.hpp"

namespace lanchat::controller::sync {
namespace {

std::set<DeviceId> authors_of(const Settings& settings) {
    std::set<DeviceId> authors;
    if (!settings.closed) return authors;
    for (const auto& [log, held] : settings.held) authors.insert(log.device);
    authors.merge(settings.resting.devices());
    return authors;
}

// Whether that peer says that it is linked with `node`.
bool leads_to(const Member& who, const Peer& peer, const NodeId& node) {
    return who.up && !who.key.legacy && peer.linked.contain(node);
}

bool has_all_of(const Head& head, const LogId& log, const Extent& stored) {
    return head.log == log && head.base.after <= stored.base.after &&
           head.base.last >= stored.last();
}

}  // namespace

const Timer<Sync> Sync::naming[1] = {{&Sync::naming_due, &Sync::name_next}};
const Timer<Sync> Sync::pulling[1] = {{&Sync::pulls_due, &Sync::ask_for_missing}};
const Timer<Sync> Sync::comparing[1] = {{&Sync::compare_due, &Sync::compare_with_next}};

Sync::Sync(const Self& self, const Course& course, Settings settings, Rng& rng, Needs& needs,
           Peers<Peer>& peers)
    : self_(self),
      course_(course),
      rng_(rng),
      needs_(needs),
      peers_(peers),
      haste_(settings.haste),
      authors_(settings.closed, self.device(), authors_of(settings), settings.met, course.began,
               rng),
      logs_(std::move(settings.held), std::move(settings.resting), settings.logs_at_hand),
      bodies_(settings.lacking, settings.dropped),
      compared_version_(logs_.summary().version()) {}

void Sync::take(const Member& who, Peer& peer, const Frame& frame, Now now, Effects& out) {
    Bodies::take(peer.bodies, frame);  // before anything counts as stored there
    if (frame.linked) take_linked(who, peer, frame, now.steady);
    take_proofs(peer, frame, now.steady, out);
    take_heads(who, peer, frame, now.steady);
    take_first_words(who, peer, frame);
    take_comparison(who, peer, frame, now.steady);
    take_runs(who, peer, frame, now, out);
    take_wants(who, peer, frame, now.steady);
    take_bodies(who, peer, frame, out);
}

void Sync::fill(const Member& who, Peer& peer, LinkId link, Frame& frame, Instant now,
                Effects& out) {
    // With the first question goes how much is said here (take_first_words): it waits for nothing.
    const bool lists = frame.listing;
    if (!fill_comparison(who, peer, frame, now) && !lists) fill_heads(peer, frame, now);
    frame.want = std::exchange(peer.wants_owed, {});
    if (frame.runs.empty()) fill_answers(peer, link, frame, out);
    fill_bodies(peer, link, frame, now, out);
}

std::optional<Instant> Sync::fill_due(const Peer& peer) {
    std::optional<Instant> next = news_due(peer);
    sooner(next, peer.compare.due());
    sooner(next, peer.links.due());
    sooner(next, Bodies::due(peer.bodies));
    if (!peer.proving) sooner(next, peer.fork_news.due());
    return next;
}

// --- peers that come and go ----------------------------------------------------------------------

// Over a new link all is told again: what was on its way over the old one is lost.
void Sync::began(const Member& who, Peer& peer, Instant now) {
    peer.compare.begin(now);
    sooner(compare_due_, peer.compare.next());
    peer.asked.clear();
    peer.served.clear();
    peer.fetching.reset();
    peer.wants_owed.clear();  // all of them come again
    peer.inquiries.clear();
    peer.examining = 0;
    peer.fork_news.begin(logs_.at_hand(), now,
                         [&](const LogId& log) { return needs_.may_tell(who, log); });
    peer.proving.reset();
    peer.proofs.clear();
    pulls_.gone(who.key, now);
    peer.links.begin(++rounds_);
    bodies_.begin(
        peer.bodies, [&](const LogId& log) { return needs_.may_tell(who, log); }, now);
}

void Sync::went(const Member& who, Peer& peer, Instant now) {
    peer = {};
    pulls_.gone(who.key, now);
}

void Sync::links_changed(const Member& who, Instant now) {
    for (const auto& [other, peer] : peers_.touch_all()) {
        if (other.key.legacy || !other.up || other.key == who.key) continue;
        if (who.up) {
            peer.links.came(who.key.node);
        } else {
            peer.links.went(who.key.node, now);
            tell_of(other, peer, who.log, now);  // so that only who has more needs to answer
        }
    }
}

std::vector<PersonKey> Sync::ways_to(const NodeId& node) const {
    std::vector<PersonKey> ways;
    if (is_linked(node)) return ways;
    for (const auto& [who, peer] : peers_)
        if (leads_to(who, peer, node)) ways.push_back(who.key);
    return ways;
}

bool Sync::is_beyond(const NodeId& node) const {
    return !is_linked(node) && std::any_of(peers_.begin(), peers_.end(), [&](const auto& known) {
        return leads_to(known.who, known.state, node);
    });
}

bool Sync::is_linked(const NodeId& node) const {
    const auto peer = peers_.find(PersonKey::of(node));
    return peer && peer->who.up;
}

void Sync::take_linked(const Member& who, Peer& peer, const Frame& frame, Instant now) {
    const auto lost = peer.linked.take(*frame.linked);
    needs_.neighbours_changed(frame.linked->came, now);
    // Of those it now hears from us, unless it told that it has all that we have.
    for (const NodeId& author : lost) {
        const LogId log = lanchat::log_of(author);
        const Held* held = logs_.find(log);
        if (held == nullptr) continue;
        const bool has_all = std::ranges::any_of(
            frame.have, [&](const Head& head) { return has_all_of(head, log, held->stored); });
        if (!has_all) tell_of(who, peer, log, now);
    }
}

std::vector<NodeId> Sync::linked_besides(const Member& who) const {
    std::vector<NodeId> others;
    for (const auto& [other, peer] : peers_)
        if (other.up && !other.key.legacy && other.key != who.key) others.push_back(other.key.node);
    return others;
}

void Sync::fill_linked(const Member& who, Peer& peer, Frame& frame, Instant now) {
    NeighbourNews& news = peer.links;
    if (news.is_empty() || (is_blank(frame) && !news.is_due(now))) return;
    frame.linked = news.take(news.tells_all() ? linked_besides(who) : std::vector<NodeId>{});
}

// --- runs ----------------------------------------------------------------------------------------

void Sync::take_runs(const Member& who, Peer& peer, const Frame& frame, Now now, Effects& out) {
    // Nobody can tell us what this process said; and strangers fill our memory to a bound only.
    for (const RunPtr& run : frame.runs)
        if (!needs_.is_own(run->log()) && may_hold(run->log())) take_run(who, peer, run, now, out);
}

void Sync::take_run(const Member& who, Peer& peer, const RunPtr& run, Now now, Effects& out) {
    const LogId log = run->log();
    const Extent before = logs_.extent(log);
    const bool was_asked = peer.inquiries.is_answer(*run);
    if (was_asked) examine(who, peer, run, out);
    if (must_wait(who, *run, now.steady)) {
        pulls_.not_taken(*run, who.key, now.steady);
        return put_aside(peer, *run, now.steady);
    }
    const bool opens = logs_.find(log) == nullptr;
    switch (logs_.take(*run, pulls_.is_answer(*run, who.key))) {
        case Logs::Verdict::fresh: {
            if (opens) openings_.opened(log.device, now.steady);
            const bool is_stored = logs_.stored_of(log).last > 0;
            const Arriving how{false, before, is_stored, missed_by(&peer, log), now};
            keep(run, needs_.show(*run, how, out), out);
            pulls_.grown(log, logs_.extent(log), who.key, now.steady);
            break;
        }
        case Logs::Verdict::known:
            if (log == who.log) needs_.owe_ack(who.key, *run, now.steady);
            // Its author must not tell others another history than us.
            if (!was_asked && log == who.log) examine(who, peer, run, out);
            break;
        case Logs::Verdict::ahead:
            put_aside(peer, *run, now.steady);
            break;
        case Logs::Verdict::contradicts:
            if (!was_asked) examine(who, peer, run, out);
            contradicted(peer, log, now.steady);
            break;
    }
}

// Nothing is held back of a log that is here, but for a disk that is behind. Who is linked speaks
// in a log that nobody else opened, so that waits for no share; nor does what we asked for.
bool Sync::must_wait(const Member& who, const VerifiedRun& run, Instant now) const {
    if (unstored_bytes_ + memory_of(run) > limits::unstored_bytes_max) return true;
    const LogId log = run.log();
    return log != who.log && logs_.find(log) == nullptr && !pulls_.is_answer(run, who.key) &&
           !openings_.may_open(log.device, now);
}

bool Sync::is_next(const Peer& peer, const UnprovenRun& run) const {
    const LogId& log = run.log();
    const Extent here = logs_.extent(log);
    const bool follows = run.first() == here.last() + 1 &&
                         (here.last() == 0 || run.before() == here.head()) && here.forked == 0;
    return follows && may_hold(log) && disk_keeps_up() && missed_by(&peer, log) < run.first();
}

// It is asked for later.
void Sync::put_aside(Peer& peer, const VerifiedRun& run, Instant now) {
    const LogId log = run.log();
    Claim* there = peer.there.at(log);
    if (there == nullptr) return;
    there->base.last = std::max(there->base.last, run.last());
    pulls_.behind(log, now, true);
}

// As long as it waits for the disk.
std::size_t Sync::memory_of(const VerifiedRun& run) {
    return run.byte_count() + run.size() * limits::line_memory_bytes;
}

// How much of `log` its bringer, or its author, had when it came.
Seq Sync::missed_by(const Peer* bringer, const LogId& log) const {
    Seq missed = 0;
    const auto speaker = peers_.speaker_of(log);
    for (const Peer* peer : {bringer, speaker ? &speaker->state : nullptr}) {
        if (peer == nullptr) continue;
        const auto had = peer->backlog.find(log);
        if (had != peer->backlog.end()) missed = std::max(missed, had->second);
    }
    return missed;
}

void Sync::keep(const RunPtr& run, bool history, Effects& out) {
    unstored_bytes_ += memory_of(*run);
    out.push_back(Append{run, history});
}

void Sync::keep_own(const RunPtr& run, Effects& out) {
    LANCHAT_ASSERT(logs_.take(*run) == Logs::Verdict::fresh);
    keep(run, false, out);
}

void Sync::stored(const VerifiedRun& run) {
    logs_.stored(run);
    unstored_bytes_ -= std::min(unstored_bytes_, memory_of(run));
    for (const auto& [who, peer] : peers_)
        if (peer.bodies.lacks_some_of(run.log()))
            Bodies::grew(peers_.touch(who.key)->state.bodies, run.log());
}

// `run` is on our disk: its author is told so, the others may ask us for it.
void Sync::spread(const VerifiedRun& run, Instant now) {
    const LogId log = run.log();
    const NodeId author = peers_.author_of(log);
    const bool own = needs_.is_own(log);
    for (const auto& [who, peer] : peers_) {
        if (who.key.legacy || !who.up) continue;
        if (log == who.log) {
            needs_.owe_ack(who.key, run, now);
        } else if (own ? needs_.must_ask(who.key) : !peer.linked.contain(author)) {
            tell_of(who, peers_.touch(who.key)->state, log, now);
        }
    }
}

void Sync::imported(const Imported& imported, Now now, Effects& out) {
    const VerifiedRun& run = *imported.run;
    const LogId log = run.log();
    if (needs_.is_own(log) || log.is_direct()) return;
    const Extent before = logs_.extent(log);
    accept(log.device, now.steady);
    const auto verdict = logs_.take(run, true);
    if (verdict == Logs::Verdict::contradicts)
        out.push_back(Examine{LinkId{}, imported.run, run.first() - 1});
    if (verdict != Logs::Verdict::fresh) return;
    const bool is_stored = logs_.stored_of(log).last > 0;
    needs_.show(run, {true, before, is_stored, missed_by(nullptr, log), now}, out);
    keep(imported.run, true, out);
    pulls_.grown(log, logs_.extent(log), PersonKey{}, now.steady);
}

// The others are told: they may be waiting for what we have no longer.
void Sync::trimmed(const Trimmed& trimmed, Instant now) {
    logs_.trimmed(trimmed.log, trimmed.floor, trimmed.head);
    authors_.is_left(trimmed.log, logs_.extent(trimmed.log), now, rng_);
    for (const auto& [who, peer] : peers_.touch_all())
        if (!who.key.legacy && who.up) tell_of(who, peer, trimmed.log, now);
}

// --- what others ask of the logs -----------------------------------------------------------------

std::optional<Ended> Sync::end_of_log_to(const DeviceId& to) const {
    const Extent* newest = nullptr;
    std::optional<Ended> end;
    for (auto known = logs_.at_hand().lower_bound({self_.device(), {}, {}});
         known != logs_.at_hand().end() && known->first.device == self_.device(); ++known) {
        const Extent& here = known->second.here;
        if (known->first.to != to || here.last() == 0) continue;
        if (newest != nullptr && here.newest < newest->newest) continue;
        newest = &here;
        end = Ended{known->first.epoch, here.last(), here.head()};
    }
    return end;
}

std::set<LogId> Sync::logs_with(const DeviceId& device) const {
    std::set<LogId> logs;
    for (const auto& known : logs_.at_hand())
        if (is_between(known.first, self_.device(), device)) logs.insert(known.first);
    return logs;
}

}  // namespace lanchat::controller::sync
