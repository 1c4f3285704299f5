// The network interfaces of this machine: what `auto` scans, and which addresses we listen on.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "message/address.hpp"
#include "message/result.hpp"

namespace lanchat::discover {

// One IPv4 address of an interface; an interface with two addresses appears twice.
struct Interface {
    std::string name;
    Ipv4 ip;
    int prefix = 32;
    bool up = true;
    bool running = true;  // it has a carrier

    bool operator==(const Interface&) const = default;
};

// In the kernel's order. Blocks for microseconds (netlink).
Result<std::vector<Interface>> interfaces();

// A network card, as far as the name tells: neither loopback nor made by a container engine, a
// hypervisor or a VPN.
bool is_real(const Interface& interface);

// What the CIDR `auto` stands for: the private subnets of the real interfaces that are up. A subnet
// larger than a /16 is cut to the /16 around our address.
std::vector<Cidr> automatic_cidrs(const std::vector<Interface>& interfaces);

// The interfaces whose subnets are cut, and what is left of them.
std::vector<std::pair<Interface, Cidr>> narrowed(const std::vector<Interface>& interfaces);

// Where to listen: `explicit_ip`, or else our addresses inside the CIDRs. A loopback CIDR needs no
// interface, since Linux lets us bind all of 127/8: 127.0.0.1 stands for it, or its first host.
Result<std::vector<Ipv4>> listening_addresses(const std::vector<Cidr>& cidrs,
                                              std::optional<Ipv4> explicit_ip,
                                              const std::vector<Interface>& interfaces);

// Which of `own` a connect to `target` should come from, so that the other side sees the address we
// listen on: one in the same CIDR, then the longest common prefix. Loopback goes to loopback only;
// nothing if none fits, the kernel chooses then.
std::optional<Ipv4> source_for(Ipv4 target, const std::vector<Cidr>& cidrs,
                               const std::vector<Ipv4>& own);

}  // namespace lanchat::discover
