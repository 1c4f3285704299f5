// Sweeps and dials against real sockets on loopback.
#include "discover/discovery.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "discover_sockets.hpp"
#include "message/limits.hpp"

namespace discover_discovery_test {

using namespace lanchat;
using namespace lanchat::testing;
using namespace std::chrono_literals;
using discover::Discovery;
using discover::Hooks;
using discover::Settings;

namespace {

const Ipv4 loopback{0x7F000001};

Settings only(const Endpoint& endpoint) {
    Settings settings;
    settings.cidrs = {Cidr{endpoint.ip, 32}};
    settings.ports = {endpoint.port, endpoint.port};
    settings.own = {{Ipv4{0x7F00FF01}, 1}};
    settings.probe_timeout = 100ms;
    settings.rescan = 1s;
    settings.seed = 7;
    return settings;
}

Settings only_given(std::vector<Endpoint> given) {
    auto settings = only({Ipv4{0x7F00FF02}, 1});
    settings.scan = false;
    settings.given = std::move(given);
    return settings;
}

// A discovery whose hooks take notes.
struct Fixture {
    explicit Fixture(Settings settings)
        : discovery(loop, std::move(settings),
                    Hooks{[this](const Endpoint& endpoint) {
                              wanted.push_back(endpoint);
                              return !unwanted.contains(endpoint);
                          },
                          [this](const Endpoint& endpoint, asio::ip::tcp::socket socket) {
                              CHECK(socket.is_open());
                              found.push_back(endpoint);
                          },
                          [this](const Endpoint& endpoint) { unreachable.push_back(endpoint); },
                          [this] { ++sweeps; }}) {}

    bool sweep(int count = 1) {
        return run_until(loop, [&] { return sweeps >= count; });
    }

    asio::io_context loop;
    std::set<Endpoint> unwanted;
    std::vector<Endpoint> wanted;
    std::vector<Endpoint> found;
    std::vector<Endpoint> unreachable;
    int sweeps = 0;
    Discovery discovery;
};

using Endpoints = std::vector<Endpoint>;

}  // namespace

TEST_CASE("a scan finds who listens") {
    const Listener listener;
    Fixture fixture(only(listener.endpoint()));

    fixture.discovery.start();
    CHECK(fixture.found.empty());
    REQUIRE(fixture.sweep());

    CHECK(fixture.found == Endpoints{listener.endpoint()});
    CHECK(fixture.unreachable.empty());
    CHECK(listener.accepted().size() == 1);
}

TEST_CASE("a node finds another in its range, and never itself") {
    const Listener one;
    const Listener two(Ipv4{0x7F000002}, one.endpoint().port);
    auto settings = only(one.endpoint());
    settings.cidrs = {*parse_cidr("127.0.0.0/30")};
    settings.own = {one.endpoint()};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(std::ranges::count(fixture.found, two.endpoint()) == 1);
    CHECK(std::ranges::count(fixture.wanted, one.endpoint()) == 0);
    CHECK(one.accepted().empty());
}

TEST_CASE("who is not wanted is not connected to, and is asked for again in each sweep") {
    const Listener listener;
    Fixture fixture(only(listener.endpoint()));
    fixture.unwanted.insert(listener.endpoint());

    fixture.discovery.start();
    REQUIRE(fixture.sweep(2));

    CHECK(fixture.wanted == Endpoints(2, listener.endpoint()));
    CHECK(listener.accepted().empty());
}

TEST_CASE("remembered and given endpoints come before the scan, each once a sweep") {
    const Listener scanned;
    const Listener remembered(Ipv4{0x7F000002}, scanned.endpoint().port);
    const Listener given;
    auto settings = only(scanned.endpoint());
    settings.cidrs = {*parse_cidr("127.0.0.0/30")};
    settings.given = {given.endpoint()};
    settings.remembered = {remembered.endpoint()};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted == Endpoints{remembered.endpoint(), given.endpoint(), scanned.endpoint()});
    CHECK(fixture.found.size() == 3);
}

TEST_CASE("with the scan off a sweep is the remembered and the given only") {
    const Listener scanned;
    const Listener given;
    auto settings = only(scanned.endpoint());
    settings.scan = false;
    settings.given = {given.endpoint()};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep(2));

    CHECK(fixture.found == Endpoints(2, given.endpoint()));
    CHECK(scanned.accepted().empty());
}

TEST_CASE("a remembered endpoint outside the range is left alone unless it is given too") {
    const Listener outside;
    const Listener given_too;
    auto settings = only_given({given_too.endpoint()});
    settings.remembered = {outside.endpoint(), given_too.endpoint()};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted == Endpoints{given_too.endpoint()});
    CHECK(outside.accepted().empty());
}

TEST_CASE("a given endpoint that is one of ours is not dialled") {
    const Listener ours;
    auto settings = only_given({ours.endpoint()});
    settings.own = {ours.endpoint()};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted.empty());
    CHECK(ours.accepted().empty());
}

TEST_CASE("a sweep of nothing is over at once, and not within start()") {
    Fixture fixture(only_given({}));

    fixture.discovery.start();
    CHECK(fixture.sweeps == 0);
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted.empty());
}

TEST_CASE("a sweep is over only when its last probe has ended") {
    const Silent silent;
    auto settings = only(silent.at(loopback));
    settings.probe_timeout = 150ms;
    Fixture fixture(settings);
    const auto begin = std::chrono::steady_clock::now();

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(std::chrono::steady_clock::now() - begin >= 150ms);
    CHECK_FALSE(fixture.discovery.probing(silent.at(loopback)));
}

TEST_CASE("a range full of silent addresses is swept to its end") {
    const Silent silent;
    auto settings = only(silent.at(loopback));
    settings.cidrs = {*parse_cidr("127.1.0.0/22"), *parse_cidr("127.2.0.1/32")};
    settings.probe_timeout = 50ms;
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted.size() == 1023);
    CHECK(fixture.wanted.back() == silent.at(Ipv4{0x7F020001}));
    CHECK(fixture.found.empty());
    CHECK(fixture.unreachable.empty());
}

TEST_CASE("the other ports of an address that answers do not wait for the rest of the range") {
    const BoundSocket closed;
    auto settings = only(closed.endpoint());
    settings.cidrs = {*parse_cidr("127.1.0.0/22")};
    settings.ports.max = static_cast<std::uint16_t>(settings.ports.min + 1);
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    const auto position = [&](const Endpoint& endpoint) {
        return std::ranges::find(fixture.wanted, endpoint) - fixture.wanted.begin();
    };
    CHECK(position({Ipv4{0x7F010001}, settings.ports.max}) <
          position({Ipv4{0x7F0103FE}, settings.ports.min}));
    CHECK(fixture.wanted.size() == fixture.discovery.target_count());
    CHECK(std::set<Endpoint>(fixture.wanted.begin(), fixture.wanted.end()).size() == 2044);
}

TEST_CASE("other nodes of our own machine are looked for first, however large the range") {
    const Silent silent;
    auto settings = only(silent.at(loopback));
    settings.cidrs = {*parse_cidr("127.1.0.0/22")};
    settings.ports.max = static_cast<std::uint16_t>(settings.ports.min + 1);
    settings.own = {{Ipv4{0x7F010203}, settings.ports.min}};
    Fixture fixture(settings);

    fixture.discovery.start();
    REQUIRE(run_until(fixture.loop, [&] { return fixture.wanted.size() > 1; }));

    CHECK(fixture.wanted.front() == Endpoint{Ipv4{0x7F010203}, settings.ports.max});
}

TEST_CASE("a dial is answered once: found, or unreachable") {
    const Listener listener;
    const BoundSocket closed;
    const Silent silent;
    Fixture fixture(only_given({listener.endpoint(), closed.endpoint(), silent.at(loopback)}));
    fixture.unwanted = {listener.endpoint(), closed.endpoint(), silent.at(loopback)};
    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    fixture.discovery.dial(listener.endpoint());
    fixture.discovery.dial(closed.endpoint());
    fixture.discovery.dial(silent.at(loopback));
    CHECK(fixture.discovery.probing(silent.at(loopback)));
    REQUIRE(fixture.sweep(3));

    CHECK(fixture.found == Endpoints{listener.endpoint()});
    CHECK(fixture.unreachable == Endpoints{closed.endpoint(), silent.at(loopback)});
}

TEST_CASE("dials to one endpoint join, also a probe of the sweep") {
    const Silent silent;
    Fixture fixture(only(silent.at(loopback)));
    fixture.discovery.start();
    REQUIRE(
        run_until(fixture.loop, [&] { return fixture.discovery.probing(silent.at(loopback)); }));

    fixture.discovery.dial(silent.at(loopback));
    fixture.discovery.dial(silent.at(loopback));
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted.size() == 1);
    CHECK(fixture.unreachable == Endpoints{silent.at(loopback)});
}

TEST_CASE("a sweep leaves out what is being dialled") {
    const Silent silent;
    Fixture fixture(only(silent.at(loopback)));

    fixture.discovery.dial(silent.at(loopback));
    CHECK(fixture.discovery.probing(silent.at(loopback)));
    fixture.discovery.start();
    REQUIRE(fixture.sweep());

    CHECK(fixture.wanted.empty());
    CHECK(run_until(fixture.loop, [&] { return fixture.unreachable.size() == 1; }));
}

TEST_CASE("a dial outside the range, or to ourselves, is refused without a connect") {
    const Listener outside;
    const Listener inside;
    auto settings = only(inside.endpoint());
    settings.own = {inside.endpoint()};
    Fixture fixture(settings);
    fixture.discovery.start();

    fixture.discovery.dial(outside.endpoint());
    fixture.discovery.dial(outside.endpoint());
    fixture.discovery.dial(inside.endpoint());
    fixture.discovery.dial({Ipv4{0}, inside.endpoint().port});
    CHECK(fixture.unreachable.empty());
    REQUIRE(fixture.sweep(2));

    CHECK(fixture.unreachable ==
          Endpoints{outside.endpoint(), inside.endpoint(), {Ipv4{0}, inside.endpoint().port}});
    CHECK_FALSE(fixture.discovery.probing(outside.endpoint()));
    CHECK(outside.accepted().empty());
    CHECK(inside.accepted().empty());
}

TEST_CASE("a dial goes before the targets that are left") {
    const Silent silent;
    const Listener listener;
    auto settings = only(silent.at(loopback));
    settings.cidrs = {*parse_cidr("127.1.0.0/21")};
    settings.given = {listener.endpoint()};
    Fixture fixture(settings);
    fixture.unwanted.insert(listener.endpoint());
    fixture.discovery.start();
    REQUIRE(run_until(fixture.loop, [&] { return fixture.wanted.size() > 1; }));
    const auto before = fixture.wanted.size();
    REQUIRE(before < 300);

    fixture.discovery.dial(listener.endpoint());
    REQUIRE(run_until(fixture.loop, [&] { return !fixture.found.empty(); }));

    CHECK(fixture.wanted.size() <= before + limits::probes_in_flight_max);
    CHECK(fixture.sweeps == 0);
}

TEST_CASE("a machine without descriptors delays a sweep and a dial, and loses neither") {
    const Listener swept;
    const Listener dialled;
    auto settings = only(swept.endpoint());
    settings.given = {dialled.endpoint()};
    Fixture fixture(settings);
    fixture.unwanted.insert(dialled.endpoint());
    asio::steady_timer relief(fixture.loop, 200ms);
    auto none = std::make_unique<NoDescriptors>();
    relief.async_wait([&](std::error_code) {
        CHECK(fixture.sweeps == 0);
        CHECK(fixture.found.empty());
        none.reset();
    });

    fixture.discovery.start();
    fixture.discovery.dial(dialled.endpoint());
    REQUIRE(fixture.sweep());
    REQUIRE(run_until(fixture.loop, [&] { return fixture.found.size() == 2; }));

    CHECK(fixture.unreachable.empty());
    CHECK(none == nullptr);
}

TEST_CASE("between sweeps the loop sleeps") {
    const BoundSocket closed;
    auto settings = only(closed.endpoint());
    settings.probe_timeout = 1ms;
    Fixture fixture(settings);
    fixture.discovery.start();
    REQUIRE(fixture.sweep(2));
    while (fixture.loop.poll_one() > 0) continue;

    // The second pause is at least 400 ms; the prober's timer may still come once.
    CHECK(fixture.loop.run_for(250ms) <= 1);
    CHECK(fixture.sweeps == 2);
}

TEST_CASE("after stop no hook is called and nothing is left to do") {
    const Listener listener;
    const Silent silent;
    auto settings = only(silent.at(loopback));
    settings.given = {listener.endpoint()};
    Fixture fixture(settings);
    fixture.discovery.start();
    REQUIRE(
        run_until(fixture.loop, [&] { return fixture.discovery.probing(silent.at(loopback)); }));
    fixture.discovery.dial(listener.endpoint());
    fixture.discovery.dial({Ipv4{0x7F000063}, 1});
    const auto wanted = fixture.wanted;
    const auto found = fixture.found;

    fixture.discovery.stop();
    fixture.discovery.dial(listener.endpoint());
    fixture.loop.run();

    CHECK(fixture.wanted == wanted);
    CHECK(fixture.found == found);
    CHECK(fixture.unreachable.empty());
    CHECK(fixture.sweeps == 0);
}

TEST_CASE("every hook may stop the discovery") {
    for (int which = 0; which < 4; ++which) {
        CAPTURE(which);
        const Listener listener;
        const BoundSocket closed;
        asio::io_context loop;
        std::unique_ptr<Discovery> discovery;
        int calls = 0;
        const auto stop_if = [&](int hook) {
            CHECK(discovery != nullptr);
            if (hook != which) return;
            ++calls;
            discovery->stop();
        };
        auto settings = only(listener.endpoint());
        settings.given = {closed.endpoint()};
        discovery = std::make_unique<Discovery>(
            loop, settings,
            Hooks{[&](const Endpoint&) {
                      stop_if(0);
                      return true;
                  },
                  [&](const Endpoint&, const asio::ip::tcp::socket&) { stop_if(1); },
                  [&](const Endpoint&) { stop_if(2); }, [&] { stop_if(3); }});
        discovery->start();
        discovery->dial(closed.endpoint());

        loop.run();

        CHECK(calls == 1);
    }
}

TEST_CASE("a discovery that is destroyed leaves nothing to do") {
    const Silent silent;
    Fixture notes(only_given({}));
    {
        auto settings = only(silent.at(loopback));
        Discovery discovery(notes.loop, settings,
                            Hooks{[](const Endpoint&) { return true; }, nullptr, nullptr, nullptr});
        discovery.start();
        REQUIRE(run_until(notes.loop, [&] { return discovery.probing(silent.at(loopback)); }));
    }

    notes.loop.restart();
    notes.loop.run();

    CHECK(notes.sweeps == 0);
}

}  // namespace discover_discovery_test
