// Interfaces, CIDRs and given peers become addresses.
#include "node/places.hpp"

#include <algorithm>
#include <optional>

namespace lanchat {
namespace {

// "ip" means every port of the range, since a node takes the first free one.
Result<std::vector<Endpoint>> given_peers(const Config& config) {
    std::vector<Endpoint> given;
    for (const auto& text : config.peers) {
        if (const auto endpoint = parse_endpoint(text)) {
            given.push_back(*endpoint);
            continue;
        }
        const auto ip = parse_ipv4(text);
        if (!ip) return Failure{"peers: " + ip.why()};
        for (std::uint32_t port = config.ports.min; port <= config.ports.max; ++port)
            given.push_back({*ip, static_cast<std::uint16_t>(port)});
    }
    return given;
}

}  // namespace

Result<Places> find_places(const Config& config,
                           const std::vector<discover::Interface>& interfaces) {
    Places places;
    places.cidrs = config.cidrs;
    if (config.cidr_auto) {
        for (const Cidr& cidr : discover::automatic_cidrs(interfaces)) places.cidrs.push_back(cidr);
        for (const auto& [interface, scanned] : discover::narrowed(interfaces))
            places.narrowed.push_back(
                interface.name + " is in a /" + std::to_string(interface.prefix) + ", but only " +
                to_string(scanned) + " around " + to_string(interface.ip) +
                " is scanned: name who is outside of it with --peer, or another range with --cidr");
    }
    if (places.cidrs.empty())
        return Failure{"no interface with a private address: name a range with --cidr"};
    std::optional<Ipv4> explicit_ip;
    if (!config.ip.empty()) {
        const auto ip = parse_ipv4(config.ip);
        if (!ip) return Failure{"ip: " + ip.why()};
        explicit_ip = *ip;
        const auto holds = [&](const Cidr& cidr) { return cidr.contains(*ip); };
        if (std::ranges::none_of(places.cidrs, holds))
            return Failure{"ip: " + config.ip + " lies outside all CIDRs"};
    }
    auto listen = discover::listening_addresses(places.cidrs, explicit_ip, interfaces);
    if (!listen) return Failure{listen.why()};
    places.listen = std::move(*listen);
    places.cards = discover::cards_of(places.listen, interfaces);
    auto given = given_peers(config);
    if (!given) return Failure{given.why()};
    places.given = std::move(*given);
    return places;
}

}  // namespace lanchat
