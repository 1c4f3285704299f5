// Which subnets `auto` takes, where we listen, and where connects come from.
#include "discover/interfaces.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "message/limits.hpp"

namespace discover_interfaces_test {

using namespace lanchat;
using namespace lanchat::discover;

namespace {

Cidr cidr(const char* text) { return *parse_cidr(text); }
Ipv4 ip(const char* text) { return *parse_ipv4(text); }

std::vector<Interface> a_laptop() {
    return {{"lo", ip("127.0.0.1"), 8, true},        {"eth0", ip("192.168.1.5"), 24, true},
            {"wlan0", ip("10.20.30.40"), 16, true},  {"docker0", ip("172.17.0.1"), 16, true},
            {"br-4e1f", ip("172.18.0.1"), 16, true}, {"wg0", ip("10.99.0.2"), 24, true},
            {"eth1", ip("192.168.7.5"), 24, false},  {"eth2", ip("8.8.4.4"), 24, true}};
}

}  // namespace

TEST_CASE("auto takes the private subnets of real interfaces that are up, cut to a /16") {
    CHECK(automatic_cidrs(a_laptop()) ==
          std::vector<Cidr>{cidr("192.168.1.0/24"), cidr("10.20.0.0/16")});
}

TEST_CASE("which subnets are cut is told") {
    CHECK(narrowed(a_laptop()).empty());
    const auto cut = narrowed({{"eth0", ip("10.7.8.9"), 8}, {"eth1", ip("10.9.0.1"), 30}});
    REQUIRE(cut.size() == 1);
    CHECK(cut.front().first.name == "eth0");
    CHECK(cut.front().second == cidr("10.7.0.0/16"));
}

TEST_CASE("interfaces of containers, hypervisors and VPNs are not real, by their names") {
    for (const char* name : {"docker0", "veth12ab", "br-0815", "virbr0", "tun0", "tap3", "wg0",
                             "ztabc", "tailscale0", "vmnet8", "vboxnet0", "lxcbr0", "cni0"}) {
        CAPTURE(name);
        CHECK_FALSE(is_real({name, ip("10.0.0.1"), 24, true}));
    }
    for (const char* name : {"eth0", "enp3s0", "wlan0", "wlp2s0", "br0", "bond0", "en0"}) {
        CAPTURE(name);
        CHECK(is_real({name, ip("10.0.0.1"), 24, true}));
    }
    CHECK_FALSE(is_real({"lo", ip("127.0.0.1"), 8, true}));
}

TEST_CASE("two addresses in one subnet make one CIDR") {
    CHECK(automatic_cidrs({{"eth0", ip("10.0.0.1"), 24}, {"eth1", ip("10.0.0.2"), 24}}) ==
          std::vector<Cidr>{cidr("10.0.0.0/24")});
}

TEST_CASE("an explicit address is taken as it is") {
    CHECK(*listening_addresses({cidr("10.0.0.0/8")}, ip("192.168.1.77"), a_laptop()) ==
          std::vector<Ipv4>{ip("192.168.1.77")});
}

TEST_CASE("without an explicit address we listen on our own ones inside the CIDRs") {
    CHECK(*listening_addresses({cidr("192.168.1.0/24"), cidr("10.0.0.0/8"), cidr("10.20.0.0/16")},
                               std::nullopt, a_laptop()) ==
          std::vector<Ipv4>{ip("192.168.1.5"), ip("10.20.30.40"), ip("10.99.0.2")});
}

TEST_CASE("a loopback CIDR needs no interface") {
    const auto on = [](const char* text) {
        return *listening_addresses({cidr(text)}, std::nullopt, {});
    };

    CHECK(on("127.0.0.1/32") == std::vector<Ipv4>{ip("127.0.0.1")});
    CHECK(on("127.0.0.0/8") == std::vector<Ipv4>{ip("127.0.0.1")});
    CHECK(on("127.3.2.1/32") == std::vector<Ipv4>{ip("127.3.2.1")});
    CHECK(on("127.5.0.0/24") == std::vector<Ipv4>{ip("127.5.0.1")});
}

TEST_CASE("no own address inside the CIDRs is a failure that names both") {
    const auto none = listening_addresses({cidr("10.77.0.0/24"), cidr("192.168.7.0/24")},
                                          std::nullopt, a_laptop());

    REQUIRE_FALSE(none);
    CHECK(none.why().find("10.77.0.0/24, 192.168.7.0/24") != std::string::npos);
    CHECK(none.why().find("192.168.1.5 (eth0)") != std::string::npos);
    CHECK(none.why().find("eth1") == std::string::npos);
    CHECK_FALSE(listening_addresses({}, std::nullopt, {}));
}

TEST_CASE("a connect comes from the address in the same CIDR, else from the nearest") {
    const std::vector<Cidr> cidrs{cidr("10.0.0.0/8"), cidr("192.168.1.0/24")};
    const std::vector<Ipv4> own{ip("127.0.0.1"), ip("10.1.1.1"), ip("192.168.1.5")};

    CHECK(source_for(ip("10.200.3.4"), cidrs, own) == ip("10.1.1.1"));
    CHECK(source_for(ip("192.168.1.99"), cidrs, own) == ip("192.168.1.5"));
    CHECK(source_for(ip("192.168.9.9"), cidrs, own) == ip("192.168.1.5"));
    CHECK(source_for(ip("127.9.9.9"), cidrs, own) == ip("127.0.0.1"));
    CHECK(source_for(ip("11.0.0.1"), {cidr("10.0.0.0/7")}, {ip("12.0.0.1"), ip("10.0.0.1")}) ==
          ip("10.0.0.1"));
}

TEST_CASE("loopback and network do not mix, and 0.0.0.0 is no source") {
    CHECK_FALSE(source_for(ip("127.0.0.1"), {cidr("0.0.0.0/0")}, {ip("10.0.0.1")}));
    CHECK_FALSE(source_for(ip("10.0.0.1"), {cidr("0.0.0.0/0")}, {ip("127.0.0.1")}));
    CHECK_FALSE(source_for(ip("10.0.0.1"), {cidr("0.0.0.0/0")}, {Ipv4{}}));
}

TEST_CASE("the interfaces of this machine can be listed") {
    const auto found = interfaces();

    REQUIRE(found);
    for (const Interface& each : *found) {
        CHECK_FALSE(each.name.empty());
        CHECK(each.prefix >= 0);
        CHECK(each.prefix <= 32);
        if (each.name == "lo" && each.ip == ip("127.0.0.1")) CHECK(each.prefix == 8);
    }
}

}  // namespace discover_interfaces_test
