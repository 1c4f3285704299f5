// The thread of all tunnels: who was cut while waiting for it costs it nothing.
#include "node/link/tunnels.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <asio/ip/tcp.hpp>
#include <optional>
#include <string>

namespace lanchat::link {
namespace {

using asio::ip::tcp;

struct Door {
    asio::io_context loop;
    Tunnels tunnels{loop, [](const Channel& channel) {
                        return Admission::Side{channel, {}, {}, {}, {}, {}};
                    }};
    tcp::socket near{loop};
    tcp::socket far{loop};

    Door() {
        REQUIRE(tunnels.start({}));
        tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
        near.connect(door.local_endpoint());
        far = door.accept();
    }
    // What comes of the connection if these bytes were read from it before.
    Tunnel::Outcome outcome(const std::string& first_bytes) {
        std::optional<Tunnel::Outcome> told;
        tunnels.open(UniqueFd(far.release()), Tunnel::Role::accept, first_bytes,
                     [&](Tunnel::Opening opening, const std::string&) { told = opening.outcome; });
        const auto work = asio::make_work_guard(loop);
        while (!told && loop.run_one_for(std::chrono::seconds(10)) > 0) continue;
        REQUIRE(told);
        return *told;
    }
};

TEST_CASE("a connection that is open is shaken hands with") {
    Door door;
    CHECK(door.outcome("no record of TLS at all") == Tunnel::Outcome::no_tls);
}

TEST_CASE("a connection that was cut while it waited is not shaken hands with") {
    Door door;
    shutdown(door.far.native_handle(), SHUT_RDWR);  // as the guard does
    CHECK(door.outcome("no record of TLS at all") == Tunnel::Outcome::broken);
}

TEST_CASE("a connection that its other end has reset is not shaken hands with") {
    Door door;
    door.near.set_option(asio::socket_base::linger(true, 0));
    door.near.close();
    CHECK(door.outcome("no record of TLS at all") == Tunnel::Outcome::broken);
}

}  // namespace
}  // namespace lanchat::link
