// The guard: it cuts off a flood while the rest of the program does something else, and knows how
// many connections there may be.
#include "node/link/guard.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "message/limits.hpp"

namespace lanchat::link::node_guard_test {
namespace {

using asio::ip::tcp;

// Two ends of a connection; nobody runs the loop.
struct Connection {
    asio::io_context loop;
    tcp::acceptor door{loop, {asio::ip::address_v4::loopback(), 0}};
    tcp::socket out{loop};
    tcp::socket in{loop};

    Connection() {
        out.connect(door.local_endpoint());
        in = door.accept();
    }
    Endpoint from() const { return {Ipv4{0x7F000001}, out.local_endpoint().port()}; }

    // What arrives is read away, as gRPC would.
    bool survives(std::size_t bytes) {
        const std::string piece(4096, 'x');
        std::string read(piece.size(), '\0');
        for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
            asio::error_code error;
            asio::write(out, asio::buffer(piece), error);
            if (error) return false;
            asio::read(in, asio::buffer(read), error);
            if (error) return false;
        }
        return true;
    }
    bool ends() {
        pollfd end{out.native_handle(), POLLIN, 0};
        return poll(&end, 1, 10'000) == 1;
    }
};

TEST_CASE("a flood is cut off though the loop stands still") {
    Guard guard;
    Connection connection;
    REQUIRE(guard.admit(connection.in.native_handle(), connection.from()));

    connection.survives(2 * limits::stranger_burst_bytes);

    CHECK(connection.ends());
}

TEST_CASE("who has greeted may send as much as it likes") {
    Guard guard;
    Connection connection;
    const auto id = guard.admit(connection.in.native_handle(), connection.from());
    REQUIRE(id);

    guard.greeted(*id);

    CHECK(connection.survives(16 * limits::stranger_burst_bytes));
}

TEST_CASE("who has greeted and ended its call has to go") {
    Guard guard;
    Connection connection;
    const auto id = guard.admit(connection.in.native_handle(), connection.from());
    REQUIRE(id);
    guard.greeted(*id);

    guard.over(*id);

    CHECK(connection.ends());
}

// Strangers at this address, as many as there is room for.
struct Crowd {
    Guard& guard;
    Ipv4 ip;
    std::vector<std::unique_ptr<Connection>> connections;

    std::optional<Guard::WatchId> comes() {
        auto& guest = *connections.emplace_back(std::make_unique<Connection>());
        const auto port = static_cast<std::uint16_t>(connections.size());
        return guard.admit(guest.in.native_handle(), {ip, port});
    }
};

TEST_CASE("within a crowd nobody takes the place of who has just come") {
    Guard guard;
    Crowd crowd{guard, Ipv4{0x7F000001}, {}};
    for (std::size_t n = 0; n < limits::strangers_max; ++n) REQUIRE(crowd.comes());

    CHECK_FALSE(crowd.comes());

    pollfd first{crowd.connections.front()->out.native_handle(), POLLIN, 0};
    CHECK(poll(&first, 1, 0) == 0);
}

TEST_CASE("whoever comes alone takes the place of one of a crowd") {
    Guard guard;
    Crowd crowd{guard, Ipv4{0x7F000001}, {}};
    for (std::size_t n = 0; n < limits::strangers_max; ++n) REQUIRE(crowd.comes());

    Crowd alone{guard, Ipv4{0x7F000002}, {}};

    CHECK(alone.comes());
    CHECK(crowd.connections.front()->ends());
}

TEST_CASE("a place is free once its connection is gone") {
    Guard guard;
    Crowd crowd{guard, Ipv4{0x7F000001}, {}};
    const auto first = crowd.comes();
    for (std::size_t n = 1; n < limits::strangers_max; ++n) REQUIRE(crowd.comes());
    REQUIRE(first);

    guard.gone(*first);

    CHECK(crowd.comes());
}

TEST_CASE("the descriptors of all connections together are within what the process may open") {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    for (const rlim_t files : {256U, 1'024U, 4'096U}) {
        rlimit now = before;
        now.rlim_cur = std::min(files, before.rlim_max);
        setrlimit(RLIMIT_NOFILE, &now);
        const Guard guard;
        // Its socket, the guard's, and the pair up to gRPC; and as many as that for the rest.
        CHECK(guard.connections_max() * 4 + 64 <= now.rlim_cur);
        CHECK(guard.connections_max() >= 32);
    }
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("who stops the guard ends what it watches") {
    Guard guard;
    Connection connection;
    REQUIRE(guard.admit(connection.in.native_handle(), connection.from()));

    guard.stop();

    CHECK(connection.ends());
    CHECK_FALSE(guard.admit(connection.in.native_handle(), connection.from()));
}

}  // namespace
}  // namespace lanchat::link::node_guard_test
