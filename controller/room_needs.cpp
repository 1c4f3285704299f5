// What the parts need of each other: each question is handed to the part that knows the answer.
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

Peer* Room::peer_of(const roster::Link* link) {
    return link != nullptr && link->person ? peers_.touch(*link->person) : nullptr;
}

void Room::pump(roster::Link& link, Now now, Effects& out) { pump(link, peer_of(&link), now, out); }

void Room::pump(const PersonKey& key, Now now, Effects& out) {
    if (Peer* peer = peers_.touch(key)) pump_peer(*peer, now, out);
}

// --- peers that come and go ----------------------------------------------------------------------

roster::Peer& Room::place_of(const PersonKey& key) { return peers_.place_of(key).roster; }

void Room::forget(PersonKey key, Effects& out) {
    Peer* peer = peers_.touch(key);
    if (peer == nullptr) return;
    talk_.give_up_on(peer->roster, peer->talk, out);
    peers_.erase(key);
}

void Room::joined(const roster::Peer& who, Instant now) {
    talk_.joined(who, peers_.touch(who.key)->talk, now);
}

void Room::opened(const roster::Peer& who, LinkId link, const Ack& received_there, Instant now) {
    talk_.opened(who, peers_.touch(who.key)->talk, link, received_there, now);
    if (course_.first_peer) return;
    course_.first_peer = now;
    talk_.nobody_was_here();
}

void Room::came(const roster::Peer& who, Instant now) {
    talk_.came(who);
    if (who.key.legacy) return;
    sync_.links_changed(who, now);
    sync_.accept(who.device, now);
}

void Room::carries(roster::Peer& who, const roster::Link& link, Instant now) {
    Peer& peer = *peers_.touch(who.key);
    talk_.carries(peer.talk, link.id);
    if (who.key.legacy) return;
    speaks_in(who, link.hello.log(), now);
    sync_.began(who, peer.sync, now);
    mail_.began(who, peer.letters);
}

void Room::closed(const roster::Peer& who, LinkId link) {
    talk::Talk::closed(peers_.touch(who.key)->talk, link);
}

void Room::went(const roster::Peer& who, bool was_up, Now now, Effects& out) {
    Peer& peer = *peers_.touch(who.key);
    talk_.report_too_long(who, peer.talk, now, out);
    if (!was_up) return;
    talk_.went(who, peer.talk);
    const auto beyond = peer.sync.linked.all();
    sync_.went(who, peer.sync, now.steady);
    peer.letters = {};
    walls_.gone(who.key.node);
    if (who.key.legacy) return;
    sync_.links_changed(who, now.steady);
    talk_.far_from(who, beyond, now.steady);
}

void Room::greeted(roster::Link& link, const Frame& frame, Now now, Effects& out) {
    Peer& peer = *peer_of(&link);
    if (!peer.roster.key.legacy) return take(link, peer, frame, now, out);
    if (link.ok_expected) talk_.take_legacy_line(peer.roster, peer.talk, frame, now, out);
    pump(link, &peer, now, out);
}

// What we acknowledge to a peer (`received`) is of the log that it speaks in: no longer of its log
// of before, and at once what others brought us of the new one.
void Room::speaks_in(roster::Peer& who, const LogId& log, Instant now) {
    if (log == who.log) return;
    Peer& peer = *peers_.touch(who.key);
    if (sync_.logs().find(who.log) != nullptr) sync_.tell_of(who, peer.sync, who.log, now);
    who.log = log;
    if (sync_.logs().stored_of(log).last > 0) talk::Talk::owe_ack(peer.talk, now);
}

std::optional<Epoch> Room::page() const {
    if (!talk_.has_turned_page()) return std::nullopt;
    return talk_.ledger().log().epoch;
}

// --- what is said --------------------------------------------------------------------------------

void Room::seal(Effects& out) {
    seal_due_.reset();
    while (const RunPtr run = talk_.seal_next()) sync_.keep_own(run, out);
    for (const RunPtr& run : mail_.seal_all()) sync_.keep_own(run, out);
}

void Room::seal_soon(Instant now) {
    if (!seal_due_) seal_due_ = now + limits::seal_delay;
}

void Room::said_directly(const controller::Say& say, Entry entry, const Believed& believed, Now now,
                         Effects& out) {
    if (say.watched) talk_.deliveries().watch({entry.log, entry.seq}, {say.to});
    roster_.people().message(say.to, now.wall);
    talk_.show_own(std::move(entry), believed, about(say.to), out);
}

Clock Room::next_clock(const Believed& believed) { return talk_.next_clock(believed); }

bool Room::show(const VerifiedRun& run, const Arriving& how, Effects& out) {
    return talk_.show(run, how, out);
}

LineId Room::say_met(const DeviceId& device, Now now, Effects& out) {
    return talk_.say_met(device, now, out);
}

bool Room::is_own(const LogId& log) const {
    return talk_.ledger().place_of(log, 0).has_value() || mail_.is_own(log);
}

LogId Room::own_log() const { return talk_.ledger().log(); }

std::vector<Said> Room::said() const { return talk_.ledger().said(); }

std::set<LogId> Room::watched_logs() const { return talk_.deliveries().logs(); }

void Room::has_stored(const Member& who, const LogId& log, EntryRange range) {
    talk_.has_stored(who, log, range);
}

void Room::acknowledged(const PersonKey& key, const Ack& ack, Instant now) {
    Peer& peer = *peers_.touch(key);
    talk_.acknowledged(peer.roster, peer.talk, ack, now);
}

void Room::owe_ack(const PersonKey& key, const VerifiedRun& run, Instant now) {
    talk::Talk::owe_ack(peers_.touch(key)->talk, run, now);
}

bool Room::must_ask(const PersonKey& key) const {
    const Peer& peer = *peers_.find(key);
    return talk_.must_ask(peer.roster, peer.talk);
}

void Room::neighbours_changed(const std::vector<NodeId>& came, Instant now) {
    talk_.look_for_far_members();
    talk_.owe_receipts_to(came, now);
}

// --- what is held --------------------------------------------------------------------------------

// What lacks its body does not count (log.md 28).
Ack Room::stored_of(const LogId& log) const {
    Ack stored = sync_.logs().stored_of(log);
    stored.after = std::max(stored.after, sync_.bodies().last_lacking(log, stored.last));
    return stored;
}

Seq Room::floor_of(const LogId& log) const { return sync_.logs().extent(log).floor; }

bool Room::holds(const LogId& log) const { return sync_.logs().find(log) != nullptr; }

bool Room::is_next(const PersonKey& key, const UnprovenRun& run) const {
    return sync_.is_next(peers_.find(key)->sync, run);
}

Seq Room::last_of(const LogId& log) const { return sync_.logs().extent(log).last(); }

bool Room::has_link(LinkId link) const { return roster_.link(link) != nullptr; }

void Room::met(const Entry& entry, Instant now) { sync_.met(entry, now); }

void Room::dropped(const Dropped& what) { sync_.dropped(what); }

bool Room::is_dropped(const Dropped& what) const { return sync_.bodies().is_dropped(what); }

std::vector<EntryRange> Room::with_bodies(const PersonKey& key, const LogId& log,
                                          EntryRange range) const {
    return peers_.find(key)->sync.bodies.with_bodies(log, range);
}

std::vector<PersonKey> Room::ways_to(const NodeId& node) const { return sync_.ways_to(node); }

bool Room::is_beyond(const NodeId& node) const { return sync_.is_beyond(node); }

std::optional<Ended> Room::end_of_log_to(const DeviceId& to) const {
    return sync_.end_of_log_to(to);
}

std::set<LogId> Room::logs_with(const DeviceId& device) const { return sync_.logs_with(device); }

bool Room::is_stored(const LineId& line) const {
    const Held* held = sync_.logs().find(line.log);
    return held != nullptr && held->stored.last() >= line.seq;
}

bool Room::is_stored_there(const PersonKey& key, const LineId& line) const {
    return sync::Sync::is_stored_there(peers_.find(key)->sync, line);
}

void Room::add_head(Frame& frame, const LogId& log) const {
    controller::add_head(frame, log, sync_.logs().find(log));
}

void Room::tell_of(const PersonKey& key, const LogId& log, Instant now) {
    Peer& peer = *peers_.touch(key);
    sync_.tell_of(peer.roster, peer.sync, log, now);
}

// --- who may hear of what, and how people are told of --------------------------------------------

bool Room::may_tell(const Member& who, const LogId& log) const { return mail_.may_tell(who, log); }

void Room::list_letters(const PersonKey& key) {
    Peer& peer = *peers_.touch(key);
    mail_.list(peer.roster, peer.letters);
}

PeerInfo Room::info(const Member& who) const { return roster_.info(who); }

PeerInfo Room::about(const DeviceId& device) const { return roster_.about(device); }

PeerInfo Room::author(const Entry& entry) const { return roster_.author(entry); }

PeerInfo Room::regarded(PeerInfo info, const DeviceId& device) const {
    return roster_.regarded(std::move(info), device);
}

bool Room::is_blocked(const DeviceId& device) const { return roster_.people().is_blocked(device); }

void Room::hear_of(const PeerInfo& who, const DeviceId& device, Now now, Effects& out) {
    roster_.hear_of(who, device, now, out);
}

bool Room::dialling(const Endpoint& where) const { return roster_.dialling(where); }

}  // namespace lanchat::controller
