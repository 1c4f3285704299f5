// Whom we know: names and keys, who is blocked, and the comparing of keys.
#include <algorithm>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

constexpr auto minute = std::chrono::minutes(1);
constexpr auto warning_pause = std::chrono::seconds(10);

}  // namespace

PeerInfo Room::regarded(PeerInfo info, const DeviceId& device) const {
    info.trust = people_.trust(device);
    info.mark = people_.mark(device, info.name);
    return info;
}

PeerInfo Room::about(const DeviceId& device) const {
    if (device == settings_.key->id()) return self_;
    if (const Peer* peer = linked_with(device)) return info(*peer);
    const Person* known = people_.find(device);
    const bool named = known != nullptr && !known->names.empty();
    return regarded({{}, to_string(device), named ? known->names.front() : "", false}, device);
}

// The key uses this name in its log.
void Room::hear_of(const PeerInfo& who, const DeviceId& device, Now now, Effects& out) {
    if (people_.saw(device, who.name, now.wall)) warn_of(who, device, now, out);
}

void Room::meet(const Peer& peer, Now now, Effects& out) {
    accept(peer.device, now.steady);
    people_.came(peer.device);
    people_.saw(peer.device, peer.name, now.wall);
    warn_of(info(peer), peer.device, now, out);
    regard(peer);
}

void Room::warn_of(const PeerInfo& who, const DeviceId& device, Now now, Effects& out) {
    const Person* known = people_.claimant(device, who.name);
    if (known == nullptr || warned_.contains(device)) return;
    // Keys are free, warnings are not: others that take this name have to wait.
    const auto last = warnings_.find(known->device);
    if (last != warnings_.end() && now.steady < last->second + warning_pause) return;
    warnings_[known->device] = now.steady;
    if (warned_.size() >= limits::people_max) warned_.clear();
    warned_.insert(device);
    const PeerInfo before{{}, to_string(known->device), known->names.front(), false};
    out.push_back(Notify{KeyChanged{regarded(who, device), regarded(before, known->device)}});
}

void Room::regard(const Peer& peer) {
    peer_map_.regard(peer.address, people_.trust(peer.device),
                     people_.mark(peer.device, peer.name));
}

// What is told of those who are here follows what is known of everybody.
void Room::regard_peers(Effects& out) {
    const auto changed = people_.take_changed();
    if (!changed.empty())
        for (const auto& [key, peer] : peers_)
            if (!key.legacy && changed.contains(peer.device)) regard(peer);
    const auto unsaved = people_.take_unsaved();
    if (unsaved == People::Unsaved::nothing) return;
    out.push_back(Remember{unsaved == People::Unsaved::decisions});
}

std::vector<Candidate> Room::candidates(bool blocked) const {
    std::map<DeviceId, Endpoint> here;
    std::vector<Candidate> all{{settings_.key->id(), {}, std::nullopt, false}};
    for (const auto& [key, peer] : peers_) {
        if (!peer.up) continue;
        if (key.legacy) all.push_back({std::nullopt, {}, peer.address, false});
        if (!key.legacy) here.emplace(peer.device, peer.address);
    }
    for (const auto& [device, person] : people_.all()) {
        if (person.blocked != blocked) continue;
        const auto place = here.find(device);
        all.push_back({device, person.names,
                       place == here.end() ? std::nullopt : std::optional(place->second),
                       person.vouched()});
    }
    return all;
}

// --- who may author ------------------------------------------------------------------------------

bool Room::may_hold(const LogId& log) const { return authors_.accepts(log.device); }

void Room::note_unmet(Peer& peer, const LogId& log, const Claim& there) {
    auto& unmet = peer.logs.unmet;
    if (unmet.size() >= limits::news_per_peer_max && !unmet.contains(log)) return;
    unmet[log] = std::max(unmet[log], there.top().last);
}

// Its handshake succeeded here, or its lines were imported.
void Room::accept(const DeviceId& device, Instant now) {
    const bool is_new = !authors_.accepts(device);
    authors_.meet(device, now, rng_);
    if (is_new) accepted(device, now);
}

void Room::take_met(const Entry& entry, Instant now) {
    if (authors_.named({entry.met, {entry.log, entry.seq}}, now, rng_)) accepted(entry.met, now);
}

// What was told of its logs before was said before we could hear of it, and is asked for again: all
// is compared with who told it, or may have.
void Room::accepted(const DeviceId& device, Instant now) {
    for (auto& [key, peer] : peers_.touch_all()) {
        if (key.legacy || !peer.up) continue;
        auto& unmet = peer.logs.unmet;
        const auto begin = unmet.lower_bound(LogId{device, Epoch{}, {}});
        const auto end = std::find_if(
            begin, unmet.end(), [&](const auto& told) { return told.first.device != device; });
        if (begin == end && unmet.size() < limits::news_per_peer_max) continue;
        for (auto it = begin; it != end; ++it) had_when_it_came(peer, it->first, it->second);
        unmet.erase(begin, end);
        peer.logs.compare.ask(now);
    }
}

void Room::name_met(Now now, Effects& out) {
    if (leaving()) return;
    const auto who = authors_.take_due(now.steady, rng_);
    if (!who) return;
    if (ledger_.is_full()) seal(out);
    const Entry& entry = ledger_.append(walls_.at(now), settings_.name, *who);
    authors_.named({*who, {entry.log, entry.seq}}, now.steady, rng_);
    said(now, out);
}

// --- blocked ------------------------------------------------------------------------------------

// The other side is told no more than that the link has ended.
void Room::on(const Block& block, Now now, Effects& out) {
    if (block.who == settings_.key->id()) return;
    people_.block(block.who, block.on, now.wall);
    if (!block.on) {
        for (const auto& [where, device] : blocked_at_)
            if (device == block.who) contacts_.missed(where, now.steady);
        std::erase_if(blocked_at_, [&](const auto& one) { return one.second == block.who; });
        return;
    }
    std::vector<PersonKey> linked;
    for (const auto& [key, peer] : peers_)
        if (!key.legacy && peer.device == block.who) linked.push_back(key);
    for (const PersonKey& key : linked) {
        Peer& peer = *peers_.touch(key);
        remember_blocked(peer.address, block.who);
        end_verifying(peer, Verification::Stage::lost, out);
        take_down(peer, DownReason::blocked, now, out);
    }
    look_for_far_members();
}

void Room::remember_blocked(const Endpoint& where, const DeviceId& who) {
    if (blocked_at_.size() < limits::peers_max) blocked_at_[where] = who;
}

void Room::turn_away(Link& link, Now now, Effects& out) {
    remember_blocked(link.claimed, link.hello.device);
    if (link.direction == Direction::dialled) contacts_.refused(link.remote, now.steady);
    link.person.reset();
    drop(link, now, out);
}

// --- comparing keys -----------------------------------------------------------------------------

// Of several processes of the device that with which codes are being compared.
const Peer* Room::peer_with(const DeviceId& device) const {
    const Peer* found = nullptr;
    for (const auto& [key, peer] : peers_) {
        if (key.legacy || !peer.up || !peer.active || peer.device != device) continue;
        if (found == nullptr || peer.verifying) found = &peer;
    }
    return found;
}

Peer* Room::peer_with(const DeviceId& device) {
    const Peer* peer = std::as_const(*this).peer_with(device);
    return peer == nullptr ? nullptr : peers_.touch(peer->key);
}

bool Room::may_verify(const DeviceId& device, Instant now) const {
    const auto count = std::ranges::count_if(verifications_, [&](const auto& begun) {
        return begun.second == device && begun.first + minute > now;
    });
    return static_cast<std::size_t>(count) < limits::verifications_per_minute_max;
}

std::optional<Failure> Room::refuse_verify(const DeviceId& device, Instant now) const {
    if (device == settings_.key->id()) return Failure{"that is this node itself"};
    if (people_.is_blocked(device)) return Failure{"unblock it first"};
    const Peer* peer = peer_with(device);
    if (peer == nullptr) return Failure{"not linked now: to compare codes both have to be here"};
    if (peer->verifying || may_verify(device, now)) return std::nullopt;
    return Failure{"tried too often: wait a minute"};
}

void Room::begin_verifying(Peer& peer, Verifying verifying, Instant now, Effects& out) {
    std::erase_if(verifications_, [&](const auto& begun) { return begun.first + minute <= now; });
    verifications_.emplace_back(now, peer.device);
    peer.verifying = std::move(verifying);
    peer.verify_until = now + limits::verify_timeout;
    out.push_back(Roll{peer.device});
}

void Room::on(const Verify& verify, Now now, Effects& out) {
    Peer* peer = peer_with(verify.who);
    if (peer == nullptr || refuse_verify(verify.who, now.steady)) return;
    if (!peer->verifying)
        return begin_verifying(*peer, Verifying(settings_.key->id(), peer->device), now.steady,
                               out);
    const auto& code = peer->verifying->code();
    if (!code.empty())
        out.push_back(Notify{Verification{info(*peer), Verification::Stage::shown, code}});
}

void Room::on(const Pin& pin, Now now, Effects& out) {
    if (pin.who == settings_.key->id() || people_.is_blocked(pin.who)) return;
    people_.verify(pin.who, now.wall);
    out.push_back(Notify{Verification{about(pin.who), Verification::Stage::verified, {}}});
}

void Room::on(const Doubt& doubt, Now now, Effects&) {
    people_.verify(doubt.who, doubt.verified, now.wall);
}

void Room::on(const Rolled& rolled, Now now, Effects& out) {
    Peer* peer = peer_with(rolled.who);
    if (peer == nullptr || !peer->verifying) return;
    go_on_verifying(*peer, peer->verifying->rolled(rolled.nonce), now, out);
}

void Room::on(const Judge& judge, Now now, Effects& out) {
    Peer* peer = peer_with(judge.who);
    if (peer == nullptr || !peer->verifying || peer->verifying->code() != judge.code) return;
    go_on_verifying(*peer, peer->verifying->judge(judge.same), now, out);
}

void Room::take_verify(Peer& peer, const VerifyStep& step, Now now, Effects& out) {
    if (step.kind != VerifyStep::Kind::commit) {
        if (peer.verifying) go_on_verifying(peer, peer.verifying->take(step), now, out);
        return;
    }
    const DeviceId self = settings_.key->id();
    const bool both_ask =
        peer.verifying && peer.verifying->asked_by_us() && peer.verifying->code().empty();
    if (both_ask && self > peer.device) return;  // ours stands
    if (!both_ask) end_verifying(peer, Verification::Stage::refused, out);
    peer.verify_owed.clear();
    const Peer* other = peer_with(peer.device);
    const bool is_busy = other != nullptr && other != &peer && other->verifying;
    if (!both_ask && (is_busy || !may_verify(peer.device, now.steady))) {
        peer.verify_owed.push_back({VerifyStep::Kind::refuse, {}});
        return pump_peer(peer, now, out);
    }
    begin_verifying(peer, Verifying(self, peer.device, Hash{step.bytes}), now.steady, out);
}

void Room::go_on_verifying(Peer& peer, Verifying::Next next, Now now, Effects& out) {
    auto& steps = peer.verifying->steps;
    for (; !steps.empty(); steps.pop_front()) peer.verify_owed.push_back(steps.front());
    if (next == Verifying::Next::show)
        out.push_back(
            Notify{Verification{info(peer), Verification::Stage::shown, peer.verifying->code()}});
    if (next == Verifying::Next::verified) {
        people_.verify(peer.device, now.wall);
        end_verifying(peer, Verification::Stage::verified, out);
    }
    if (next == Verifying::Next::refused) end_verifying(peer, Verification::Stage::refused, out);
    pump_peer(peer, now, out);
}

void Room::end_verifying(Peer& peer, Verification::Stage how, Effects& out) {
    if (!peer.verifying) return;
    const auto code = peer.verifying->code();
    peer.verifying.reset();
    out.push_back(Notify{Verification{info(peer), how, code}});
}

// What was on its way over the old link may be lost, and steps cannot be said again.
void Room::break_off_verifying(Peer& peer, Verification::Stage how, Effects& out) {
    if (!peer.verifying) return;
    peer.verify_owed.clear();
    peer.verify_owed.push_back({VerifyStep::Kind::refuse, {}});
    end_verifying(peer, how, out);
}

}  // namespace lanchat::controller
