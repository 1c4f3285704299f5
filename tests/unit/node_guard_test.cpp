// The guard: it cuts off a flood while the rest of the program does something else.
#include "node/link/guard.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <string>

#include "message/limits.hpp"

namespace lanchat::link {
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

TEST_CASE("valid frames are no flood") {
    Guard guard;
    Connection connection;
    const auto id = guard.admit(connection.in.native_handle(), connection.from());
    REQUIRE(id);
    guard.greeted(*id);

    for (int frame = 0; frame < 64; ++frame) {
        guard.valid_frame(*id, limits::frame_bytes_max);
        REQUIRE(connection.survives(limits::frame_bytes_max));
    }
    CHECK(guard.find(connection.from()));
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
}  // namespace lanchat::link
