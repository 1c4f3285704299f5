// All connections on their way to gRPC: who was cut while waiting for a handshake costs none, and
// who has not greeted does not reach gRPC.
#include "node/link/tunnels.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "node/link/frames.hpp"

namespace lanchat::link::node_tunnels_test {
namespace {

using asio::ip::tcp;
using Local = asio::local::stream_protocol::socket;

const std::string preface{http2_preface};
const std::string settings{http2_no_settings};
const std::string headers = std::string("\0\0\1\1\4\0\0\0\1h", 10);
const std::string greeting = std::string("\0\0\7\0\0\0\0\0\1\0\0\0\0\2hi", 16);
const std::string ping = std::string("\0\0\x08\6\0\0\0\0\0", 9) + std::string(8, 'p');

struct Door {
    asio::io_context loop;
    std::vector<std::string> complaints;
    Tunnels tunnels{
        loop,
        {[](const Channel& channel) { return Admission::Side{channel, {}, {}, {}, {}, {}}; },
         [this](const Endpoint&, std::string_view why) { complaints.emplace_back(why); }, [] {}}};

    Door() { REQUIRE(tunnels.start({})); }
    void run_until(const auto& happened) {
        const auto work = asio::make_work_guard(loop);
        loop.restart();
        while (!happened() && loop.run_one_for(std::chrono::seconds(10)) > 0) continue;
        REQUIRE(happened());
    }
    // What comes next there.
    std::string hear(auto& socket, std::size_t size) {
        std::string heard(size, '?');
        std::optional<asio::error_code> end;
        asio::async_read(socket, asio::buffer(heard),
                         [&](auto error, std::size_t) { end = error; });
        run_until([&] { return end.has_value(); });
        CHECK_FALSE(*end);
        return heard;
    }
};

struct Guest {
    Door& door;
    tcp::socket near{door.loop};
    tcp::socket far{door.loop};
    std::optional<Tunnels::Opening> opening{};
    bool gone = false;

    explicit Guest(Door& at) : door(at) {
        tcp::acceptor acceptor(door.loop, {asio::ip::address_v4::loopback(), 0});
        near.connect(acceptor.local_endpoint());
        far = acceptor.accept();
    }
    void come(const std::string& first_bytes, bool tls) {
        door.tunnels.open({UniqueFd(far.release()), Endpoint{Ipv4{0x7F00'0001}, 1},
                           Passage::Role::accept, first_bytes, tls},
                          {[this](Tunnels::Opening told) { opening.emplace(std::move(told)); },
                           [this] { gone = true; }});
    }
    Tunnel::Outcome outcome() {
        door.run_until([&] { return opening.has_value(); });
        return opening->outcome;
    }
    void say(const std::string& bytes) { asio::write(near, asio::buffer(bytes)); }
    // It comes to gRPC.
    void greet() {
        come(preface, false);
        say(settings + headers + greeting);
        REQUIRE(outcome() == Tunnel::Outcome::open);
    }
};

TEST_CASE("a connection that was cut while it waited is not shaken hands with") {
    Door door;
    Guest guest(door);
    shutdown(guest.far.native_handle(), SHUT_RDWR);  // as the guard does
    guest.come("no record of TLS at all", true);
    CHECK(guest.outcome() == Tunnel::Outcome::broken);
}

TEST_CASE("a connection that its other end has reset is not shaken hands with") {
    Door door;
    Guest guest(door);
    guest.near.set_option(asio::socket_base::linger(true, 0));
    guest.near.close();
    guest.come("no record of TLS at all", true);
    CHECK(guest.outcome() == Tunnel::Outcome::broken);
}

TEST_CASE("gRPC gets all that a stranger said, once its greeting is whole") {
    Door door;
    Guest guest(door);
    guest.come(preface, false);
    CHECK(door.hear(guest.near, settings.size()) == settings);  // it need not wait for gRPC
    guest.say(settings + headers + greeting.substr(0, 12));
    door.loop.run_for(std::chrono::milliseconds(20));
    CHECK_FALSE(guest.opening);

    guest.say(greeting.substr(12));

    REQUIRE(guest.outcome() == Tunnel::Outcome::open);
    Local inner(door.loop, asio::local::stream_protocol{}, guest.opening->inner.release());
    const std::string all = preface + settings + headers + greeting;
    CHECK(door.hear(inner, all.size()) == all);
    inner.close();
    door.run_until([&] { return guest.gone; });
}

TEST_CASE("who floods is cut before gRPC hears of it, and that is told") {
    Door door;
    Guest guest(door);
    guest.come(preface, false);
    guest.say(settings);
    for (int n = 0; n < 20; ++n) guest.say(ping);

    CHECK(guest.outcome() == Tunnel::Outcome::broken);
    door.run_until([&] { return !door.complaints.empty(); });
    CHECK(door.complaints.front() == "too many pings");
}

TEST_CASE("who floods later is cut then, and gRPC reads an end") {
    Door door;
    Guest guest(door);
    guest.greet();
    door.tunnels.admit(guest.opening->id);
    Local inner(door.loop, asio::local::stream_protocol{}, guest.opening->inner.release());

    guest.say(headers);  // its call has some

    std::string rest;
    std::optional<asio::error_code> end;
    asio::async_read(inner, asio::dynamic_buffer(rest), [&](auto error, auto) { end = error; });
    door.run_until([&] { return end.has_value(); });
    CHECK(*end == asio::error::eof);
    CHECK(rest == preface + settings + headers + greeting);
    CHECK_FALSE(guest.gone);  // gRPC has not let go of it
    inner.close();
    door.run_until([&] { return guest.gone; });
}

// As when gRPC's answer leaves at once, and the other end is quick: it speaks behind what was seen
// of it before.
TEST_CASE("who is admitted may say a long message from then on, not a turn of the loop later") {
    Door door;
    Guest guest(door);
    guest.greet();
    const std::string message =
        std::string("\0\x40\5\0\0\0\0\0\1\0\0\0\x40\0", 14) + std::string(16'384, 'x');
    asio::post(door.loop, [&] {
        door.tunnels.admit(guest.opening->id);
        guest.say(message);
    });
    guest.say(ping);

    Local inner(door.loop, asio::local::stream_protocol{}, guest.opening->inner.release());
    const std::string all = preface + settings + headers + greeting + ping + message;
    CHECK(door.hear(inner, all.size()) == all);
    CHECK(door.complaints.empty());
}

TEST_CASE("of strangers only so many are with gRPC until they are admitted, or gone") {
    Door door;
    std::vector<std::unique_ptr<Guest>> guests;
    const auto opened = [&] {
        return static_cast<std::size_t>(std::count_if(
            guests.begin(), guests.end(), [](auto& each) { return each->opening.has_value(); }));
    };
    for (std::size_t n = 0; n < limits::stranger_calls_at_once + 2; ++n) {
        guests.push_back(std::make_unique<Guest>(door));
        guests.back()->come(preface, false);
        guests.back()->say(settings + headers + greeting);
    }
    door.run_until([&] { return opened() == limits::stranger_calls_at_once; });
    door.loop.run_for(std::chrono::milliseconds(50));
    CHECK(opened() == limits::stranger_calls_at_once);
    const auto first = std::find_if(guests.begin(), guests.end(),
                                    [](auto& each) { return each->opening.has_value(); });

    door.tunnels.admit((*first)->opening->id);
    door.run_until([&] { return opened() == limits::stranger_calls_at_once + 1; });
    (*first)->opening->inner.reset();  // it is admitted already, and counts no more
    const auto next =
        std::find_if(first + 1, guests.end(), [](auto& each) { return each->opening.has_value(); });
    (*next)->opening->inner.reset();
    door.run_until([&] { return opened() == limits::stranger_calls_at_once + 2; });
}

// A message of 1 000 bytes, in a frame.
const std::string line =
    std::string("\0\3\xED\0\0\0\0\0\1\0\0\0\3\xE8", 14) + std::string(1'000, 'x');

TEST_CASE("who says more than a stranger may, behind its greeting, waits until it is admitted") {
    Door door;
    Guest guest(door);
    guest.come(preface, false);
    std::string said = settings + headers + greeting;
    for (int n = 0; n < 100; ++n) said += line;
    asio::async_write(guest.near, asio::buffer(said), [](auto, std::size_t) {});
    REQUIRE(guest.outcome() == Tunnel::Outcome::open);
    Local inner(door.loop, asio::local::stream_protocol{}, guest.opening->inner.release());
    std::string got(preface.size() + said.size(), '?');
    std::size_t count = 0;
    asio::async_read(inner, asio::buffer(got), [&](auto, std::size_t all) { count = all; });
    door.loop.restart();
    door.loop.run_for(std::chrono::milliseconds(50));
    CHECK(count == 0);

    door.tunnels.admit(guest.opening->id);

    door.run_until([&] { return count > 0; });
    CHECK(got == preface + said);
    CHECK(door.complaints.empty());
}

TEST_CASE("who is cut while it is not listened to is gone, open or not") {
    Door door;
    std::vector<std::unique_ptr<Guest>> guests;
    std::string much;
    for (int n = 0; n < 20; ++n) much += line;
    for (std::size_t n = 0; n < limits::stranger_calls_at_once + 1; ++n) {
        guests.push_back(std::make_unique<Guest>(door));
        guests.back()->come(preface, false);
        guests.back()->say(settings + headers + greeting + much);
    }
    const auto is_open = [](const auto& guest) { return guest->opening.has_value(); };
    const auto opened = [&] { return std::ranges::count_if(guests, is_open); };
    door.run_until([&] { return opened() == std::ssize(guests) - 1; });
    Guest& waiting = **std::ranges::find_if_not(guests, is_open);
    Guest& held = **std::ranges::find_if(guests, is_open);

    waiting.near.close();
    CHECK(waiting.outcome() == Tunnel::Outcome::broken);
    held.near.set_option(asio::socket_base::linger(true, 0));
    held.near.close();
    Local inner(door.loop, asio::local::stream_protocol{}, held.opening->inner.release());
    std::string all;
    std::optional<asio::error_code> end;
    asio::async_read(inner, asio::dynamic_buffer(all), [&](auto error, auto) { end = error; });
    door.run_until([&] { return end.has_value(); });
    CHECK(*end == asio::error::eof);
    inner.close();
    door.run_until([&] { return held.gone; });
}

TEST_CASE("few long messages come at once, and who does not end one makes place") {
    Door door;
    std::vector<std::unique_ptr<Guest>> guests;
    std::vector<std::unique_ptr<Local>> inners;
    const std::string message_begins("\0\0\6\0\0\0\0\0\1\0\0\x10\0\0x", 15);
    for (std::size_t n = 0; n < Berths::at_once + 1; ++n) {
        guests.push_back(std::make_unique<Guest>(door));
        Guest& guest = *guests.back();
        guest.greet();
        door.tunnels.admit(guest.opening->id);
        guest.say(message_begins);
        inners.push_back(std::make_unique<Local>(door.loop, asio::local::stream_protocol{},
                                                 guest.opening->inner.release()));
        const std::string all = preface + settings + headers + greeting + message_begins;
        CHECK(door.hear(*inners.back(), all.size()) == all);
    }
    const std::string more("\0\0\1\0\0\0\0\0\1y", 10);
    guests.back()->say(more);
    std::string got(more.size(), '?');
    bool came = false;
    asio::async_read(*inners.back(), asio::buffer(got), [&](auto, std::size_t) { came = true; });
    door.loop.restart();
    door.loop.run_for(std::chrono::milliseconds(50));
    CHECK_FALSE(came);

    guests.front()->near.close();
    inners.front()->close();

    door.run_until([&] { return came; });
    CHECK(got == more);
    CHECK(door.complaints.empty());
}

TEST_CASE("what gRPC wrote last leaves before all stops") {
    Door door;
    Guest guest(door);
    guest.greet();
    CHECK(door.hear(guest.near, settings.size()) == settings);
    Local inner(door.loop, asio::local::stream_protocol{}, guest.opening->inner.release());
    asio::write(inner, asio::buffer(line));

    door.tunnels.stop();

    std::string heard;
    asio::error_code end;
    asio::read(guest.near, asio::dynamic_buffer(heard), end);
    CHECK(heard == line);
}

TEST_CASE("nobody is waited for when all is to stop") {
    Door door;
    std::vector<std::unique_ptr<Guest>> guests;
    for (std::size_t n = 0; n < limits::stranger_calls_at_once + 4; ++n) {
        guests.push_back(std::make_unique<Guest>(door));
        guests.back()->come(n % 5 == 4 ? "\x16\3" : preface, n % 5 == 4);
        if (n % 5 != 4) guests.back()->say(settings + headers + greeting);
    }
    guests.front()->outcome();

    door.tunnels.stop();

    CHECK(guests.front()->opening->outcome == Tunnel::Outcome::open);
}

}  // namespace
}  // namespace lanchat::link::node_tunnels_test
