// getifaddrs in one function; everything else here is pure and works on its answer.
#include "discover/interfaces.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

namespace lanchat::discover {

namespace {

constexpr int shortest_automatic_prefix = 16;

// How the interfaces of container engines, hypervisors and VPNs begin. Bridges called br0 and the
// like hold the address of a real card; br-… is Docker.
constexpr std::array<std::string_view, 37> virtual_names{
    "docker", "veth",    "br-",      "virbr",  "vmnet",    "vboxnet", "vnet",    "lxc",
    "lxdbr",  "incusbr", "podman",   "cni",    "cali",     "flannel", "kube",    "nerdctl",
    "dummy",  "ifb",     "tun",      "tap",    "utun",     "wg",      "zt",      "tailscale",
    "ppp",    "ipsec",   "gre",      "sit",    "nordlynx", "proton",  "mullvad", "ham",
    "vxlan",  "geneve",  "waydroid", "nebula", "nordtun"};

Ipv4 to_ipv4(const sockaddr& address) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return Ipv4{ntohl(in.sin_addr.s_addr)};
}

Cidr around(Ipv4 ip, int prefix) {
    Cidr cidr{ip, prefix};
    cidr.network.bits &= cidr.mask();
    return cidr;
}

template <class T>
void add_once(std::vector<T>& all, const T& one) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

bool is_automatic(const Interface& interface) {
    return is_real(interface) && interface.up && interface.ip.is_private();
}

std::optional<Ipv4> loopback_address(const Cidr& cidr) {
    if (!cidr.network.is_loopback() || cidr.prefix < 8) return std::nullopt;
    const Ipv4 usual{0x7F000001};
    return cidr.contains(usual) ? usual : cidr.first_host();
}

Failure no_address_inside(const std::vector<Cidr>& cidrs,
                          const std::vector<Interface>& interfaces) {
    std::string ranges;
    for (const Cidr& cidr : cidrs) ranges += (ranges.empty() ? "" : ", ") + to_string(cidr);
    std::string own;
    for (const Interface& interface : interfaces) {
        if (!interface.up) continue;
        own += (own.empty() ? "" : ", ") + to_string(interface.ip) + " (" + interface.name + ")";
    }
    return Failure{"this machine has no address inside " + (ranges.empty() ? "any CIDR" : ranges) +
                   "; its addresses: " + (own.empty() ? "none" : own)};
}

}  // namespace

Result<std::vector<Interface>> interfaces() {
    ifaddrs* head = nullptr;
    if (getifaddrs(&head) != 0) {
        return Failure{"cannot list the network interfaces: " +
                       std::generic_category().message(errno)};
    }
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(head, &freeifaddrs);
    std::vector<Interface> found;
    for (const ifaddrs* each = head; each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
        if (each->ifa_netmask == nullptr) continue;
        found.push_back({each->ifa_name, to_ipv4(*each->ifa_addr),
                         std::popcount(to_ipv4(*each->ifa_netmask).bits),
                         (each->ifa_flags & IFF_UP) != 0, (each->ifa_flags & IFF_RUNNING) != 0});
    }
    return found;
}

bool is_real(const Interface& interface) {
    if (interface.ip.is_loopback()) return false;
    return std::ranges::none_of(virtual_names, [&](std::string_view beginning) {
        return std::string_view(interface.name).starts_with(beginning);
    });
}

namespace {

std::vector<std::pair<Interface, Cidr>> scanned(const std::vector<Interface>& interfaces) {
    std::vector<std::pair<Interface, Cidr>> all;
    for (const Interface& interface : interfaces)
        if (is_automatic(interface))
            all.emplace_back(interface, around(interface.ip, std::max(interface.prefix,
                                                                      shortest_automatic_prefix)));
    return all;
}

}  // namespace

std::vector<Cidr> automatic_cidrs(const std::vector<Interface>& interfaces) {
    std::vector<Cidr> cidrs;
    for (const auto& [interface, cidr] : scanned(interfaces)) add_once(cidrs, cidr);
    return cidrs;
}

std::vector<std::pair<Interface, Cidr>> narrowed(const std::vector<Interface>& interfaces) {
    auto all = scanned(interfaces);
    std::erase_if(all, [](const auto& one) { return one.second.prefix <= one.first.prefix; });
    return all;
}

Result<std::vector<Ipv4>> listening_addresses(const std::vector<Cidr>& cidrs,
                                              std::optional<Ipv4> explicit_ip,
                                              const std::vector<Interface>& interfaces) {
    if (explicit_ip) return std::vector<Ipv4>{*explicit_ip};
    std::vector<Ipv4> addresses;
    for (const Cidr& cidr : cidrs) {
        if (const auto loopback = loopback_address(cidr)) {
            add_once(addresses, *loopback);
            continue;
        }
        for (const Interface& interface : interfaces) {
            if (interface.up && cidr.contains(interface.ip)) add_once(addresses, interface.ip);
        }
    }
    if (addresses.empty()) return no_address_inside(cidrs, interfaces);
    return addresses;
}

std::optional<Ipv4> source_for(Ipv4 target, const std::vector<Cidr>& cidrs,
                               const std::vector<Ipv4>& own) {
    std::optional<Ipv4> best;
    std::pair<bool, int> best_fit;
    for (const Ipv4 ip : own) {
        if (ip.bits == 0 || ip.is_loopback() != target.is_loopback()) continue;
        const std::pair fit{
            std::ranges::any_of(
                cidrs,
                [&](const Cidr& cidr) { return cidr.contains(ip) && cidr.contains(target); }),
            std::countl_zero(ip.bits ^ target.bits)};
        if (best && fit <= best_fit) continue;
        best = ip;
        best_fit = fit;
    }
    return best;
}

}  // namespace lanchat::discover
