// Identifiers as distinct types, so that two kinds can never be mistaken for each other.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lanchat {

// A node process: random, new at every start.
enum class InstanceId : std::uint64_t {};

// One connection of ours, either direction; never reused within a process.
enum class LinkId : std::uint64_t {};

// Number of a line among its author's lines: 1, 2, 3 …; 0 is "none yet".
using Seq = std::uint64_t;

// A device: the public half of its Ed25519 key (RFC 8032).
struct DeviceId {
    std::array<std::uint8_t, 32> bytes{};
    auto operator<=>(const DeviceId&) const = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

// What a process of a device says is one log; its epoch is random, new at every start.
enum class Epoch : std::uint64_t {};

// A log is public, or said to one device alone. Whom it is for is part of its name, so no entry of
// one can ever be taken for one of the other, whichever of them is held.
struct LogId {
    DeviceId device;
    Epoch epoch{};
    DeviceId to{};  // a direct log: for whom; all zeros, which is no key: public

    bool is_direct() const { return to != DeviceId{}; }
    auto operator<=>(const LogId&) const = default;
};

// Whether it is what one of the two says to the other alone.
inline bool is_between(const LogId& log, const DeviceId& a, const DeviceId& b) {
    return log.is_direct() &&
           ((log.device == a && log.to == b) || (log.device == b && log.to == a));
}

// A node: a process of a device. An instance is public and anybody may claim it, so alone it never
// stands for a node; the key does, and the instance tells two processes of one key apart. The order
// decides between two nodes where one of them has to yield: by key, and only then by instance.
struct NodeId {
    DeviceId device;
    InstanceId instance{};
    auto operator<=>(const NodeId&) const = default;
};

// A process says one log, so its instance is the epoch.
constexpr LogId log_of(const NodeId& node) {
    return {node.device, Epoch{static_cast<std::uint64_t>(node.instance)}};
}
constexpr LogId log_of(const DeviceId& device, InstanceId instance) {
    return log_of(NodeId{device, instance});
}
constexpr NodeId node_of(const LogId& log) {
    return {log.device, InstanceId{static_cast<std::uint64_t>(log.epoch)}};
}

// Base32 (RFC 4648, lower case, no padding): 8 characters for 5 bytes.
std::string base32(std::string_view bytes);

// Base32 alphabet as above, of the number itself: 13 characters.
std::string to_string(InstanceId id);

// Base32: 52 characters, and back. Nothing else is taken, so no device has two spellings.
std::string to_string(const DeviceId& id);
std::optional<DeviceId> parse_device_id(std::string_view text);

}  // namespace lanchat
