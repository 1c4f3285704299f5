// The peer map: who is here, keyed by ip:port, each address and each node admitted once.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "controller/events.hpp"
#include "message/address.hpp"
#include "message/ids.hpp"

namespace lanchat::controller {

enum class Direction { dialled, accepted };
enum class PeerState { joining, linked };

struct PeerEntry {
    PeerState state = PeerState::joining;
    Direction direction = Direction::accepted;
    InstanceId instance{};  // 0: a legacy peer
    DeviceId device;
    std::string name;
    bool encrypted = false;  // the link that admitted it
    Trust trust = Trust::unverified;
    std::string mark{};

    bool legacy() const { return instance == InstanceId{}; }
    NodeId node() const { return {device, instance}; }
    bool operator==(const PeerEntry&) const = default;
};

// Guarded by a read-write lock because it is the one structure that several threads look at: the
// loop alone writes it (before `ok` leaves), while link threads refuse early and embedders list
// peers. Everything else in the program meets in mailboxes.
class PeerMap {
  public:
    // False, and nothing changes, when the address is taken, the node is already in the map under
    // another address, or the map is full.
    [[nodiscard]] bool admit(const Endpoint& address, PeerEntry entry);

    // False when the address is not there.
    bool update(const Endpoint& address, PeerState state, Direction direction);
    bool regard(const Endpoint& address, Trust trust, const std::string& mark);
    bool remove(const Endpoint& address);
    // Nothing changes if `from` is not there or `to` is taken.
    void move(const Endpoint& from, const Endpoint& to);

    std::optional<PeerEntry> find(const Endpoint& address) const;
    bool full() const;
    std::size_t size() const;

    // The linked peers, by address.
    std::vector<PeerInfo> linked() const;

  private:
    mutable std::shared_mutex mutex_;  // guards entries_
    std::map<Endpoint, PeerEntry> entries_;
};

PeerInfo describe(const Endpoint& address, const PeerEntry& entry);

}  // namespace lanchat::controller
