// What the room does with each input: whose it is, and in which order.
#include "controller/room.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

Self self_of(const RoomSettings& settings) {
    Self self{settings.instance, settings.key, settings.name, settings.tls, {}};
    const Endpoint where = settings.own.empty() ? Endpoint{} : settings.own.front();
    self.info = {where, to_string(self.device()), self.name, false};
    self.salts = Salts(settings.salts);
    return self;
}

}  // namespace

Room::Room(RoomSettings settings, Now now)
    : self_(self_of(settings)),
      course_{now.steady},
      rng_(settings.seed),
      roster_(self_, course_,
              {std::move(settings.own), settings.legacy_peers, std::move(settings.people)}, rng_,
              *this, peers_.roster),
      talk_(self_, course_, walls_,
            {settings.newest, std::move(settings.previous), settings.push, settings.heeds_drops},
            rng_, *this, peers_.talk),
      mail_(self_, walls_, settings.push, rng_.next(), *this, peers_.letters),
      sync_(self_, course_,
            {std::move(settings.held), std::move(settings.resting), settings.logs_at_hand,
             settings.haste, settings.closed, std::move(settings.met), settings.lacking,
             settings.dropped},
            rng_, *this, peers_.sync) {}

void Room::step(std::span<const Input> inputs, Now now, Effects& out) {
    if (stopped_) return;
    // What all due times depend on.
    const auto common = [this] {
        return std::tuple(course_.leave_by, course_.receiving, talk_.ledger().head());
    };
    const auto before = common();
    for (const Input& input : inputs)
        std::visit([&](const auto& happened) { on(happened, now, out); }, input);
    talk_.let_out(now, out);
    talk_.tell_deliveries(out);
    talk_.withdraw_lost(out);
    sync_.changed(now.steady);
    settle(now, out);
    roster_.regard_peers(out);
    sync_.tidy();
    if (common() != before) {
        roster_.touch_all();
        peers_.touch_all();
    }
    retime();
}

bool Room::wants(const Endpoint& where, Instant now) const { return roster_.wants(where, now); }

bool Room::has_room(Instant now) const { return sync_.disk_keeps_up() && talk_.has_room(now); }

std::vector<Candidate> Room::candidates(bool blocked) const { return roster_.candidates(blocked); }

std::optional<Failure> Room::refuse_verify(const DeviceId& device, Instant now) const {
    return roster_.refuse_verify(device, now);
}

// --- links and people ----------------------------------------------------------------------------

void Room::on(const Sighted& sighted, Now now, Effects& out) { roster_.on(sighted, now, out); }

void Room::on(const Unreachable& place, Now now, Effects& out) { roster_.on(place, now, out); }

std::optional<std::int64_t> Room::clock_ahead_ms(Now now) const {
    if (walls_.empty()) return std::nullopt;
    return now.wall.ms - walls_.at(now).time.ms;
}

void Room::on(const Moved& moved, Now now, Effects& out) { roster_.on(moved, now, out); }

void Room::on(const Swept&, Now, Effects&) { swept_ = true; }

void Room::on(const Accepted& accepted, Now now, Effects& out) { roster_.on(accepted, now, out); }

void Room::on(const Lost& lost, Now now, Effects& out) {
    if (roster_.link(lost.link) == nullptr) return;
    roster_.on(lost, now, out);
    turn_page_if_ahead(now, out);  // it may have been a majority that was wrong
}

void Room::on(const Probed& probed, Now now, Effects& out) { roster_.on(probed, now, out); }

void Room::on(const Block& block, Now now, Effects& out) {
    roster_.on(block, now, out);
    if (block.on && block.who != self_.device()) talk_.look_for_far_members();
}

void Room::on(const Verify& verify, Now now, Effects& out) { roster_.on(verify, now, out); }

void Room::on(const Pin& pin, Now now, Effects& out) { roster_.on(pin, now, out); }

void Room::on(const Doubt& doubt, Now now, Effects& out) { roster_.on(doubt, now, out); }

void Room::on(const Judge& judge, Now now, Effects& out) { roster_.on(judge, now, out); }

void Room::on(const Rolled& rolled, Now now, Effects& out) { roster_.on(rolled, now, out); }

// --- frames --------------------------------------------------------------------------------------

void Room::on(const Glimpsed& glimpsed, Now now, Effects& out) {
    const roster::Link* from = roster_.link(glimpsed.link);
    const Peer* peer = peer_of(from);
    if (peer == nullptr || peer->roster.active != from->id || from->stage != roster::Stage::open)
        return;
    talk_.glimpse(peer->roster, from->id, glimpsed.run, now, out);
}

void Room::on(const Received& received, Now now, Effects& out) {
    take_frame(received, now, out);
    talk_.proven(received.link, out);
}

void Room::take_frame(const Received& received, Now now, Effects& out) {
    roster::Link* from = roster_.heard(received.link, now.steady);
    const Frame& frame = received.frame;
    if (from == nullptr || roster_.take_greeting(*from, frame, now, out)) return;
    Peer* peer = peer_of(from);
    if (peer == nullptr) return;
    roster_.is_alive(peer->roster, now, out);
    if (peer->roster.key.legacy) {
        if (!roster_.take_late_ok(*from, frame))
            talk_.take_legacy_line(peer->roster, peer->talk, frame, now, out);
        return;
    }
    if (!mail_.may_take(peer->roster, frame)) return roster_.drop(*from, now, out);
    if (!roster_.take_joining(*from, peer->roster, frame, now, out)) return;
    take(*from, *peer, frame, now, out);
}

void Room::on(const Drained& drained, Now now, Effects& out) {
    roster::Link* free = roster_.link(drained.link);
    if (free == nullptr) return;
    free->busy = false;
    Peer* peer = peer_of(free);
    if (peer != nullptr && free->stage == roster::Stage::open)
        talk_.drained(peer->roster, peer->talk, free->id, now.steady);
    pump(*free, peer, now, out);
}

// --- what is said --------------------------------------------------------------------------------

void Room::on(const Say& say, Now now, Effects& out) {
    say.to == DeviceId{} ? talk_.say(say, now, out) : mail_.say(say, now, out);
}

void Room::on(const TakeBack& take, Now now, Effects& out) {
    const DeviceId& to = take.what.line.log.to;
    if (take.what.line.log.device != self_.device()) return;
    sync_.dropped(take.what);
    to == DeviceId{} ? talk_.take_back(take.what, now, out) : mail_.take_back(take.what, now, out);
}

// Of an older line no audience is known any more: it is who is linked now. What others had signed
// of it before is forgotten, and they do not sign it again.
void Room::on(const Watch& watch, Now, Effects&) {
    Deliveries& deliveries = talk_.deliveries();
    if (deliveries.find(watch.line)) return;
    const auto& [log, seq] = watch.line;
    deliveries.watch(watch.line, log.is_direct() ? std::vector{log.to} : talk_.audience(false));
    const Held* held = sync_.logs().find(log);
    if (held != nullptr && held->stored.holds(seq)) deliveries.stored_here(log, seq);
    for (const auto& [key, peer] : peers_) {
        if (key.legacy || !peer.roster.up) continue;
        talk_.count_acked(peer.roster, peer.talk, log);
        sync_.count_ours(peer.roster, peer.sync, log);
    }
}

void Room::on(const Receive& receive, Now now, Effects& out) {
    course_.receiving = receive.on;
    if (receive.on) talk_.received_again(now, out);
}

// --- the disk ------------------------------------------------------------------------------------

void Room::on(const Stored& stored, Now now, Effects& out) {
    for (const RunPtr& run : stored.runs) {
        const LogId log = run->log();
        sync_.stored(*run);
        log.is_direct() ? mail_.spread(run, now.steady) : sync_.spread(*run, now.steady);
        talk_.owe_receipt(log, now.steady);
        talk_.stored(log, sync_.logs().stored_of(log).last, mail_.is_own(log));
    }
    mail_.go_on(now, out);
    talk_.go_on(now, out);
    sync_.ask_for_missing(now, out);
}

void Room::on(const Fetched& fetched, Now now, Effects& out) {
    roster::Link* to = roster_.link(fetched.link);
    Peer* peer = peer_of(to);
    if (peer == nullptr || peer->sync.fetching != fetched.link) return;
    sync_.fetched(peer->sync, fetched);
    pump_peer(*peer, now, out);
}

// A body that is here from now on is told of as a line is that has just been stored.
void Room::on(const BodiesChanged& changed, Now now, Effects& out) {
    std::set<LogId> logs;
    for (const auto& [line, state] : changed.news) {
        sync_.body_is(line, state, now.steady);
        if (state != BodyState::lacking) logs.insert(line.log);
        if (state == BodyState::dropped && !is_blocked(line.log.device))
            out.push_back(Notify{TakenBack{message_id(line), line, about(line.log.device)}});
    }
    for (const LogId& log : logs) {
        talk_.owe_receipt(log, now.steady);
        if (const auto author = peers_.talk.speaker_of(log))
            talk::Talk::owe_ack(peers_.touch(author->who.key)->talk, now.steady);
    }
}

void Room::on(const Found& found, Now now, Effects& out) {
    Peer* peer = peer_of(roster_.link(found.link));
    if (peer == nullptr) return;
    sync_.found(peer->sync, found);
    pump_peer(*peer, now, out);
}

void Room::on(const Filled& filled, Now now, Effects& out) {
    for (const Entry& entry : filled.entries) talk_.show_late(entry, now, out);
}

void Room::on(const Examined& examined, Now now, Effects& out) {
    Peer* peer = peer_of(roster_.link(examined.link));
    sync_.examined(examined, peer == nullptr ? nullptr : &peer->sync, now.steady, out);
    if (peer != nullptr) pump_peer(*peer, now, out);
}

void Room::on(const Frozen& frozen, Now now, Effects&) { sync_.frozen(frozen, now.steady); }

void Room::on(const Proven& proven, Now now, Effects& out) {
    Peer* peer = peer_of(roster_.link(proven.link));
    if (peer == nullptr || peer->sync.proving != proven.link) return;
    sync_.proven(peer->sync, proven);
    pump_peer(*peer, now, out);
}

void Room::on(const Trimmed& trimmed, Now now, Effects&) { sync_.trimmed(trimmed, now.steady); }

void Room::on(const Imported& imported, Now now, Effects& out) {
    sync_.imported(imported, now, out);
}

// --- the end -------------------------------------------------------------------------------------

void Room::on(const EndOfInput& end, Now now, Effects& out) {
    if (hurry_) return;  // it is leaving already
    seal(out);
    course_.finishing = end.linger.has_value();
    finish_by_.reset();
    if (end.linger) finish_by_ = now.steady + *end.linger;
}

void Room::on(const Leave&, Now now, Effects& out) {
    if (course_.leaving()) return;
    if (hurry_) return begin_leaving(now, out);
    seal(out);
    course_.finishing = hurry_ = true;
    finish_by_ = now.steady + limits::goodbye_timeout;
}

}  // namespace lanchat::controller
