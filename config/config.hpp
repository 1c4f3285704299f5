// The settings of a node as plain values with their defaults. config/README.md explains every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "message/address.hpp"

namespace lanchat {

struct DiscoveryConfig {
    bool beacon = true;  // called on every LAN, and heard
    bool scan = true;
    int scan_rate = 500;  // connection attempts per second, loopback not counted
    std::chrono::milliseconds probe_timeout{250};
    std::chrono::seconds rescan{60};
    bool allow_public = false;
    std::string peers_command = {};  // words, split at blanks; empty: none

    bool operator==(const DiscoveryConfig&) const = default;
};

// What happens when another key turns up under a name that somebody vouched for.
enum class OnKeyChange { block, warn };

struct SecurityConfig {
    bool tls = true;  // false: only where all CIDRs are loopback
    bool legacy_peers = true;
    std::string passphrase_file;  // empty: an open network
    OnKeyChange on_key_change = OnKeyChange::block;

    bool operator==(const SecurityConfig&) const = default;
};

struct HistoryConfig {
    bool enabled = true;  // false: nothing on disk
    std::uint64_t max_bytes = std::uint64_t{1} << 30;
    int max_age_days = 0;  // 0: any age

    bool operator==(const HistoryConfig&) const = default;
};

enum class ColorMode { automatic, always, never };

struct UiConfig {
    std::string mode = "auto";  // auto plain json: the face, which app/faces/make_face.cpp makes
    ColorMode color = ColorMode::automatic;

    bool operator==(const UiConfig&) const = default;
};

struct MetricsConfig {
    std::string listen;  // "ip:port"; empty: nowhere

    bool operator==(const MetricsConfig&) const = default;
};

struct LogConfig {
    std::string level = "info";  // trace debug info warn error off
    std::string file;            // empty: stderr

    bool operator==(const LogConfig&) const = default;
};

struct Config {
    std::string ip = "127.0.0.1";  // empty: the own addresses inside the CIDRs
    bool ip_is_explicit = false;   // set by somebody, not the default
    std::vector<Cidr> cidrs{Cidr{Ipv4{0x7F000001}, 32}};  // may be empty if cidr_auto
    bool cidr_auto = false;  // "auto": besides `cidrs`, the private subnets of the real interfaces
    PortRange ports{4565, 4569};
    std::string name;                // empty: the user's name
    std::vector<std::string> peers;  // "ip" (every port of the range) or "ip:port"
    std::string data_dir;            // empty: below the XDG data directory
    DiscoveryConfig discovery;
    SecurityConfig security;
    HistoryConfig history;
    UiConfig ui;
    MetricsConfig metrics;
    LogConfig log;

    bool operator==(const Config&) const = default;
};

}  // namespace lanchat
