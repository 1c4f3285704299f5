// What the tests of lifetimes share: an address, a loop that is run by hand, how often.
#pragma once

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdlib>

#include "message/address.hpp"
#include "tests/unit/discover_sockets.hpp"

namespace lanchat::test {

inline constexpr Ipv4 here{0x7F0A0A0B};  // nobody else's

// How often; LANCHAT_LIVES says otherwise.
inline int rounds(int count) {
    const char* asked = std::getenv("LANCHAT_LIVES");
    return asked != nullptr ? std::atoi(asked) : count;
}

inline PortRange free_ports() {
    const auto first = testing::BoundSocket(here).endpoint().port;
    return {first, static_cast<std::uint16_t>(std::min<std::uint32_t>(first + 3U, 65'535U))};
}

inline asio::ip::tcp::endpoint at(std::uint16_t port) {
    return {asio::ip::address_v4(here.bits), port};
}

// Everything that is ready, and nothing that has to be waited for.
inline void run_what_is_ready(asio::io_context& loop) {
    loop.restart();
    loop.poll();
}

template <class Condition>
bool until(asio::io_context& loop, const Condition& is_true) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_true() && std::chrono::steady_clock::now() < end) {
        loop.restart();
        loop.run_one_for(std::chrono::milliseconds(20));
    }
    return is_true();
}

}  // namespace lanchat::test
