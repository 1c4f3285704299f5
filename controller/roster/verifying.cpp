// The comparing of keys: what two people do to know that a key is the other's.
#include <algorithm>
#include <utility>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {
namespace {

constexpr auto minute = std::chrono::minutes(1);

}  // namespace

// Of several processes of the device that with which codes are being compared.
std::optional<PersonKey> Roster::key_with(const DeviceId& device) const {
    std::optional<PersonKey> found;
    for (const auto& [who, peer] : peers_) {
        if (who.key.legacy || !who.up || !who.active || who.device != device) continue;
        if (!found || peer.verifying) found = who.key;
    }
    return found;
}

Peer* Roster::peer_with(const DeviceId& device) {
    const auto key = key_with(device);
    return key ? peer(*key) : nullptr;
}

bool Roster::may_verify(const DeviceId& device, Instant now) const {
    const auto count = std::ranges::count_if(verifications_, [&](const auto& begun) {
        return begun.second == device && begun.first + minute > now;
    });
    return static_cast<std::size_t>(count) < limits::verifications_per_minute_max;
}

std::optional<Failure> Roster::refuse_verify(const DeviceId& device, Instant now) const {
    if (device == self_.device()) return Failure{"that is this node itself"};
    if (people_.is_blocked(device)) return Failure{"unblock it first"};
    const auto key = key_with(device);
    if (!key) return Failure{"not linked now: to compare codes both have to be here"};
    if (peers_.find(*key)->state.verifying || may_verify(device, now)) return std::nullopt;
    return Failure{"tried too often: wait a minute"};
}

void Roster::begin_verifying(Peer& peer, Verifying verifying, Instant now, Effects& out) {
    std::erase_if(verifications_, [&](const auto& begun) { return begun.first + minute <= now; });
    verifications_.emplace_back(now, peer.device);
    peer.verifying = std::move(verifying);
    peer.verify_until = now + limits::verify_timeout;
    out.push_back(Roll{peer.device});
}

void Roster::on(const Verify& verify, Now now, Effects& out) {
    Peer* peer = peer_with(verify.who);
    if (peer == nullptr || refuse_verify(verify.who, now.steady)) return;
    if (!peer->verifying)
        return begin_verifying(*peer, Verifying(self_.device(), peer->device), now.steady, out);
    const auto& code = peer->verifying->code();
    if (!code.empty())
        out.push_back(Notify{Verification{info(*peer), Verification::Stage::shown, code}});
}

void Roster::on(const Pin& pin, Now now, Effects& out) {
    if (pin.who == self_.device() || people_.is_blocked(pin.who)) return;
    people_.verify(pin.who, now.wall);
    out.push_back(Notify{Verification{about(pin.who), Verification::Stage::verified, {}}});
}

void Roster::on(const Doubt& doubt, Now now, Effects&) {
    people_.verify(doubt.who, doubt.verified, now.wall);
}

void Roster::on(const Rolled& rolled, Now now, Effects& out) {
    Peer* peer = peer_with(rolled.who);
    if (peer == nullptr || !peer->verifying) return;
    go_on_verifying(*peer, peer->verifying->rolled(rolled.nonce), now, out);
}

void Roster::on(const Judge& judge, Now now, Effects& out) {
    Peer* peer = peer_with(judge.who);
    if (peer == nullptr || !peer->verifying || peer->verifying->code() != judge.code) return;
    go_on_verifying(*peer, peer->verifying->judge(judge.same), now, out);
}

void Roster::take_verify(Peer& peer, const Frame& frame, Now now, Effects& out) {
    if (!frame.verify) return;
    const VerifyStep& step = *frame.verify;
    if (step.kind != VerifyStep::Kind::commit) {
        if (peer.verifying) go_on_verifying(peer, peer.verifying->take(step), now, out);
        return;
    }
    const DeviceId self = self_.device();
    const bool both_ask =
        peer.verifying && peer.verifying->asked_by_us() && peer.verifying->code().empty();
    if (both_ask && self > peer.device) return;  // ours stands
    if (!both_ask) end_verifying(peer, Verification::Stage::refused, out);
    peer.verify_owed.clear();
    const Peer* other = peer_with(peer.device);
    const bool is_busy = other != nullptr && other != &peer && other->verifying;
    if (!both_ask && (is_busy || !may_verify(peer.device, now.steady))) {
        peer.verify_owed.push_back({VerifyStep::Kind::refuse, {}});
        return needs_.pump(peer.key, now, out);
    }
    begin_verifying(peer, Verifying(self, peer.device, Hash{step.bytes}), now.steady, out);
}

void Roster::go_on_verifying(Peer& peer, Verifying::Next next, Now now, Effects& out) {
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
    needs_.pump(peer.key, now, out);
}

void Roster::end_verifying(Peer& peer, Verification::Stage how, Effects& out) {
    if (!peer.verifying) return;
    const auto code = peer.verifying->code();
    peer.verifying.reset();
    out.push_back(Notify{Verification{info(peer), how, code}});
}

// What was on its way over the old link may be lost, and steps cannot be said again.
void Roster::break_off_verifying(Peer& peer, Verification::Stage how, Effects& out) {
    if (!peer.verifying) return;
    peer.verify_owed.clear();
    peer.verify_owed.push_back({VerifyStep::Kind::refuse, {}});
    end_verifying(peer, how, out);
}

std::optional<Instant> Roster::verify_due(const Peer& peer) const {
    if (!peer.verifying) return std::nullopt;
    return peer.verify_until;
}

void Roster::verify_timed_out(Peer& peer, Now now, Effects& out) {
    break_off_verifying(peer, Verification::Stage::timed_out, out);
    needs_.pump(peer.key, now, out);
}

void Roster::fill_verify(Peer& peer, Frame& frame) {
    if (peer.verify_owed.empty()) return;
    frame.verify = peer.verify_owed.front();
    peer.verify_owed.pop_front();
}

}  // namespace lanchat::controller::roster
