// What every part of the brain knows: this node, how far its process has come, and who a peer is.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>

#include "controller/events.hpp"
#include "message/address.hpp"
#include "message/ids.hpp"
#include "message/keys.hpp"
#include "message/salts.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// This node. It never changes.
struct Self {
    InstanceId instance{};
    std::shared_ptr<const DeviceKey> key;
    std::string name;
    bool tls = false;              // links with lanchat peers are encrypted, or are none
    PeerInfo info;                 // as it is told
    Salts salts{Salts::Secret{}};  // of the bodies of what it says

    const DeviceId& device() const { return key->id(); }
    NodeId node() const { return {key->id(), instance}; }
};

// How far this process has come. The room alone changes it.
struct Course {
    Instant began{};
    std::optional<Instant> first_peer{};  // when somebody was linked for the first time
    bool settled = false;                 // the first sweep and its dials are over
    bool receiving = true;                // lines of others can be taken in
    bool finishing = false;               // no more input will come
    std::optional<Instant> leave_by{};    // leaving: links end by then

    bool leaving() const { return leave_by.has_value(); }
};

// Who somebody is: a lanchat node by its key and, as a key may run several processes, its instance;
// a legacy peer by its address alone.
struct PersonKey {
    bool legacy = false;
    NodeId node{};
    Endpoint address;

    static PersonKey of(const NodeId& node) { return {false, node, {}}; }
    static PersonKey original_at(const Endpoint& address) { return {true, {}, address}; }
    auto operator<=>(const PersonKey&) const = default;
};

// Who a peer is and whether it is here. The roster alone changes it.
struct Member {
    PersonKey key;
    Endpoint address;  // its key in the peer map
    LogId log;         // it says its lines in
    DeviceId device;
    std::string name;
    bool up = false;               // announced as PeerUp
    std::optional<LinkId> active;  // the open link that carries lines
};

}  // namespace lanchat::controller
