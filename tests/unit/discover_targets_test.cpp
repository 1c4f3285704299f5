// What a sweep visits, compared with the obvious way to list it.
#include "discover/targets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"

namespace discover_targets_test {

using namespace lanchat;
using discover::Targets;

namespace {

Cidr cidr(const char* text) { return *parse_cidr(text); }
Endpoint endpoint(const char* text) { return *parse_endpoint(text); }

std::vector<Endpoint> all_of(Targets& targets) {
    std::vector<Endpoint> all;
    while (const auto next = targets.next()) all.push_back(*next);
    return all;
}

std::vector<std::string> words(Targets targets) {
    std::vector<std::string> all;
    for (const Endpoint& each : all_of(targets)) all.push_back(to_string(each));
    return all;
}

std::set<Endpoint> brute_force(const std::vector<Cidr>& cidrs, PortRange ports,
                               const std::vector<Endpoint>& own) {
    std::set<Endpoint> all;
    for (const Cidr& each : cidrs) {
        for (auto bits = each.first_host().bits; bits <= each.last_host().bits; ++bits) {
            for (std::uint32_t port = ports.min; port <= ports.max; ++port) {
                all.insert({Ipv4{bits}, static_cast<std::uint16_t>(port)});
            }
        }
    }
    for (const Endpoint& each : own) all.erase(each);
    return all;
}

struct Case {
    std::vector<Cidr> cidrs;
    PortRange ports;
    std::vector<Endpoint> own;
};

// Networks of 1 to 1024 addresses close together, so that many overlap or touch.
Case random_case(Rng& rng) {
    Case made;
    for (auto n = rng.below(6); n > 0; --n) {
        Cidr each{Ipv4{0x0A000000 + static_cast<std::uint32_t>(rng.below(4096))},
                  22 + static_cast<int>(rng.below(11))};
        each.network.bits &= each.mask();
        made.cidrs.push_back(each);
    }
    made.ports.min = static_cast<std::uint16_t>(1 + rng.below(65'530));
    made.ports.max = static_cast<std::uint16_t>(made.ports.min + rng.below(5));
    for (auto n = rng.below(4); n > 0; --n) {
        made.own.push_back({Ipv4{0x0A000000 + static_cast<std::uint32_t>(rng.below(4096))},
                            static_cast<std::uint16_t>(made.ports.min + rng.below(6))});
    }
    return made;
}

}  // namespace

TEST_CASE("a sweep visits exactly the hosts times the ports without ourselves, each once") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        const auto made = random_case(rng);
        const auto expected = brute_force(made.cidrs, made.ports, made.own);

        Targets targets(made.cidrs, made.ports, made.own);
        const auto all = all_of(targets);

        CHECK(targets.count() == expected.size());
        CHECK(all.size() == expected.size());
        CHECK(std::set<Endpoint>(all.begin(), all.end()) == expected);
    }
}

TEST_CASE("of a range that is too large for all ports a sweep visits those that fit, ours first") {
    Targets large({cidr("10.0.0.0/16")}, {4565, 4569}, {endpoint("10.0.7.7:4567")});
    CHECK(large.count() == 65'533);  // without ourselves
    std::set<std::uint16_t> ports;
    std::set<std::uint32_t> addresses;
    while (const auto target = large.next()) {
        ports.insert(target->port);
        addresses.insert(target->ip.bits);
    }
    CHECK(ports == std::set<std::uint16_t>{4567});
    CHECK(addresses.size() == 65'533);
    CHECK(large.covers(endpoint("10.0.200.1:4569")));
    CHECK_FALSE(large.has_passed(endpoint("10.0.200.1:4569")));

    Targets wide({cidr("10.0.0.0/24")}, {1, 3'000}, {});
    CHECK(wide.count() == 254 * (limits::targets_max / 254));
}

TEST_CASE("an endpoint is covered exactly when a sweep visits it") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        const auto made = random_case(rng);
        const auto visited = brute_force(made.cidrs, made.ports, made.own);
        const Targets targets(made.cidrs, made.ports, made.own);

        bool all_agree = true;
        for (std::uint32_t offset = 0; offset < 4200; ++offset) {
            for (int step = -1; step <= 5; ++step) {
                const Endpoint each{Ipv4{0x0A000000 + offset - 50},
                                    static_cast<std::uint16_t>(made.ports.min + step)};
                all_agree = all_agree && targets.covers(each) == visited.contains(each);
            }
        }

        CHECK(all_agree);
    }
}

TEST_CASE("at any point of a sweep it is known which endpoints it has passed") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        Rng rng(seed);
        const auto made = random_case(rng);
        Targets targets(made.cidrs, made.ports, made.own);
        const auto all = all_of(targets);
        const auto half = rng.below(all.size() + 1);

        targets.restart();
        for (std::uint64_t n = 0; n < half; ++n) static_cast<void>(targets.next());

        bool all_agree = true;
        for (std::uint64_t n = 0; n < all.size(); ++n) {
            all_agree = all_agree && targets.has_passed(all[n]) == (n < half);
        }
        CHECK(all_agree);
    }
}

TEST_CASE("our own port comes first on all addresses, then the other ports in order") {
    const auto all =
        words(Targets({cidr("10.0.0.0/30")}, {4565, 4567}, {endpoint("10.0.0.9:4566")}));

    CHECK(all == std::vector<std::string>{"10.0.0.1:4566", "10.0.0.2:4566", "10.0.0.1:4565",
                                          "10.0.0.2:4565", "10.0.0.1:4567", "10.0.0.2:4567"});
}

TEST_CASE("addresses go outwards from our own, around the ends, and ours comes last") {
    const auto all = [](const char* range, const char* own) {
        std::vector<std::string> hosts;
        for (const auto& each : words(Targets({cidr(range)}, {7, 8}, {endpoint(own)}))) {
            hosts.push_back(each.substr(each.rfind('.') + 1));
        }
        return hosts;
    };

    CHECK(all("10.0.0.0/29", "10.0.0.4:7") == std::vector<std::string>{"5:7", "3:7", "6:7", "2:7",
                                                                       "1:7", "5:8", "3:8", "6:8",
                                                                       "2:8", "1:8", "4:8"});
    CHECK(all("10.0.0.8/30", "10.0.0.9:7") == std::vector<std::string>{"10:7", "10:8", "9:8"});
    CHECK(all("10.0.0.0/29", "10.0.0.1:7")[1] == "6:7");
}

TEST_CASE("the seed's default range on one machine is the other four ports") {
    const auto all =
        words(Targets({cidr("127.0.0.1/32")}, {4565, 4569}, {endpoint("127.0.0.1:4567")}));

    CHECK(all == std::vector<std::string>{"127.0.0.1:4565", "127.0.0.1:4566", "127.0.0.1:4568",
                                          "127.0.0.1:4569"});
}

TEST_CASE("restart begins the same sweep again") {
    Targets targets({cidr("10.0.0.0/24")}, {1, 3}, {endpoint("10.0.0.77:2")});
    const auto once = all_of(targets);
    CHECK_FALSE(targets.next());

    targets.restart();

    CHECK(all_of(targets) == once);
}

TEST_CASE("a /0 with all ports costs no memory and does not overflow") {
    Targets targets({cidr("0.0.0.0/0")}, {1, 65535}, {endpoint("255.255.255.254:65535")});

    CHECK(targets.count() == (std::uint64_t{1} << 32) - 3);  // on our own port
    CHECK(to_string(*targets.next()) == "0.0.0.1:65535");
    CHECK(targets.covers(endpoint("255.255.255.254:1")));
    CHECK_FALSE(targets.covers(endpoint("255.255.255.255:1")));
}

TEST_CASE("prefixes 31 and 32 have no network and broadcast address to leave out") {
    CHECK(words(Targets({cidr("10.0.0.6/31")}, {9, 9}, {})) ==
          std::vector<std::string>{"10.0.0.6:9", "10.0.0.7:9"});
    CHECK(words(Targets({cidr("10.0.0.6/32")}, {9, 9}, {})) ==
          std::vector<std::string>{"10.0.0.6:9"});
}

TEST_CASE("the last address does not wrap around to the first") {
    CHECK(words(Targets({cidr("255.255.255.254/31"), cidr("0.0.0.1/32")}, {9, 9}, {})) ==
          std::vector<std::string>{"0.0.0.1:9", "255.255.255.254:9", "255.255.255.255:9"});
    CHECK(words(Targets({cidr("255.255.255.254/31"), cidr("255.255.255.255/32")}, {9, 9}, {})) ==
          std::vector<std::string>{"255.255.255.254:9", "255.255.255.255:9"});
    CHECK(Targets({cidr("0.0.0.0/0"), cidr("255.255.255.255/32")}, {9, 9}, {}).count() ==
          (std::uint64_t{1} << 32) - 1);
}

TEST_CASE("0.0.0.0 is never a target, since the kernel takes it for this host") {
    CHECK(words(Targets({cidr("0.0.0.0/32")}, {9, 9}, {})).empty());
    CHECK(words(Targets({cidr("0.0.0.0/31")}, {9, 9}, {})) ==
          std::vector<std::string>{"0.0.0.1:9"});
}

TEST_CASE("without CIDRs there is nothing to visit") {
    Targets targets({}, {4565, 4569}, {endpoint("10.0.0.1:4565")});

    CHECK(targets.count() == 0);
    CHECK_FALSE(targets.next());
    CHECK_FALSE(targets.covers(endpoint("10.0.0.1:4566")));
}

}  // namespace discover_targets_test
