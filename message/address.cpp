// Parsing and printing of addresses. Nothing is guessed: what is not exactly an address is refused.
#include "message/address.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace lanchat {
namespace {

// A decimal number of at most `max`, without sign, blank or leading zero.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max)
        return std::nullopt;
    return value;
}

Failure not_a(std::string_view what, std::string_view text) {
    return Failure{"\"" + std::string(text.substr(0, 64)) + "\" is not " + std::string(what)};
}

bool in(Ipv4 ip, std::uint32_t network, int prefix) {
    return Cidr{Ipv4{network}, prefix}.contains(ip);
}

}  // namespace

bool Ipv4::is_private() const {
    return in(*this, 0x0A000000, 8) || in(*this, 0xAC100000, 12) || in(*this, 0xC0A80000, 16) ||
           in(*this, 0xA9FE0000, 16) || is_loopback();
}

Ipv4 Cidr::first_host() const { return prefix >= 31 ? network : Ipv4{network.bits + 1}; }

Ipv4 Cidr::last_host() const {
    const std::uint32_t last = network.bits | ~mask();
    return prefix >= 31 ? Ipv4{last} : Ipv4{last - 1};
}

Result<Ipv4> parse_ipv4(std::string_view text) {
    std::uint32_t bits = 0;
    std::string_view rest = text;
    for (int part = 0; part < 4; ++part) {
        const auto dot = part < 3 ? rest.find('.') : rest.size();
        if (dot == std::string_view::npos) return not_a("an IPv4 address", text);
        const auto number = parse_number(rest.substr(0, dot), 255);
        if (!number) return not_a("an IPv4 address", text);
        bits = bits << 8 | *number;
        rest.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    return Ipv4{bits};
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return not_a("an ip:port", text);
    const auto ip = parse_ipv4(text.substr(0, colon));
    const auto port = parse_number(text.substr(colon + 1), 65535);
    if (!ip || !port || *port == 0) return not_a("an ip:port", text);
    return Endpoint{*ip, static_cast<std::uint16_t>(*port)};
}

Result<Cidr> parse_cidr(std::string_view text) {
    const auto slash = text.find('/');
    const auto ip = parse_ipv4(text.substr(0, slash));
    if (!ip) return not_a("a CIDR range like 192.168.1.0/24", text);
    if (slash == std::string_view::npos) return Cidr{*ip, 32};
    const auto prefix = parse_number(text.substr(slash + 1), 32);
    if (!prefix) return not_a("a CIDR range like 192.168.1.0/24", text);
    Cidr cidr{*ip, static_cast<int>(*prefix)};
    cidr.network.bits &= cidr.mask();
    return cidr;
}

Result<PortRange> parse_port_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto min = parse_number(text.substr(0, dash), 65535);
    const auto max =
        dash == std::string_view::npos ? min : parse_number(text.substr(dash + 1), 65535);
    if (!min || !max || *min == 0 || *max == 0) return not_a("a port range like 4565-4569", text);
    if (*min > *max) return Failure{"the port range " + std::string(text) + " is upside down"};
    return PortRange{static_cast<std::uint16_t>(*min), static_cast<std::uint16_t>(*max)};
}

std::string to_string(Ipv4 ip) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += std::to_string((ip.bits >> shift) & 0xFF);
        if (shift > 0) out += '.';
    }
    return out;
}

std::string to_string(const Endpoint& endpoint) {
    return to_string(endpoint.ip) + ":" + std::to_string(endpoint.port);
}

std::string to_string(const PortRange& range) {
    return std::to_string(range.min) + "-" + std::to_string(range.max);
}

std::string to_string(const Cidr& cidr) {
    return to_string(cidr.network) + "/" + std::to_string(cidr.prefix);
}

}  // namespace lanchat
