// Where a node can be found: what is said when its address has gone, and when it is back.
#include "node/reach.hpp"

#include <doctest/doctest.h>

namespace lanchat::node_reach_test {
namespace {

Ipv4 ip(const char* text) { return *parse_ipv4(text); }

struct Scene {
    explicit Scene(std::vector<Ipv4> listen, std::vector<std::string> narrowed = {})
        : reach(loop, Places{std::move(listen), {}, {}, std::move(narrowed)}, [this] {
              return unknown ? Result<std::vector<discover::Interface>>(Failure{"no"})
                             : Result<std::vector<discover::Interface>>(interfaces);
          }) {}

    std::size_t warnings() {
        reach.look();
        return reach.warnings().size();
    }

    asio::io_context loop;
    std::vector<discover::Interface> interfaces{{"eth0", ip("10.0.0.1"), 24},
                                                {"eth1", ip("10.1.0.1"), 24}};
    bool unknown = false;
    Reach reach;
};

TEST_CASE("an address that has gone is told until it is back") {
    Scene scene({ip("10.0.0.1")});
    CHECK(scene.warnings() == 0);
    scene.interfaces[0].ip = ip("10.0.0.2");
    REQUIRE(scene.warnings() == 1);
    CHECK(scene.reach.warnings().front().find("no interface has 10.0.0.1") != std::string::npos);
    scene.interfaces[0].ip = ip("10.0.0.1");
    CHECK(scene.warnings() == 0);
    scene.interfaces[0].up = false;
    CHECK(scene.warnings() == 1);
}

TEST_CASE("one address of several is enough, and what is not known is not told") {
    Scene two({ip("10.0.0.1"), ip("10.1.0.1")});
    two.interfaces.erase(two.interfaces.begin());
    CHECK(two.warnings() == 0);
    two.unknown = true;
    CHECK(two.warnings() == 0);
    two.unknown = false;
    two.interfaces.clear();
    CHECK(two.warnings() == 1);

    Scene loopback({ip("127.9.9.9")});
    loopback.interfaces.clear();
    CHECK(loopback.warnings() == 0);
}

TEST_CASE("what is scanned in part only stays told") {
    Scene scene({ip("10.0.0.1")}, {"eth0 is in a /16"});
    CHECK(scene.warnings() == 1);
    scene.interfaces.clear();
    CHECK(scene.warnings() == 2);
}

}  // namespace
}  // namespace lanchat::node_reach_test
