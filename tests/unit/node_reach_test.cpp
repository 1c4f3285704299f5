// Where a node can be found: it follows the interfaces, and tells when it can be found nowhere.
#include "node/reach.hpp"

#include <doctest/doctest.h>

namespace lanchat::node_reach_test {
namespace {

Ipv4 ip(const char* text) { return *parse_ipv4(text); }

Config automatic() {
    Config config;
    config.ip.clear();
    config.cidrs.clear();
    config.cidr_auto = true;
    return config;
}

struct Scene {
    explicit Scene(Config of = automatic())
        : config(std::move(of)),
          reach(
              loop, config, [this](const Places& places) { moves.push_back(places.listen); },
              [this] {
                  return unknown ? Result<std::vector<discover::Interface>>(Failure{"no"})
                                 : Result<std::vector<discover::Interface>>(interfaces);
              }) {}

    std::vector<Ipv4> begin() {
        const auto places = reach.begin();
        REQUIRE(places);
        return places->listen;
    }
    std::size_t warnings() {
        reach.look();
        return reach.warnings().size();
    }

    asio::io_context loop;
    Config config;
    std::vector<discover::Interface> interfaces{{"eth0", ip("10.0.0.1"), 24},
                                                {"eth1", ip("10.1.0.1"), 24}};
    bool unknown = false;
    std::vector<std::vector<Ipv4>> moves;
    Reach reach;
};

using Moves = std::vector<std::vector<Ipv4>>;

TEST_CASE("a node goes where the addresses go") {
    Scene scene;
    CHECK(scene.begin() == std::vector{ip("10.0.0.1"), ip("10.1.0.1")});
    CHECK(scene.warnings() == 0);
    CHECK(scene.moves.empty());
    scene.interfaces.pop_back();
    CHECK(scene.warnings() == 0);
    scene.interfaces[0].ip = ip("10.0.9.2");
    CHECK(scene.warnings() == 0);
    scene.interfaces.push_back({"eth2", ip("192.168.7.1"), 24});
    scene.reach.look();
    CHECK(scene.moves ==
          Moves{{ip("10.0.0.1")}, {ip("10.0.9.2")}, {ip("10.0.9.2"), ip("192.168.7.1")}});
}

TEST_CASE("while there is nowhere to go all stays, and it is told until there is") {
    Scene scene;
    scene.interfaces.pop_back();
    scene.begin();
    const auto cable = scene.interfaces;
    scene.interfaces[0].running = false;
    REQUIRE(scene.warnings() == 1);
    CHECK(scene.reach.warnings().front().find("network of 10.0.0.1 is down") != std::string::npos);
    scene.interfaces.clear();
    REQUIRE(scene.warnings() == 1);
    CHECK(scene.reach.warnings().front().find("no interface has 10.0.0.1") != std::string::npos);
    CHECK(scene.moves.empty());
    scene.interfaces = cable;
    CHECK(scene.warnings() == 0);
    CHECK(scene.moves == Moves{{ip("10.0.0.1")}});  // links may have died meanwhile
}

TEST_CASE("inside named CIDRs only those addresses count") {
    Config config = automatic();
    config.cidr_auto = false;
    config.cidrs = {*parse_cidr("10.0.0.0/24")};
    Scene scene(config);
    CHECK(scene.begin() == std::vector{ip("10.0.0.1")});
    scene.interfaces[1].ip = ip("10.1.0.2");
    CHECK(scene.warnings() == 0);
    scene.interfaces[0].ip = ip("10.2.0.1");
    CHECK(scene.warnings() == 1);
    CHECK(scene.moves.empty());
    scene.interfaces[1].ip = ip("10.0.0.7");
    CHECK(scene.warnings() == 0);
    CHECK(scene.moves == Moves{{ip("10.0.0.7")}});
}

TEST_CASE("what is not known is not told, and loopback cannot go") {
    Scene scene;
    scene.begin();
    scene.unknown = true;
    CHECK(scene.warnings() == 0);

    Scene loopback{Config{}};
    CHECK(loopback.begin() == std::vector{ip("127.0.0.1")});
    loopback.interfaces.clear();
    CHECK(loopback.warnings() == 0);
    CHECK(loopback.moves.empty());
}

TEST_CASE("what is scanned in part only stays told") {
    Scene scene;
    scene.interfaces = {{"eth0", ip("10.0.0.1"), 8}};
    scene.begin();
    CHECK(scene.warnings() == 1);
    scene.interfaces.clear();
    CHECK(scene.warnings() == 2);
}

}  // namespace
}  // namespace lanchat::node_reach_test
