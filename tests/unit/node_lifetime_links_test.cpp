// Nodes and their links come and go while the loop runs on: nothing of them is touched afterwards.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "node/link/transport.hpp"
#include "node/node.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/node_lives.hpp"
#include "tests/unit/node_stores.hpp"

namespace lanchat::node_lifetime_links_test {

using asio::ip::tcp;
using test::here;
using test::rounds;
using test::run_what_is_ready;
using test::until;

namespace {

Config config(PortRange ports, const std::string& data_dir = {}) {
    Config config;
    config.name = "guest";
    config.ip = to_string(here);
    config.cidrs = {Cidr{here, 32}};
    config.ports = ports;
    config.data_dir = data_dir;
    config.history.enabled = !data_dir.empty();
    return config;
}

using Glimpsed = std::function<void(LinkId, const UnprovenRun&)>;

// A transport that links with another one; both only count.
struct Side {
    explicit Side(asio::io_context& on, bool glimpses = true)
        : loop(on),
          key(std::make_shared<const DeviceKey>(DeviceKey::Seed{1})),
          transport(std::make_unique<link::Transport>(
              loop, key, "",
              link::Transport::Hooks{
                  [this](LinkId link, Endpoint, bool) { accepted = link; },
                  glimpses ? Glimpsed([this](auto&&...) { glimpsed_after = frames; }) : nullptr,
                  [this](LinkId, Frame) { ++frames; }, [this](LinkId) { ++drained; }, [](LinkId) {},
                  [this](LinkId, link::LinkEnd) { ++lost; }, [] { return false; },
                  [](Endpoint) {}})) {}

    // Opens both, and dials the other one.
    void link_to(Side& acceptor, PortRange ports, const Frame& greeting, bool encrypted) {
        const auto port = acceptor.transport->open({here}, ports);
        REQUIRE(port);
        REQUIRE(transport->open({here}, ports));
        tcp::socket socket(loop);
        socket.connect(test::at(*port));
        transport->dial(LinkId{2}, std::move(socket), greeting, encrypted);
    }

    asio::io_context& loop;
    std::shared_ptr<const DeviceKey> key;
    std::optional<LinkId> accepted;
    int frames = 0;
    std::optional<int> glimpsed_after;  // so many frames
    int drained = 0;
    int lost = 0;
    std::unique_ptr<link::Transport> transport;
};

}  // namespace

TEST_CASE("a transport and its streams may go at any stage of a link") {
    asio::io_context loop;
    const auto ports = test::free_ports();
    Frame greeting;
    greeting.msg = "127.0.0.1:4565";
    for (int round = 0; round < rounds(300); ++round) {
        Side acceptor(loop);
        Side dialler(loop);
        dialler.link_to(acceptor, ports, greeting, round % 2 == 0);
        const int stage = round % 6;
        if (stage >= 1) run_what_is_ready(loop);
        if (stage >= 2) CHECK(until(loop, [&] { return acceptor.accepted.has_value(); }));
        if (stage >= 3) CHECK(until(loop, [&] { return acceptor.frames == 1; }));
        if (stage >= 4) acceptor.transport->send(*acceptor.accepted, greeting);
        if (stage >= 5) CHECK(until(loop, [&] { return dialler.frames == 1; }));
        (round % 4 < 2 ? acceptor : dialler).transport.reset();
        if (round % 3 == 0) run_what_is_ready(loop);
    }
    run_what_is_ready(loop);
}

TEST_CASE("a line is told of before it is proven, and the transport may go in between") {
    asio::io_context loop;
    const auto ports = test::free_ports();
    Frame greeting;
    greeting.msg = "127.0.0.1:4565";
    Frame line;
    line.runs = {Voice(InstanceId{2}).run(1, 1)};
    for (int round = 0; round < rounds(100); ++round) {
        Side acceptor(loop, round % 4 != 0);
        Side dialler(loop);
        dialler.link_to(acceptor, ports, greeting, round % 2 == 0);
        CHECK(until(loop, [&] { return dialler.drained == 1; }));
        dialler.transport->send(LinkId{2}, line);
        if (round % 4 == 0) {
            CHECK(until(loop, [&] { return acceptor.frames == 2; }));
            CHECK_FALSE(acceptor.glimpsed_after);
            continue;
        }
        CHECK(until(loop, [&] { return acceptor.glimpsed_after.has_value(); }));
        CHECK(acceptor.glimpsed_after == 1);
        if (round % 4 == 1) continue;
        CHECK(until(loop, [&] { return acceptor.frames == 2; }));
    }
    run_what_is_ready(loop);
}

TEST_CASE("a node may go at every stage of its life and of a link, while the loop runs on") {
    asio::io_context loop;
    const auto ports = test::free_ports();
    const test::Folder folder;
    int joined = 0;
    Node stays(loop, config(ports), [&](const Event& event) {
        joined += std::holds_alternative<controller::PeerUp>(event) ? 1 : 0;
    });
    REQUIRE(stays.start());
    for (int round = 0; round < rounds(1'000); ++round) {
        const int stage = round % 8;
        const bool kept = round % 16 < 2;
        auto guest = std::make_unique<Node>(loop, config(ports, kept ? folder.path() : ""),
                                            [](const Event&) {});
        if (stage == 0) continue;
        REQUIRE(guest->start());
        if (stage == 1) continue;
        loop.restart();
        for (int n = 0; n < stage * stage; ++n) loop.poll_one();
        if (stage >= 5) {
            const int before = joined;
            CHECK(until(loop, [&] { return joined > before || !guest->peers().empty(); }));
        }
        if (stage == 6) REQUIRE(guest->say("hello"));
        if (stage != 7) continue;
        bool gone = false;
        guest->on_stopped([&] {
            guest.reset();
            gone = true;
        });
        guest->leave();
        CHECK(until(loop, [&] { return gone; }));
    }
    run_what_is_ready(loop);
    CHECK(joined > 0);
}

}  // namespace lanchat::node_lifetime_links_test
