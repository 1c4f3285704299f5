// Where a node can be: IPv4 addresses, ip:port endpoints, CIDR ranges and port ranges.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "message/result.hpp"

namespace lanchat {

// An IPv4 address in host byte order.
struct Ipv4 {
    std::uint32_t bits = 0;

    auto operator<=>(const Ipv4&) const = default;
    bool is_loopback() const { return (bits >> 24) == 127; }
    // RFC 1918, link-local (RFC 3927) and loopback: the ranges we scan without being forced.
    bool is_private() const;
};

// An ip:port. An address is a place, not a person.
struct Endpoint {
    Ipv4 ip;
    std::uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;
};

// An inclusive range of TCP ports, 1 <= min <= max.
struct PortRange {
    std::uint16_t min = 0;
    std::uint16_t max = 0;

    auto operator<=>(const PortRange&) const = default;
    bool contains(std::uint16_t port) const { return min <= port && port <= max; }
    std::uint32_t count() const { return std::uint32_t{max} - min + 1U; }
};

// An IPv4 network; host bits of `network` are zero.
struct Cidr {
    Ipv4 network;
    int prefix = 32;

    auto operator<=>(const Cidr&) const = default;
    std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
    bool contains(Ipv4 ip) const { return (ip.bits & mask()) == network.bits; }
    std::uint64_t size() const { return std::uint64_t{1} << (32 - prefix); }
    // The addresses a host can have: without network and broadcast address below /31.
    Ipv4 first_host() const;
    Ipv4 last_host() const;
};

// Strict parsers: dotted quads without leading zeros, decimal numbers, nothing around them.
// A Cidr may be written with host bits ("10.0.0.7/24"); they are cleared. A bare ip is a /32.
Result<Ipv4> parse_ipv4(std::string_view text);
Result<Endpoint> parse_endpoint(std::string_view text);
Result<Cidr> parse_cidr(std::string_view text);
Result<PortRange> parse_port_range(std::string_view text);

std::string to_string(Ipv4 ip);
std::string to_string(const Endpoint& endpoint);
std::string to_string(const PortRange& range);
std::string to_string(const Cidr& cidr);

}  // namespace lanchat

template <>
struct std::hash<lanchat::Endpoint> {
    std::size_t operator()(const lanchat::Endpoint& e) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{e.ip.bits} << 16) | e.port);
    }
};
