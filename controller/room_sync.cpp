// What everybody holds of all logs: told, asked for, answered, shown once.
#include <algorithm>
#include <limits>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

// Over a new link all is told again: what was on its way over the old one is lost.
void Room::begin_exchange(Peer& peer, Instant now) {
    if (peer.key.legacy) return;
    Exchange& logs = peer.logs;
    begin_comparison(peer, now);
    logs.asked.clear();
    logs.served.clear();
    logs.fetching.reset();
    logs.wants_owed.clear();  // all of them come again
    logs.inquiries.clear();
    logs.examining = 0;
    logs.letters.clear();
    logs.letters_bytes = 0;
    list_letters(peer);
    logs.fork_news.begin(logs_.at_hand(), now,
                         [&](const LogId& log) { return may_tell(peer, log); });
    logs.proving.reset();
    logs.proofs.clear();
    pulls_.gone(peer.key, now);
    logs.links.begin(++rounds_);
}

void Room::take_exchange(Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (frame.linked) take_linked(peer, frame, now.steady);
    take_proofs(peer, frame, now.steady, out);
    take_heads(peer, frame, now.steady);
    take_first_words(peer, frame);
    take_comparison(peer, frame, now.steady);
    take_runs(peer, frame, now, out);
    take_wants(peer, frame, now.steady);
    take_receipts(frame, now, out);
    ask_for_missing(now, out);
}

// --- what comes in -------------------------------------------------------------------------------

void Room::take_runs(Peer& peer, const Frame& frame, Now now, Effects& out) {
    // Nobody can tell us what this process said; and strangers fill our memory to a bound only.
    for (const RunPtr& run : frame.runs)
        if (!is_own(run->log()) && may_hold(run->log())) take_run(peer, run, now, out);
}

void Room::take_run(Peer& peer, const RunPtr& run, Now now, Effects& out) {
    const LogId log = run->log();
    const Extent before = logs_.extent(log);
    const bool was_asked = peer.logs.inquiries.is_answer(*run);
    if (was_asked) examine(peer, run, out);
    if (must_wait(peer, *run, now.steady)) {
        pulls_.not_taken(*run, peer.key, now.steady);
        return put_aside(peer, *run, now.steady);
    }
    const bool opens = logs_.find(log) == nullptr;
    switch (logs_.take(*run, pulls_.is_answer(*run, peer.key))) {
        case Logs::Verdict::fresh:
            if (opens) openings_.opened(log.device, now.steady);
            keep(run, show_new(*run, arriving(&peer, before, log, now), out), out);
            pulls_.grown(log, logs_.extent(log), peer.key, now.steady);
            break;
        case Logs::Verdict::known:
            count_unacked(peer, *run, now.steady);
            // Its author must not tell others another history than us.
            if (!was_asked && log == peer.log) examine(peer, run, out);
            break;
        case Logs::Verdict::ahead:
            put_aside(peer, *run, now.steady);
            break;
        case Logs::Verdict::contradicts:
            if (!was_asked) examine(peer, run, out);
            contradicted(peer, log, now.steady);
            break;
    }
}

// Nothing is held back of a log that is here, but for a disk that is behind. Who is linked speaks
// in a log that nobody else opened, so that waits for no share; nor does what we asked for.
bool Room::must_wait(const Peer& peer, const VerifiedRun& run, Instant now) const {
    if (unstored_bytes_ + memory_of(run) > limits::unstored_bytes_max) return true;
    const LogId log = run.log();
    return log != peer.log && logs_.find(log) == nullptr && !pulls_.is_answer(run, peer.key) &&
           !openings_.may_open(log.device, now);
}

// It is asked for later.
void Room::put_aside(Peer& peer, const VerifiedRun& run, Instant now) {
    const LogId log = run.log();
    Claim* there = peer.logs.there.at(log);
    if (there == nullptr) return;
    there->base.last = std::max(there->base.last, run.last());
    pulls_.behind(log, now, true);
}

// As long as it waits for the disk.
std::size_t Room::memory_of(const VerifiedRun& run) {
    return run.byte_count() + run.items().size() * limits::line_memory_bytes;
}

void Room::keep(const RunPtr& run, bool history, Effects& out) {
    unstored_bytes_ += memory_of(*run);
    out.push_back(Append{run, history});
}

// Whether it begins with history; nobody brings what was imported. What fills a gap is history.
bool Room::show_new(const VerifiedRun& run, const Arriving& how, Effects& out) {
    const Extent& before = how.before;
    const bool fills = before.forked != 0 ||
                       (before.size() > 0 ? run.first() > before.last() + 1 : run.first() > 1);
    const bool own = run.log().device == ledger_.log().device;
    const bool hidden = people_.is_blocked(run.log().device);
    const std::string log = log_name(run.log()) + ':';
    PeerInfo from = author(run.items().front().entry);
    const auto to = recipient_of(run.log());
    std::optional<bool> begins_old;
    for (const auto& item : run.items()) {
        const Entry& entry = item.entry;
        if (!before.lacks(entry.seq)) continue;
        ledger_.clock().heard(entry.clock, how.now);
        if (!entry.is_line()) take_met(entry, how.moment.steady);
        if (!begins_old || from.name != entry.name) {
            from.name = entry.name;
            if (!hidden) hear_of(from, entry.log.device, how.moment, out);
            from = regarded(std::move(from), entry.log.device);
        }
        const bool old =
            how.bringer == nullptr || fills || entry.seq < before.last() || is_history(entry, how);
        begins_old = begins_old.value_or(old);
        if (hidden || !entry.is_line()) continue;
        out.push_back(
            Notify{Message{log + std::to_string(entry.seq), entry.room, from, entry.clock.time(),
                           entry.text, own, old, entry.clock, LineId{entry.log, entry.seq},
                           is_late(entry, how.now), entry.clock.time() > how.now.latest, to}});
    }
    return begins_old.value_or(false);
}

PeerInfo Room::author(const Entry& entry) const {
    PeerInfo info{{}, to_string(entry.log.device), entry.name, false};
    if (const Peer* peer = speaker_of(entry.log)) info.address = peer->address;
    return info;
}

// Said while we were away: whoever brought it, or its author, had it when it came, and it is either
// older than this process or of a log that we knew before. A clock tells little of what this device
// said: it runs ahead after every quick restart.
bool Room::is_history(const Entry& entry, const Arriving& how) const {
    if (entry.seq > how.missed) return false;
    return entry.log.device == ledger_.log().device || entry.clock.time() < how.began ||
           logs_.stored_of(entry.log).last > 0;
}

void Room::take_heads(Peer& peer, const Frame& frame, Instant now) {
    Exchange& logs = peer.logs;
    auto& there = logs.there;
    const bool is_new_here = frame.listing && !logs.compare.heard_all();
    for (const Head& head : frame.have) {
        const Claim claim = claim_of(head);
        if (!authors_.accepts(head.log.device)) {
            note_unmet(peer, head.log, claim);
            continue;
        }
        if (head.log.device == ledger_.log().device && logs_.find(head.log) != nullptr) {
            logs.ours[head.log] = claim;
            told_of_ours(peer, head.log, claim);
            if (!head.log.is_direct() && head.log != ledger_.log())
                has_of_older_page(peer, head, now);
        }
        if (frame.listing) told_less(peer, head, now);
        const Held* held = logs_.find(head.log);
        const bool own = is_own(head.log);
        const bool is_being_cut = held != nullptr && held->is_being_cut();
        if (head.forked != 0) logs.fork_news.knows(head.log, head.forked);
        if (held != nullptr && !own) doubt(peer, head, held->here, now);
        if (frame.listing && !own) ask_for_proof(peer, head, logs_.extent(head.log));
        if (held != nullptr && !own && !frame.listing && claim.top().last < held->stored.last())
            tell_of(peer, head.log, now);
        if (own || (!is_being_cut && !controller::next_want(head.log, logs_.extent(head.log), claim,
                                                            0, settings_.haste))) {
            there.erase(head.log);
            continue;
        }
        const bool is_first = !there.contains(head.log);
        Claim* noted = there.at(head.log);
        if (noted == nullptr) continue;
        *noted = claim;
        if (is_new_here && is_first) had_when_it_came(peer, head.log, claim.top().last);
        // What its author is about to send need not be asked for.
        pulls_.behind(head.log, now, frame.listing && head.log != peer.log, head.newest);
    }
}

// Lines that are not yet flushed are in no head.
void Room::take_first_words(Peer& peer, const Frame& frame) {
    if (peer.logs.compare.heard_all()) return;
    for (const Said& said : frame.said)
        had_when_it_came(peer, {peer.device, said.epoch, {}}, said.last);
}

void Room::had_when_it_came(Peer& peer, const LogId& log, Seq last) {
    auto& backlog = peer.logs.backlog;
    if (backlog.size() >= limits::news_per_peer_max && !backlog.contains(log)) return;
    Seq& known = backlog[log];
    known = std::max(known, last);
}

void Room::told_of_ours(const Peer& peer, const LogId& log, const Claim& there) {
    deliveries_.stored_there(peer.device, log, there.base.after, there.base.last);
    if (there.tail) deliveries_.stored_there(peer.device, log, there.tail->after, there.tail->last);
}

namespace {

bool has_all_of(const Head& head, const LogId& log, const Extent& stored) {
    return head.log == log && head.base.after <= stored.base.after &&
           head.base.last >= stored.last();
}

}  // namespace

void Room::take_linked(Peer& peer, const Frame& frame, Instant now) {
    const auto lost = peer.logs.linked.take(*frame.linked);
    look_for_far_members();
    owe_receipts_to(frame.linked->came, now);
    // Of those it now hears from us, unless it told that it has all that we have.
    for (const NodeId& author : lost) {
        const LogId log = lanchat::log_of(author);
        const Held* held = logs_.find(log);
        if (held == nullptr) continue;
        const bool has_all = std::ranges::any_of(
            frame.have, [&](const Head& head) { return has_all_of(head, log, held->stored); });
        if (!has_all) tell_of(peer, log, now);
    }
}

void Room::take_wants(Peer& peer, const Frame& frame, Instant now) {
    for (const Want& want : frame.want) {
        asks_for_proof(peer, want, now);
        if (peer.logs.asked.size() >= limits::questions_per_peer_max) return;  // it asks again
        peer.logs.asked.push_back(want);
        if (want.seq == 0) peer.logs.asked.back().seq = std::numeric_limits<Seq>::max();
    }
}

void Room::count_unacked(Peer& peer, const VerifiedRun& run, Instant now) {
    if (run.log() != peer.log) return;
    peer.unacked += run.items().size() + run.byte_count() / limits::ack_bytes_per_line;
    if (!peer.ack_due) peer.ack_due = now + limits::ack_delay;
    if (peer.unacked >= limits::ack_lines_max) peer.ack_due = std::min(*peer.ack_due, now);
}

// --- what goes out -------------------------------------------------------------------------------

// `run` is on our disk: its author is told so, the others may ask us for it.
void Room::spread(const RunPtr& stored, Instant now) {
    const VerifiedRun& run = *stored;
    if (run.log().is_direct()) return spread_letters(stored, now);
    const NodeId author = author_of(run.log());
    const bool own = is_own(run.log());
    for (const auto& [key, peer] : peers_) {
        if (key.legacy || !peer.up) continue;
        if (run.log() == peer.log) {
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
    if (!may_tell(peer, log)) return;
    Exchange& logs = peer.logs;
    if (logs.news.size() >= limits::news_per_peer_max) {  // then all is compared
        logs.news.clear();
        logs.compare.ask(now);
        list_letters(peer);  // but those, which no digest tells of
    }
    logs.news.insert(log);
    if (!logs.news_from) logs.news_from = now + limits::news_delay;
}

void Room::who_is_linked_changed(const Peer& who, Instant now) {
    if (who.key.legacy) return;
    for (auto& [key, peer] : peers_.touch_all()) {
        if (key.legacy || !peer.up || key == who.key) continue;
        if (who.up) {
            peer.logs.links.came(who.key.node);
        } else {
            peer.logs.links.went(who.key.node, now);
            tell_of(peer, who.log, now);  // so that only who has more needs to answer
        }
    }
}

std::vector<NodeId> Room::linked_besides(const Peer& peer) const {
    std::vector<NodeId> others;
    for (const auto& [key, other] : peers_)
        if (other.up && !key.legacy && key != peer.key) others.push_back(key.node);
    return others;
}

bool Room::add_linked(Peer& peer, Frame& frame, bool goes_anyway, Instant now) {
    NeighbourNews& news = peer.logs.links;
    if (news.is_empty() || !(goes_anyway || news.is_due(now))) return false;
    frame.linked = news.take(news.tells_all() ? linked_besides(peer) : std::vector<NodeId>{});
    return true;
}

void Room::add_exchange(Link& link, Peer& peer, Frame& frame, Instant now, Effects& out) {
    Exchange& logs = peer.logs;
    add_heads(peer, frame, now);
    frame.want = std::exchange(logs.wants_owed, {});
    if (frame.runs.empty()) add_answers(link, peer, frame, out);
}

void Room::add_heads(Peer& peer, Frame& frame, Instant now) {
    // With the first question goes how much is said here (take_first_words): it waits for nothing.
    const bool lists_letters = add_letter_heads(peer, frame);
    if (add_comparison(peer, frame, now) || lists_letters) return;
    Exchange& logs = peer.logs;
    const auto due = news_due(logs);
    if (!due || *due > now) return;
    while (!logs.news.empty() && frame.have.size() < limits::heads_per_frame) {
        const LogId log = *logs.news.begin();
        logs.news.erase(logs.news.begin());
        add_head(frame, log, logs_.find(log));
    }
    if (logs.news.empty()) logs.news_from.reset();
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
    out.push_back(Fetch{link.id, logs.asked.front()});
}

namespace {

bool continues(const VerifiedRun& run, const Want& want) {
    if (want.after >= want.seq) return false;
    const Seq next = want.newest_first ? want.seq : want.after + 1;
    return run.first() <= next && next <= run.last();
}

}  // namespace

void Room::answer(Peer& peer, const Fetched& fetched) {
    Exchange& logs = peer.logs;
    logs.fetching.reset();
    if (logs.asked.empty() || logs.asked.front().log != fetched.log) return;
    Want& want = logs.asked.front();
    bool goes_on = false;
    for (const RunPtr& run : fetched.runs) {
        // Of runs of different cuts one may lie within another.
        if (!continues(*run, want)) continue;
        logs.served.push_back(run);
        want.newest_first ? want.seq = run->first() - 1 : want.after = run->last();
        goes_on = want.after < want.seq;
    }
    if (!goes_on) logs.asked.pop_front();
}

// --- what is missing -----------------------------------------------------------------------------

void Room::ask_for_missing(Now now, Effects& out) {
    if (!receiving_ || leaving() || !disk_keeps_up()) return;
    for (const LogId& log : pulls_.due(now.steady)) {
        const Held* held = logs_.find(log);
        if (held != nullptr && held->is_being_cut()) {  // it is asked for once that is done
            pulls_.not_behind(log);
            continue;
        }
        Peer* source = source_of(log, now.steady);
        if (source == nullptr) {
            pulls_.not_behind(log);
            continue;
        }
        const bool opens = held == nullptr && log != source->log;
        if ((opens && !openings_.may_open(log.device, now.steady)) ||
            !pulls_.may_ask(source->key, now.steady)) {
            pulls_.put_off(log, now.steady);
            continue;
        }
        if (!pulls_.may_ask_for(log)) continue;
        const Want want = *next_want(log, *source);
        source->logs.wants_owed.push_back(want);
        pulls_.asked(want, source->key, now.steady);
        pump_peer(*source, now, out);
    }
}

// What `peer` can give us next of `log`.
std::optional<Want> Room::next_want(const LogId& log, const Peer& peer) const {
    const Claim* there = peer.logs.there.find(log);
    if (there == nullptr) return std::nullopt;
    const auto missed = peer.logs.backlog.find(log);
    return controller::next_want(log, logs_.extent(log), *there,
                                 missed == peer.logs.backlog.end() ? 0 : missed->second,
                                 settings_.haste);
}

// Somebody who has more of `log` than we, rather not one who let us wait.
Peer* Room::source_of(const LogId& log, Instant now) {
    const auto idler = pulls_.idler(log);
    std::vector<const Peer*> sources;
    const Peer* poor_one = nullptr;
    for (const auto& [key, peer] : peers_) {
        if (!next_want(log, peer)) {
            if (peer.logs.there.contains(log)) peers_.touch(key)->logs.there.erase(log);
        } else if (peer.active) {
            poor_one = &peer;
            if (key != idler && pulls_.may_ask(key, now)) sources.push_back(&peer);
        }
    }
    const Peer* source = sources.empty() ? poor_one : sources[rng_.below(sources.size())];
    return source == nullptr ? nullptr : peers_.touch(source->key);
}

}  // namespace lanchat::controller
