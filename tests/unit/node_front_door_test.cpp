// The front door: of those who come for a port at the same instant, one gets it.
#include "node/link/front_door.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "tests/unit/discover_sockets.hpp"

namespace lanchat::link::node_front_door_test {
namespace {

constexpr int rounds = 10'000;

// Lets two threads go on at the same instant; spins, since waking up takes too long.
class Gate {
  public:
    void pass() {
        const int goal = (arrived_.fetch_add(1) / 2 + 1) * 2;
        while (arrived_.load() < goal) continue;
    }

  private:
    std::atomic<int> arrived_{0};
};

TEST_CASE("two that want the same two ports at once get one each") {
    const Ipv4 ip{0x7F0A0A0A};  // nobody else's
    const std::uint16_t first = testing::BoundSocket(ip).endpoint().port;
    Gate gate;
    std::array<std::optional<std::uint16_t>, 2> got;
    const auto come = [&](std::size_t who) {
        for (int round = 0; round < rounds; ++round) {
            asio::io_context loop;
            Guard guard;
            FrontDoor door(loop, guard, [](FrontDoor::Visitor) {});
            gate.pass();
            const auto port = door.open({ip}, {first, static_cast<std::uint16_t>(first + 1)});
            got[who] = port ? std::optional(*port) : std::nullopt;
            gate.pass();
            if (who == 0) REQUIRE((got[0] && got[1] && *got[0] != *got[1]));
            gate.pass();
        }
    };
    std::thread other(come, 1);
    come(0);
    other.join();
}

}  // namespace
}  // namespace lanchat::link::node_front_door_test
