// The peer map: each address and each node once, and readers on other threads.
#include "controller/roster/peer_map.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "message/limits.hpp"

namespace lanchat::controller::controller_peer_map_test {
namespace {

Endpoint at(std::uint32_t host) { return {Ipv4{0x0A000000U + host}, 4565}; }

PeerEntry node(std::uint64_t instance) {
    DeviceId device;
    device.bytes[0] = static_cast<std::uint8_t>(instance);
    return {PeerState::joining, Direction::accepted, InstanceId{instance}, device, "anna"};
}

TEST_CASE("an address is admitted once") {
    PeerMap map;

    CHECK(map.admit(at(1), node(1)));
    CHECK_FALSE(map.admit(at(1), node(2)));
    CHECK(map.size() == 1);
    CHECK(map.find(at(1)) == node(1));
}

TEST_CASE("a node is admitted at one address only") {
    PeerMap map;

    CHECK(map.admit(at(1), node(1)));
    CHECK_FALSE(map.admit(at(2), node(1)));
    CHECK_FALSE(map.find(at(2)));
}

TEST_CASE("legacy peers have no identity but their address") {
    PeerMap map;

    CHECK(map.admit(at(1), node(0)));
    CHECK(map.admit(at(2), node(0)));
    CHECK(describe(at(2), node(0)) == PeerInfo{at(2), "", "10.0.0.2:4565", true});
}

TEST_CASE("who was removed may come back") {
    PeerMap map;
    REQUIRE(map.admit(at(1), node(1)));

    CHECK(map.remove(at(1)));
    CHECK_FALSE(map.remove(at(1)));
    CHECK(map.admit(at(2), node(1)));
}

TEST_CASE("only linked peers are listed, by address") {
    PeerMap map;
    REQUIRE(map.admit(at(3), node(1)));
    REQUIRE(map.admit(at(2), node(2)));
    REQUIRE(map.admit(at(1), node(3)));

    CHECK(map.linked().empty());
    CHECK(map.update(at(3), PeerState::linked, Direction::dialled));
    CHECK(map.update(at(2), PeerState::linked, Direction::accepted));
    CHECK_FALSE(map.update(at(9), PeerState::linked, Direction::dialled));
    const auto linked = map.linked();
    REQUIRE(linked.size() == 2);
    CHECK(linked[0].address == at(2));
    CHECK(linked[1].address == at(3));
    CHECK(map.find(at(3))->direction == Direction::dialled);
}

TEST_CASE("a full map admits nobody until somebody goes") {
    PeerMap map;
    for (std::uint32_t i = 0; i < limits::peers_max; ++i) REQUIRE(map.admit(at(i), node(i + 1)));

    CHECK(map.full());
    CHECK_FALSE(map.admit(at(9999), node(9999)));
    CHECK(map.remove(at(7)));
    CHECK_FALSE(map.full());
    CHECK(map.admit(at(9999), node(9999)));
}

TEST_CASE("readers on other threads never see half a peer") {
    PeerMap map;
    std::atomic<bool> done{false};
    std::atomic<int> odd{0};  // doctest's checks are not made for threads
    const auto read = [&] {
        while (!done) {
            for (const PeerInfo& peer : map.linked())
                if (peer.id != to_string(node(peer.address.ip.bits).device) || peer.name != "anna")
                    ++odd;
            if (const auto entry = map.find(at(5)); entry && entry->name != "anna") ++odd;
            if (map.size() > 40 || map.full()) ++odd;
        }
    };

    std::vector<std::jthread> readers(3);
    for (auto& reader : readers) reader = std::jthread(read);
    for (std::uint32_t round = 0; round < 3000; ++round) {
        const Endpoint where = at(round % 40);
        if (!map.remove(where) && map.admit(where, node(where.ip.bits)))
            map.update(where, PeerState::linked, Direction::dialled);
    }
    done = true;
    readers.clear();

    CHECK(odd == 0);
}

}  // namespace
}  // namespace lanchat::controller::controller_peer_map_test
