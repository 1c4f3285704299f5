// Every endpoint worth a probe: the hosts of the CIDRs times the port range, without ourselves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "message/address.hpp"

namespace lanchat::discover {

// Pure and lazy: costs memory for the CIDRs, not for the endpoints. One sweep asks next() until it
// is empty. Of ranges so large that all ports of them were more than limits::targets_max it visits
// as many ports as fit, at least our own; the others are for addresses that answer. Order: all
// addresses on our own port, where a node most likely is, then all addresses on each other port, so
// that a silent host is not hit by several connects in a row. Addresses go outwards from our own
// (+1, -1, +2 …, around the ends): machines of one office often have neighbouring addresses, and
// nodes started together do not all sweep the same host at once.
class Targets {
  public:
    // `own` are the endpoints we listen on, the main one first; they are left out.
    Targets(const std::vector<Cidr>& cidrs, PortRange ports, std::vector<Endpoint> own);

    std::optional<Endpoint> next();
    void restart() { position_ = 0; }

    // Whether this sweep has been there. Precondition: covers(endpoint).
    bool has_passed(const Endpoint& endpoint) const;

    std::uint64_t count() const { return count_; }
    std::uint64_t addresses() const { return addresses_; }
    // How far this sweep is, of how much.
    std::uint64_t passed() const { return position_; }
    std::uint64_t end() const { return end_; }
    // Whether `endpoint` is in the range.
    bool covers(const Endpoint& endpoint) const;
    bool is_own(const Endpoint& endpoint) const;

  private:
    // Neighbouring addresses; `before` is how many addresses the spans ahead of it hold.
    struct Span {
        std::uint32_t first;
        std::uint32_t last;
        std::uint64_t before;
    };

    void take_hosts(const std::vector<Cidr>& cidrs);
    std::optional<std::uint64_t> index_of(Ipv4 ip) const;
    std::uint64_t index_in_order(std::uint64_t position) const;
    std::uint64_t order_of_index(std::uint64_t index) const;
    Ipv4 address_at(std::uint64_t index) const;
    std::uint16_t port_at(std::uint64_t index) const;
    std::uint64_t order_of_port(std::uint16_t port) const;
    PortRange ports_;
    std::vector<Endpoint> own_;  // sorted
    std::vector<Span> spans_;    // ascending, disjoint
    std::uint16_t first_port_ = 0;
    std::uint64_t addresses_ = 0;
    std::optional<std::uint64_t> own_index_;
    std::uint64_t count_ = 0;  // that a sweep visits
    std::uint64_t end_ = 0;    // of the positions
    std::uint64_t position_ = 0;
};

}  // namespace lanchat::discover
