// What is missing here is asked for, and whoever misses something is answered.
#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "controller/sync/sync.hpp"

namespace lanchat::controller::sync {
namespace {

bool continues(const VerifiedRun& run, const Want& want) {
    if (want.after >= want.seq) return false;
    return run.holds(want.newest_first ? want.seq : want.after + 1);
}

}  // namespace

std::optional<Instant> Sync::pulls_due() const {
    if (!course_.receiving || course_.leaving() || !disk_keeps_up()) return std::nullopt;
    return pulls_.next_due();
}

void Sync::ask_for_missing(Now now, Effects& out) {
    const auto due = pulls_due();
    if (!due || *due > now.steady) return;
    for (const LogId& log : pulls_.due(now.steady)) ask_for(log, now, out);
}

void Sync::ask_for(const LogId& log, Now now, Effects& out) {
    const Held* held = logs_.find(log);
    // What the disk is cutting is asked for once that is done.
    if (held != nullptr && held->is_being_cut()) return pulls_.not_behind(log);
    const auto key = source_of(log, now.steady);
    if (!key) return pulls_.not_behind(log);
    const auto source = peers_.touch(*key);
    const bool opens = held == nullptr && log != source->who.log;
    if ((opens && !openings_.may_open(log.device, now.steady)) || !pulls_.may_ask(*key, now.steady))
        return pulls_.put_off(log, now.steady);
    if (!pulls_.may_ask_for(log)) return;
    const Want want = *next_want(log, source->state);
    source->state.wants_owed.push_back(want);
    pulls_.asked(want, *key, now.steady);
    needs_.pump(*key, now, out);
}

// What `peer` can give us next of `log`.
std::optional<Want> Sync::next_want(const LogId& log, const Peer& peer) const {
    const Claim* there = peer.there.find(log);
    if (there == nullptr) return std::nullopt;
    const auto missed = peer.backlog.find(log);
    return controller::next_want(log, logs_.extent(log), *there,
                                 missed == peer.backlog.end() ? 0 : missed->second, haste_);
}

// Somebody who has more of `log` than we, rather not one who let us wait.
std::optional<PersonKey> Sync::source_of(const LogId& log, Instant now) {
    const auto idler = pulls_.idler(log);
    std::vector<PersonKey> sources;
    std::optional<PersonKey> poor_one;
    for (const auto& [who, peer] : peers_) {
        if (!next_want(log, peer)) {
            if (peer.there.contains(log)) peers_.touch(who.key)->state.there.erase(log);
        } else if (who.active) {
            poor_one = who.key;
            if (who.key != idler && pulls_.may_ask(who.key, now)) sources.push_back(who.key);
        }
    }
    return sources.empty() ? poor_one : sources[rng_.below(sources.size())];
}

// --- answers -------------------------------------------------------------------------------------

void Sync::take_wants(const Member& who, Peer& peer, const Frame& frame, Instant now) {
    for (const Want& want : frame.want) {
        asks_for_proof(who, peer, want, now);
        if (peer.asked.size() >= limits::questions_per_peer_max) return;  // it asks again
        peer.asked.push_back(want);
        if (want.seq == 0) peer.asked.back().seq = std::numeric_limits<Seq>::max();
    }
}

// One question at a time, one read of the store at a time: a peer that asks for everything gets it
// at the speed at which it takes it in.
void Sync::fill_answers(Peer& peer, LinkId link, Frame& frame, Effects& out) const {
    std::size_t bytes = 0;
    while (!peer.served.empty() && frame.runs.size() < limits::frame_runs_max) {
        bytes += peer.served.front()->byte_count();
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(std::move(peer.served.front()));
        peer.served.pop_front();
    }
    if (!peer.served.empty() || peer.fetching || peer.asked.empty()) return;
    peer.fetching = link;
    out.push_back(Fetch{link, peer.asked.front()});
}

void Sync::fetched(Peer& peer, const Fetched& fetched) const {
    peer.fetching.reset();
    if (peer.asked.empty() || peer.asked.front().log != fetched.log) return;
    Want& want = peer.asked.front();
    bool goes_on = false;
    std::vector<RunPtr> answer;
    for (const RunPtr& run : fetched.runs) {
        // Of runs of different cuts one may lie within another.
        if (!continues(*run, want)) continue;
        answer.push_back(want.newest_first ? run : end_of(run, want.after));
        want.newest_first ? want.seq = run->first() - 1 : want.after = run->last();
        goes_on = want.after < want.seq;
    }
    // What was said line by line goes in fewer runs (log.md 3): each costs the other a signature to
    // verify.
    const Seq limit = logs_.extent(fetched.log).limit();
    for (RunPtr& run : in_fewer(std::move(answer), want.newest_first, limit))
        peer.served.push_back(std::move(run));
    if (!goes_on) peer.asked.pop_front();
}

// --- bodies --------------------------------------------------------------------------------------

// Whoever lacks less than before has stored more of our lines.
void Sync::take_bodies(const Member& who, Peer& peer, const Frame& frame, Effects& out) {
    for (const Lack& lack : frame.lacks) count_ours(who, peer, lack.log);
    for (const GivenBodies& given : frame.bodies) {
        std::vector<Body> bodies;
        std::ranges::copy_if(given.bodies, std::back_inserter(bodies), [&](const Body& body) {
            return bodies_.is_lacking({given.log, body.seq});
        });
        if (!bodies.empty()) out.push_back(Fill{given.log, std::move(bodies)});
    }
}

void Sync::fill_bodies(Peer& peer, LinkId link, Frame& frame, Instant now, Effects& out) const {
    bodies_.fill(peer.bodies, frame, now);
    const auto holds = [this](const LineId& line) {
        const Held* held = logs_.find(line.log);
        return held != nullptr && held->stored.holds(line.seq);
    };
    if (auto wanted = bodies_.next_wanted(peer.bodies, holds))
        out.push_back(Look{link, wanted->log, std::move(wanted->entries)});
}

void Sync::found(Peer& peer, const Found& found) {
    Bodies::found(peer.bodies, found.log, found.bodies);
}

void Sync::body_is(const LineId& line, BodyState state, Instant now) {
    state == BodyState::lacking ? bodies_.lacks(line) : bodies_.has(line);
    for (const auto& [who, peer] : peers_.touch_all()) {
        if (who.key.legacy || !who.up || !needs_.may_tell(who, line.log)) continue;
        Bodies::changed(peer.bodies, line.log, now);
        if (state == BodyState::here) Bodies::came(peer.bodies, line);
    }
}

}  // namespace lanchat::controller::sync
