// Whom we know: names and keys, how they are told of, and who is blocked.
#include <algorithm>
#include <utility>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::roster {
namespace {

constexpr auto warning_pause = std::chrono::seconds(10);

}  // namespace

PeerInfo Roster::info(const Member& who) const {
    const auto info =
        describe(who.address, PeerEntry{PeerState::linked, Direction::accepted,
                                        who.key.node.instance, who.device, who.name, self_.tls});
    return who.key.legacy ? info : regarded(info, who.device);
}

PeerInfo Roster::author(const Entry& entry) const {
    PeerInfo info{{}, to_string(entry.log.device), entry.name, false};
    if (const auto speaker = peers_.speaker_of(entry.log)) info.address = speaker->who.address;
    return info;
}

PeerInfo Roster::regarded(PeerInfo info, const DeviceId& device) const {
    info.trust = people_.trust(device);
    info.mark = people_.mark(device, info.name);
    return info;
}

PeerInfo Roster::about(const DeviceId& device) const {
    if (device == self_.device()) return self_.info;
    if (const auto peer = peers_.linked_with(device)) return info(peer->who);
    const Person* known = people_.find(device);
    const bool named = known != nullptr && !known->names.empty();
    return regarded({{}, to_string(device), named ? known->names.front() : "", false}, device);
}

// The key uses this name in its log.
void Roster::hear_of(const PeerInfo& who, const DeviceId& device, Now now, Effects& out) {
    if (people_.saw(device, who.name, now.wall)) warn_of(who, device, now, out);
}

void Roster::meet(const Peer& peer, Now now, Effects& out) {
    people_.came(peer.device);
    people_.saw(peer.device, peer.name, now.wall);
    warn_of(info(peer), peer.device, now, out);
    regard(peer);
}

void Roster::warn_of(const PeerInfo& who, const DeviceId& device, Now now, Effects& out) {
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

void Roster::regard(const Peer& peer) {
    peer_map_.regard(peer.address, people_.trust(peer.device),
                     people_.mark(peer.device, peer.name));
}

// What is told of those who are here follows what is known of everybody.
void Roster::regard_peers(Effects& out) {
    const auto changed = people_.take_changed();
    if (!changed.empty())
        for (const auto& [who, peer] : peers_)
            if (!who.key.legacy && changed.contains(who.device)) regard(peer);
    const auto unsaved = people_.take_unsaved();
    if (unsaved == People::Unsaved::nothing) return;
    out.push_back(Remember{unsaved == People::Unsaved::decisions});
}

std::vector<Candidate> Roster::candidates(bool blocked) const {
    std::map<DeviceId, Endpoint> here;
    std::vector<Candidate> all{{self_.device(), {}, std::nullopt, false}};
    for (const auto& [who, peer] : peers_) {
        if (!who.up) continue;
        if (who.key.legacy) all.push_back({std::nullopt, {}, who.address, false});
        if (!who.key.legacy) here.emplace(who.device, who.address);
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

// --- blocked ------------------------------------------------------------------------------------

// The other side is told no more than that the link has ended.
void Roster::on(const Block& block, Now now, Effects& out) {
    if (block.who == self_.device()) return;
    people_.block(block.who, block.on, now.wall);
    if (!block.on) {
        for (const auto& [where, device] : blocked_at_)
            if (device == block.who) contacts_.missed(where, now.steady);
        std::erase_if(blocked_at_, [&](const auto& one) { return one.second == block.who; });
        return;
    }
    std::vector<PersonKey> linked;
    for (const auto& [who, peer] : peers_)
        if (!who.key.legacy && who.device == block.who) linked.push_back(who.key);
    for (const PersonKey& key : linked) {
        Peer& one = *peer(key);
        remember_blocked(one.address, block.who);
        end_verifying(one, Verification::Stage::lost, out);
        take_down(one, DownReason::blocked, now, out);
    }
}

void Roster::remember_blocked(const Endpoint& where, const DeviceId& who) {
    if (blocked_at_.size() < limits::peers_max) blocked_at_[where] = who;
}

void Roster::turn_away(Link& link, Now now, Effects& out) {
    remember_blocked(link.claimed, link.hello.device);
    if (link.direction == Direction::dialled) contacts_.refused(link.remote, now.steady);
    link.person.reset();
    drop(link, now, out);
}

}  // namespace lanchat::controller::roster
