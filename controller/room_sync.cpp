// What everybody holds of all logs: told, asked for, answered, shown once.
#include <algorithm>
#include <limits>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

// What a process says is one log, so its instance is the epoch.
LogId Room::log_of(const DeviceId& device, InstanceId instance) {
    return {device, Epoch{static_cast<std::uint64_t>(instance)}};
}

LogId Room::log_of(const Peer& peer) { return log_of(peer.device, peer.key.instance); }

// Over a new link all is told again: what was on its way over the old one is lost.
void Room::begin_exchange(Peer& peer, Instant now) {
    if (peer.key.legacy) return;
    Exchange& logs = peer.logs;
    logs.listing = true;
    logs.listed.reset();
    logs.asked.clear();
    logs.served.clear();
    logs.fetching.reset();
    pulls_.gone(peer.key, now);
    std::vector<InstanceId> others;
    for (const auto& [key, other] : peers_)
        if (other.up && !key.legacy && key != peer.key) others.push_back(key.instance);
    logs.links.begin(++rounds_, std::move(others));
}

void Room::take_exchange(Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (frame.linked) take_linked(peer, frame, now.steady);
    take_heads(peer, frame, now.steady);
    take_runs(peer, frame, now, out);
    take_wants(peer, frame);
    ask_for_missing(now, out);
}

// --- what comes in -------------------------------------------------------------------------------

void Room::take_runs(Peer& peer, const Frame& frame, Now now, Effects& out) {
    for (const RunPtr& run : frame.runs) {
        const LogId log = run->log();
        // Nobody can tell us what this process said; and strangers fill our memory to a bound only.
        if (log == ledger_.log() || !logs_.has_place_for(log)) continue;
        const Seq above = logs_.seq_of(log);
        const bool was_forked = logs_.find(log) != nullptr && logs_.find(log)->forked;
        switch (logs_.take(*run)) {
            case Logs::Verdict::fresh:
                out.push_back(Append{run, show_new(&peer, *run, above, out)});
                pulls_.grown(log, run->last(), peer.key, now.steady);
                break;
            case Logs::Verdict::known:
                count_unacked(peer, *run, now.steady);
                break;
            case Logs::Verdict::ahead: {
                auto& there = peer.logs.there;
                if (there.size() < limits::news_per_peer_max || there.contains(log))
                    there[log] = std::max(there[log], run->last());
                pulls_.behind(log, now.steady, true);
                break;
            }
            case Logs::Verdict::forked:
                pulls_.not_behind(log);
                if (!was_forked) out.push_back(Notify{Forked{author(run->items().front().entry)}});
                break;
        }
    }
}

// Whether it begins with history; nobody brings what was imported.
bool Room::show_new(const Peer* bringer, const VerifiedRun& run, Seq above, Effects& out) {
    const bool own = run.log().device == ledger_.log().device;
    const std::string log = log_name(run.log()) + ':';
    PeerInfo from = author(run.items().front().entry);
    std::optional<bool> begins_old;
    for (const auto& item : run.items()) {
        const Entry& entry = item.entry;
        if (entry.seq <= above) continue;
        ledger_.clock().heard(entry.clock);
        from.name = entry.name;
        const bool old = bringer == nullptr || is_history(*bringer, entry);
        begins_old = begins_old.value_or(old);
        out.push_back(Notify{Message{log + std::to_string(entry.seq), entry.room, from,
                                     entry.clock.time(), entry.text, own, old}});
    }
    return begins_old.value_or(false);
}

PeerInfo Room::author(const Entry& entry) const {
    PeerInfo info{{}, to_string(entry.log.device), entry.name, false};
    const PersonKey key{false, InstanceId{static_cast<std::uint64_t>(entry.log.epoch)}, {}};
    if (const Peer* peer = peers_.find(key)) info.address = peer->address;
    return info;
}

// Said while we were away: whoever brought it had it when it came, and it is either older than this
// process or of a log that we knew before. A clock tells little of what this device said: it runs
// ahead after every quick restart.
bool Room::is_history(const Peer& bringer, const Entry& entry) const {
    const auto had = bringer.logs.backlog.find(entry.log);
    if (had == bringer.logs.backlog.end() || entry.seq > had->second) return false;
    return entry.log.device == ledger_.log().device || entry.clock.time() < started_wall_ ||
           logs_.stored_of(entry.log) > 0;
}

void Room::take_heads(Peer& peer, const Frame& frame, Instant now) {
    Exchange& logs = peer.logs;
    auto& there = logs.there;
    if (frame.listing && logs.told == Told::nothing) logs.told = Told::listing;
    if (!frame.listing && logs.told == Told::listing) logs.told = Told::all;
    for (const Head& head : frame.have) {
        if (head.log.device == ledger_.log().device && logs_.find(head.log) != nullptr) {
            logs.ours[head.log] = std::max(logs.ours[head.log], head.seq);
            deliveries_.stored_there(peer.device, head.log, head.seq);
        }
        if (head.log == ledger_.log() || head.seq <= logs_.seq_of(head.log)) continue;
        if (there.size() >= limits::news_per_peer_max && !there.contains(head.log)) continue;
        const bool is_first = !there.contains(head.log);
        there[head.log] = std::max(there[head.log], head.seq);
        if (logs.told == Told::listing && is_first) logs.backlog[head.log] = head.seq;
        // What its author is about to send need not be asked for.
        pulls_.behind(head.log, now, frame.listing && head.log != log_of(peer));
    }
}

void Room::take_linked(Peer& peer, const Frame& frame, Instant now) {
    const auto lost = peer.logs.linked.take(*frame.linked);
    if (lost.empty()) return;
    // Of those it now hears from us, unless it told that it has all that we have.
    for (const auto& [log, held] : logs_.all()) {
        const InstanceId author{static_cast<std::uint64_t>(log.epoch)};
        if (!std::ranges::binary_search(lost, author)) continue;
        const bool has_all = std::ranges::any_of(frame.have, [&](const Head& head) {
            return head.log == log && head.seq >= held.stored;
        });
        if (!has_all) tell_of(peer, log, now);
    }
}

void Room::take_wants(Peer& peer, const Frame& frame) {
    for (const Want& want : frame.want) {
        if (peer.logs.asked.size() >= limits::questions_per_peer_max) return;  // it asks again
        peer.logs.asked.push_back(want);
        if (want.seq == 0) peer.logs.asked.back().seq = std::numeric_limits<Seq>::max();
    }
}

void Room::count_unacked(Peer& peer, const VerifiedRun& run, Instant now) {
    if (run.log() != log_of(peer)) return;
    peer.unacked += run.items().size() + run.byte_count() / limits::ack_bytes_per_line;
    if (!peer.ack_due) peer.ack_due = now + limits::ack_delay;
    if (peer.unacked >= limits::ack_lines_max) peer.ack_due = std::min(*peer.ack_due, now);
}

// --- what goes out -------------------------------------------------------------------------------

// `run` is on our disk: its author is told so, the others may ask us for it.
void Room::spread(const VerifiedRun& run, Instant now) {
    const InstanceId author{static_cast<std::uint64_t>(run.log().epoch)};
    const bool own = run.log() == ledger_.log();
    for (const auto& [key, peer] : peers_) {
        if (key.legacy || !peer.up) continue;
        if (run.log() == log_of(peer)) {
            count_unacked(*peers_.touch(key), run, now);
        } else if (own ? must_ask(peer) : !peer.logs.linked.contain(author)) {
            tell_of(*peers_.touch(key), run.log(), now);
        }
    }
}

// For our lines: they do not go to it by themselves, or it fell out of the ledger.
bool Room::must_ask(const Peer& peer) const {
    if (!settings_.push) return true;
    const Link* active = peer.active ? link(*peer.active) : nullptr;
    return active != nullptr && active->sent < ledger_.base();
}

void Room::tell_of(Peer& peer, const LogId& log, Instant now) {
    Exchange& logs = peer.logs;
    if (logs.news.size() >= limits::news_per_peer_max) {  // then all of them
        logs.news.clear();
        logs.listed.reset();
        logs.listing = true;
    } else {
        logs.news.insert(log);
    }
    if (!logs.news_due) logs.news_due = now + limits::news_delay;
}

void Room::who_is_linked_changed(const Peer& who, Instant now) {
    if (who.key.legacy) return;
    for (auto& [key, peer] : peers_.touch_all()) {
        if (key.legacy || !peer.up || key == who.key) continue;
        if (who.up) {
            peer.logs.links.came(who.key.instance);
        } else {
            peer.logs.links.went(who.key.instance, now);
            tell_of(peer, log_of(who), now);  // so that only who has more needs to answer
        }
    }
}

bool Room::add_linked(Peer& peer, Frame& frame, bool goes_anyway, Instant now) {
    NeighbourNews& news = peer.logs.links;
    if (news.is_empty() || !(goes_anyway || news.is_due(now))) return false;
    frame.linked = news.take();
    return true;
}

void Room::add_exchange(Link& link, Peer& peer, Frame& frame, Instant now, Effects& out) {
    Exchange& logs = peer.logs;
    add_heads(peer, frame, now);
    frame.want = std::exchange(logs.wants_owed, {});
    if (frame.runs.empty()) add_answers(link, peer, frame, out);
}

void Room::add_heads(Peer& peer, Frame& frame, Instant now) {
    Exchange& logs = peer.logs;
    const auto add = [&](const LogId& log, const Held& held) {
        if (held.stored > 0) frame.have.push_back({log, held.stored, held.stored_head, held.floor});
    };
    if (logs.listing) {
        frame.listing = true;
        auto it = logs.listed ? logs_.all().upper_bound(*logs.listed) : logs_.all().begin();
        for (; it != logs_.all().end() && frame.have.size() < limits::heads_per_frame; ++it) {
            add(it->first, it->second);
            logs.listed = it->first;
        }
        logs.listing = it != logs_.all().end();
        if (!logs.listing) logs.listed.reset();
        return;
    }
    if (!logs.news_due || *logs.news_due > now) return;
    while (!logs.news.empty() && frame.have.size() < limits::heads_per_frame) {
        const LogId log = *logs.news.begin();
        logs.news.erase(logs.news.begin());
        if (const Held* held = logs_.find(log)) add(log, *held);
    }
    if (logs.news.empty()) logs.news_due.reset();
}

// One question at a time, one read of the store at a time: a peer that asks for everything gets it
// at the speed at which it takes it in.
void Room::add_answers(Link& link, Peer& peer, Frame& frame, Effects& out) {
    Exchange& logs = peer.logs;
    std::size_t bytes = 0;
    while (!logs.served.empty() && frame.runs.size() < limits::frame_runs_max) {
        bytes += logs.served.front()->byte_count();
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(std::move(logs.served.front()));
        logs.served.pop_front();
    }
    if (!logs.served.empty() || logs.fetching || logs.asked.empty()) return;
    logs.fetching = link.id;
    out.push_back(Fetch{link.id, logs.asked.front().log, logs.asked.front().after});
}

void Room::answer(Peer& peer, const Fetched& fetched) {
    Exchange& logs = peer.logs;
    logs.fetching.reset();
    if (logs.asked.empty() || logs.asked.front().log != fetched.log) return;
    Want& want = logs.asked.front();
    for (const RunPtr& run : fetched.runs) {
        if (run->first() > want.seq) break;
        logs.served.push_back(run);
        want.after = run->last();
    }
    if (fetched.runs.empty() || want.after >= want.seq) logs.asked.pop_front();
}

// --- what is missing -----------------------------------------------------------------------------

void Room::ask_for_missing(Now now, Effects& out) {
    if (!receiving_ || leaving()) return;
    for (const LogId& log : pulls_.due(now.steady)) {
        Peer* source = source_of(log, now.steady);
        if (source == nullptr) {
            pulls_.not_behind(log);
            continue;
        }
        if (!pulls_.may_ask(source->key, now.steady)) {
            pulls_.put_off(log, now.steady);
            continue;
        }
        const Seq held = logs_.seq_of(log);
        const Seq up_to = std::min(source->logs.there[log], held + limits::pull_lines_max);
        source->logs.wants_owed.push_back(Want{log, held, up_to});
        pulls_.asked(log, source->key, up_to, now.steady);
        pump_peer(*source, now, out);
    }
}

// Somebody who has more of `log` than we, rather not one who let us wait.
Peer* Room::source_of(const LogId& log, Instant now) {
    const auto idler = pulls_.idler(log);
    std::vector<Peer*> sources;
    Peer* poor_one = nullptr;
    for (auto& [key, peer] : peers_.touch_all()) {
        const auto it = peer.logs.there.find(log);
        if (it == peer.logs.there.end()) continue;
        if (it->second <= logs_.seq_of(log)) {
            peer.logs.there.erase(it);
        } else if (peer.active) {
            poor_one = &peer;
            if (key != idler && pulls_.may_ask(key, now)) sources.push_back(&peer);
        }
    }
    return sources.empty() ? poor_one : sources[rng_.below(sources.size())];
}

}  // namespace lanchat::controller
