// What the room does with each input.
#include "controller/room.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

std::set<DeviceId> authors_of(const RoomSettings& settings) {
    std::set<DeviceId> authors;
    if (!settings.closed) return authors;
    for (const auto& [log, held] : settings.held) authors.insert(log.device);
    authors.merge(settings.resting.devices());
    return authors;
}

}  // namespace

Room::Room(RoomSettings settings, Now now)
    : settings_(std::move(settings)),
      rng_(settings_.seed),
      contacts_(rng_.next()),
      ledger_(lanchat::log_of(settings_.key->id(), settings_.instance), settings_.key,
              OwnClock(settings_.newest), settings_.previous),
      letters_(settings_.key, rng_.next()),
      people_(settings_.key->id(), settings_.name, std::move(settings_.people)),
      authors_(settings_.closed, settings_.key->id(), authors_of(settings_), settings_.met,
               now.steady, rng_),
      logs_(std::move(settings_.held), std::exchange(settings_.resting, {}),
            settings_.logs_at_hand),
      own_log_name_(log_name(ledger_.log()) + ':'),
      self_{settings_.own.empty() ? Endpoint{} : settings_.own.front(),
            to_string(ledger_.log().device), settings_.name, false},
      started_(now.steady) {
    compared_version_ = logs_.summary().version();
}

void Room::step(const Input& input, Now now, Effects& out) {
    if (stopped_) return;
    // What all due times depend on.
    const auto common = [this] { return std::tuple(leave_by_, receiving_, ledger_.head()); };
    const auto before = common();
    std::visit([&](const auto& happened) { on(happened, now, out); }, input);
    tell_deliveries(out);
    logs_changed(now.steady);
    settle(now, out);
    regard_peers(out);
    logs_.tidy();
    if (common() != before) {
        links_.touch_all();
        peers_.touch_all();
    }
    retime();
}

bool Room::wants(const Endpoint& where, Instant now) const {
    return !leaving() && !is_own(where) && peer_at(where) == nullptr && !dialling(where) &&
           !peer_map_.full() && contacts_.may_dial(where, now);
}

void Room::on(const Sighted& sighted, Now now, Effects& out) {
    if (!wants(sighted.where, now.steady)) return;
    Link link;
    link.id = LinkId{++dialled_ * 2};
    link.direction = Direction::dialled;
    link.remote = link.claimed = sighted.where;
    link.since = link.heard = now.steady;
    link.nonce = rng_.next();
    link.busy = true;  // with the greeting
    link.encrypted = settings_.tls && !contacts_.is_plain(link.remote);
    out.push_back(Dial{link.id, link.remote, hello(link.nonce), link.encrypted});
    dials_[link.remote] = link.id;
    links_[link.id] = std::move(link);
}

void Room::on(const Unreachable& unreachable, Now now, Effects&) {
    contacts_.unreachable(unreachable.where, now.steady);
}

void Room::on(const Swept&, Now, Effects&) { swept_ = true; }

void Room::on(const Accepted& accepted, Now now, Effects& out) {
    Link link;
    link.id = accepted.link;
    link.direction = Direction::accepted;
    link.remote = accepted.from;
    link.encrypted = accepted.encrypted;
    link.since = link.heard = now.steady;
    Link& kept = links_[link.id] = std::move(link);
    if (leaving()) drop(kept, now, out);
}

void Room::on(const Received& received, Now now, Effects& out) {
    Link* from = link(received.link);
    if (from == nullptr || from->dropped) return;
    from->heard = now.steady;
    from->pinged.reset();
    const Frame& frame = received.frame;
    if (from->stage == Stage::greeting) {
        if (from->direction == Direction::dialled) return dialled_greeting(*from, frame, now, out);
        return accepted_greeting(*from, frame, now, out);
    }
    if (from->stage == Stage::challenging) return drop(*from, now, out);  // it must wait for `ok`
    Peer* peer = peer_of(*from);
    if (peer == nullptr) return;
    holder_is_alive(*peer, now, out);
    if (peer->key.legacy) {
        if (from->ok_expected && frame.msg == accepted_word) {
            from->ok_expected = false;
            return;
        }
        return take_legacy_line(*peer, frame, now, out);
    }
    if (!is_ours_to_share(*peer, frame)) return drop(*from, now, out);
    if (from->stage == Stage::joining) {
        if (!frame.received) return drop(*from, now, out);
        opened(*from, *peer, *frame.received, now, out);
    }
    take_wall(*peer, frame, now.steady);
    if (frame.wall) turn_page_if_ahead(now, out);
    if (frame.hello) take_turned_page(*from, *peer, *frame.hello, now);
    if (frame.received) acknowledged(*peer, *frame.received, now.steady);
    if (frame.ping && !frame.ping->reply) from->ping_owed = Ping{frame.ping->nonce, true};
    take_exchange(*peer, frame, now, out);
    if (frame.verify) take_verify(*peer, *frame.verify, now, out);
    if (frame.bye == Bye::leaving) return take_down(*peer, DownReason::left, now, out);
    pump(*from, now, out);
    pump_peer(*peer, now, out);
}

void Room::on(const Drained& drained, Now now, Effects& out) {
    Link* free = link(drained.link);
    if (free == nullptr) return;
    free->busy = false;
    Peer* peer = peer_of(*free);
    const bool whole = free->is_between_lines();
    if (peer != nullptr && peer->key.legacy && free->stage == Stage::open && whole)
        has_up_to(*peer, {peer->acked, free->sent}, now.steady);
    pump(*free, now, out);
}

void Room::on(const Lost& lost, Now now, Effects& out) {
    Link* ended = link(lost.link);
    if (ended == nullptr) return;
    const Link gone = std::move(*ended);
    links_.erase(gone.id);
    if (const auto it = dials_.find(gone.remote); it != dials_.end() && it->second == gone.id)
        dials_.erase(it);
    if (gone.stage == Stage::greeting) lost_while_greeting(gone, lost.end, now, out);
    if (Peer* peer = peer_of(gone)) detach(gone, lost.end, *peer, now, out);
    crossed_call_is_over(gone, now, out);
    turn_page_if_ahead(now, out);  // it may have been a majority that was wrong
}

void Room::on(const Probed& probed, Now now, Effects& out) {
    Link* answered = link(probed.link);
    if (answered == nullptr || !probed.alive) return;
    answered->heard = now.steady;
    answered->pinged.reset();
    if (Peer* peer = peer_of(*answered)) holder_is_alive(*peer, now, out);
}

void Room::on(const Say& say, Now now, Effects& out) {
    if (say.to != DeviceId{}) return say_directly(say, now, out);
    const Believed believed = walls_.at(now);
    if (ledger_.is_full()) seal(out);
    const Entry& entry = ledger_.append(believed, settings_.name, say.room, say.text, say.said_id);
    const Seq seq = entry.seq;
    if (!say.said_id.empty()) stored_first_.push_back(ledger_.head());
    if (say.watched) deliveries_.watch({entry.log, seq}, audience(!page_turned_));
    out.push_back(
        Notify{Message{own_log_name_ + std::to_string(seq), entry.room, self_, entry.clock.time(),
                       entry.text, true, false, entry.clock, LineId{entry.log, seq},
                       is_late(entry, believed), entry.clock.time() > believed.latest}});
    said(now, out);
}

// The newest own entry is on its way.
void Room::said(Now now, Effects& out) {
    for (auto& [key, peer] : peers_.touch_all()) {
        if (peer.reached + 1 == ledger_.head()) peer.progress = now.steady;
        pump_peer(peer, now, out);
    }
    if (ledger_.has_unsealed() && !seal_due_) seal_due_ = now.steady + limits::seal_delay;
}

// Of an older line no audience is known any more: it is who is linked now. What others had signed
// of it before is forgotten, and they do not sign it again.
void Room::on(const Watch& watch, Now, Effects&) {
    if (deliveries_.find(watch.line)) return;
    const auto& [log, seq] = watch.line;
    deliveries_.watch(watch.line, log.is_direct() ? std::vector{log.to} : audience(false));
    const Held* held = logs_.find(log);
    if (held != nullptr && held->stored.holds(seq)) deliveries_.stored_here(log, seq);
    for (const auto& [key, peer] : peers_) {
        if (key.legacy || !peer.up) continue;
        // Whom we give up on as we leave counts as served, but nothing more is known of it.
        const auto before = ledger_.place_of(log, 0);
        if (before && *before < peer.acked && !leaving())
            deliveries_.stored_there(peer.device, log, 0, peer.acked - *before);
        count_ours(peer, log);
    }
}

void Room::on(const Stored& stored, Now now, Effects& out) {
    for (const RunPtr& run : stored.runs) {
        logs_.stored(*run);
        unstored_bytes_ -= std::min(unstored_bytes_, memory_of(*run));
        spread(run, now.steady);
        owe_receipt(run->log(), now.steady);
        const Seq last = logs_.stored_of(run->log()).last;
        if (letters_.is_own(run->log())) deliveries_.stored_here(run->log(), last);
        const auto place = ledger_.place_of(run->log(), last);
        if (!place) continue;
        stored_ = std::max(stored_, *place);
        deliveries_.stored_here(run->log(), last);
    }
    for (const auto& [key, peer] : peers_)
        if (!peer.logs.letters.empty()) pump_peer(*peers_.touch(key), now, out);
    const bool held_back = !stored_first_.empty();
    while (!stored_first_.empty() && stored_first_.front() <= stored_) stored_first_.pop_front();
    if (held_back)
        for (auto& [key, peer] : peers_.touch_all()) pump_peer(peer, now, out);
    for (const auto& [key, peer] : peers_)
        if (peer.ack_due && *peer.ack_due <= now.steady && receiving_)
            pump_peer(*peers_.touch(key), now, out);
    ask_for_missing(now, out);
}

void Room::on(const Fetched& fetched, Now now, Effects& out) {
    const Link* to = link(fetched.link);
    Peer* peer = to == nullptr ? nullptr : peer_of(*to);
    if (peer == nullptr || peer->logs.fetching != fetched.link) return;
    answer(*peer, fetched);
    pump_peer(*peer, now, out);
}

void Room::on(const Imported& imported, Now now, Effects& out) {
    const VerifiedRun& run = *imported.run;
    const LogId log = run.log();
    if (is_own(log) || log.is_direct()) return;
    const Extent before = logs_.extent(log);
    accept(log.device, now.steady);
    const auto verdict = logs_.take(run, true);
    if (verdict == Logs::Verdict::contradicts)
        out.push_back(Examine{LinkId{}, imported.run, run.first() - 1});
    if (verdict != Logs::Verdict::fresh) return;
    show_new(run, arriving(nullptr, before, log, now), out);
    keep(imported.run, true, out);
    pulls_.grown(log, logs_.extent(log), PersonKey{}, now.steady);
}

// The others are told: they may be waiting for what we have no longer.
void Room::on(const Trimmed& trimmed, Now now, Effects&) {
    logs_.trimmed(trimmed.log, trimmed.floor, trimmed.head);
    authors_.is_left(trimmed.log, logs_.extent(trimmed.log), now.steady, rng_);
    for (auto& [key, peer] : peers_.touch_all())
        if (!key.legacy && peer.up) tell_of(peer, trimmed.log, now.steady);
}

void Room::on(const Receive& receive, Now now, Effects& out) {
    receiving_ = receive.on;
    if (!receiving_) return;
    for (auto& [key, peer] : peers_.touch_all())
        if (peer.unacked > 0) pump_peer(peer, now, out);
}

void Room::on(const EndOfInput& end, Now now, Effects& out) {
    if (hurry_) return;  // it is leaving already
    seal(out);
    finishing_ = end.linger.has_value();
    finish_by_.reset();
    if (end.linger) finish_by_ = now.steady + *end.linger;
}

void Room::on(const Leave&, Now now, Effects& out) {
    if (leaving()) return;
    if (hurry_) return begin_leaving(now, out);
    seal(out);
    finishing_ = hurry_ = true;
    finish_by_ = now.steady + limits::goodbye_timeout;
}

void Room::on(const Wake&, Now now, Effects& out) {
    forgive_own_stall(now.steady);
    turn_page_if_ahead(now, out);
    if (seal_due_ && *seal_due_ <= now.steady) seal(out);
    name_met(now, out);
    make_receipts(now, out);
    const auto links = links_.due(now.steady);
    ping_silent_links(links, now, out);
    ask_for_missing(now, out);
    compare_with_next(now, out);
    // Watching may drop links and forget peers.
    for (const LinkId id : links)
        if (Link* watched = link(id)) watch(*watched, now, out);
    for (const PersonKey& key : peers_.due(now.steady))
        if (Peer* watched = peers_.touch(key)) watch(*watched, now, out);
    for (const auto& where : contacts_.take_due(now.steady))
        if (peer_at(where) == nullptr && !dialling(where)) out.push_back(Connect{where});
}

Link* Room::link(LinkId id) { return links_.touch(id); }

const Link* Room::link(LinkId id) const { return links_.find(id); }

Peer* Room::peer_of(const Link& link) { return link.person ? peers_.touch(*link.person) : nullptr; }

Peer* Room::peer_at(const Endpoint& address) {
    const Peer* known = std::as_const(*this).peer_at(address);
    return known == nullptr ? nullptr : peers_.touch(known->key);
}

const Peer* Room::peer_at(const Endpoint& address) const {
    const auto entry = peer_map_.find(address);
    if (!entry) return nullptr;
    const Peer* peer = peers_.find(entry->legacy() ? PersonKey::original_at(address)
                                                   : PersonKey::of(entry->node()));
    return peer == nullptr || peer->links.empty() ? nullptr : peer;
}

PeerInfo Room::info(const Peer& peer) const {
    const auto info = describe(
        peer.address, PeerEntry{PeerState::linked, Direction::accepted, peer.key.node.instance,
                                peer.device, peer.name, settings_.tls});
    return peer.key.legacy ? info : regarded(info, peer.device);
}

Hello Room::hello(std::uint64_t nonce) const {
    Hello hello;
    hello.instance = settings_.instance;
    hello.nonce = nonce;
    hello.name = settings_.name;
    hello.device = settings_.key->id();
    if (page_turned_) hello.epoch = ledger_.log().epoch;
    return hello;
}

bool Room::is_own(const Endpoint& address) const {
    return std::ranges::find(settings_.own, address) != settings_.own.end();
}

bool Room::dialling(const Endpoint& address) const {
    const auto newest = dials_.find(address);
    const Link* dial = newest == dials_.end() ? nullptr : link(newest->second);
    return dial != nullptr && dial->stage == Stage::greeting && !dial->dropped;
}

}  // namespace lanchat::controller
