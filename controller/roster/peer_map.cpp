// The read-write-locked map of peers.
#include "controller/roster/peer_map.hpp"

#include <algorithm>
#include <mutex>

#include "message/limits.hpp"

namespace lanchat::controller {

bool PeerMap::admit(const Endpoint& address, PeerEntry entry) {
    const std::unique_lock lock(mutex_);
    if (entries_.size() >= limits::peers_max || entries_.contains(address)) return false;
    const bool known = !entry.legacy() && std::ranges::any_of(entries_, [&](const auto& other) {
        return other.second.node() == entry.node();
    });
    if (known) return false;
    entries_.emplace(address, std::move(entry));
    return true;
}

bool PeerMap::update(const Endpoint& address, PeerState state, Direction direction) {
    const std::unique_lock lock(mutex_);
    const auto it = entries_.find(address);
    if (it == entries_.end()) return false;
    it->second.state = state;
    it->second.direction = direction;
    return true;
}

bool PeerMap::regard(const Endpoint& address, Trust trust, const std::string& mark) {
    const std::unique_lock lock(mutex_);
    const auto it = entries_.find(address);
    if (it == entries_.end()) return false;
    it->second.trust = trust;
    it->second.mark = mark;
    return true;
}

bool PeerMap::remove(const Endpoint& address) {
    const std::unique_lock lock(mutex_);
    return entries_.erase(address) > 0;
}

void PeerMap::move(const Endpoint& from, const Endpoint& to) {
    const std::unique_lock lock(mutex_);
    if (entries_.contains(to)) return;
    auto node = entries_.extract(from);
    if (!node) return;
    node.key() = to;
    entries_.insert(std::move(node));
}

std::optional<PeerEntry> PeerMap::find(const Endpoint& address) const {
    const std::shared_lock lock(mutex_);
    const auto it = entries_.find(address);
    if (it == entries_.end()) return std::nullopt;
    return it->second;
}

bool PeerMap::full() const {
    const std::shared_lock lock(mutex_);
    return entries_.size() >= limits::peers_max;
}

std::size_t PeerMap::size() const {
    const std::shared_lock lock(mutex_);
    return entries_.size();
}

std::vector<PeerInfo> PeerMap::linked() const {
    const std::shared_lock lock(mutex_);
    std::vector<PeerInfo> peers;
    for (const auto& [address, entry] : entries_)
        if (entry.state == PeerState::linked) peers.push_back(describe(address, entry));
    return peers;
}

PeerInfo describe(const Endpoint& address, const PeerEntry& entry) {
    if (entry.legacy()) return PeerInfo{address, "", to_string(address), true};
    return PeerInfo{address,   to_string(entry.device), entry.name,
                    false,     entry.encrypted,         entry.trust,
                    entry.mark};
}

}  // namespace lanchat::controller
