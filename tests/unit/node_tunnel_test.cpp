// The tunnel: what goes in at one end comes out at the other, and only TLS 1.3 with a certificate
// gets through.
#include "node/link/tunnel.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <optional>
#include <string>

namespace lanchat::link {
namespace {

using asio::ip::tcp;
using Outcome = Tunnel::Outcome;
using Local = asio::local::stream_protocol::socket;

DeviceId device(std::uint8_t who) { return DeviceKey(DeviceKey::Seed{who}).id(); }

struct Ends {
    asio::io_context loop;
    Tls here = *Tls::make();
    Tls there = *Tls::make();
    Turns turns_here{loop.get_executor()};
    Turns turns_there{loop.get_executor()};
    tcp::socket near{loop};
    tcp::socket far{loop};
    std::string secret_here;
    std::string secret_there;
    std::optional<Tunnel::Opening> dialled;
    std::optional<Tunnel::Opening> accepted;

    Ends() {
        tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
        near.connect(door.local_endpoint());
        far = door.accept();
    }

    static Admission::Side side(const Channel& channel, std::uint8_t who, std::string secret) {
        const DeviceKey key(DeviceKey::Seed{who});
        return {channel, key.id(), std::move(secret), {who}, {who}, sign_presence(channel, key)};
    }
    std::shared_ptr<Tunnel> accept(std::string first_bytes = {}) {
        auto tunnel = std::make_shared<Tunnel>(std::move(far), there, turns_there,
                                               Tunnel::Role::accept, std::move(first_bytes));
        tunnel->open([this](const Channel& c) { return side(c, 2, secret_there); },
                     [this](auto opening) { accepted.emplace(std::move(opening)); });
        return tunnel;
    }
    std::shared_ptr<Tunnel> dial() {
        auto tunnel =
            std::make_shared<Tunnel>(std::move(near), here, turns_here, Tunnel::Role::dial);
        tunnel->open([this](const Channel& c) { return side(c, 1, secret_here); },
                     [this](auto opening) { dialled.emplace(std::move(opening)); });
        return tunnel;
    }
    void run() {
        loop.restart();
        loop.run_for(std::chrono::seconds(10));
    }
    void run_until(const auto& happened) {
        loop.restart();
        while (!happened() && loop.run_one_for(std::chrono::seconds(10)) > 0) continue;
        REQUIRE(happened());
    }
    bool both_know() const { return dialled && accepted; }
    bool both_open() const {
        return both_know() && dialled->outcome == Outcome::open &&
               accepted->outcome == Outcome::open;
    }
};

TEST_CASE("each end learns the other's key, and both the same secret of the connection") {
    Ends ends;
    ends.accept();
    ends.dial();
    ends.run_until([&] { return ends.both_know(); });

    REQUIRE(ends.both_open());
    const Channel& here = ends.dialled->channel;
    const Channel& there = ends.accepted->channel;
    CHECK((here.dialled && !there.dialled));
    CHECK((here.own == there.peer && here.peer == there.own && here.own != here.peer));
    CHECK(here.binding == there.binding);
    CHECK(here.device == device(2));
    CHECK(there.device == device(1));
}

TEST_CASE("a mebibyte goes through in both directions, and the end after it") {
    Ends ends;
    ends.accept();
    ends.dial();
    ends.run_until([&] { return ends.both_know(); });
    Local one(ends.loop, asio::local::stream_protocol{}, ends.dialled->inner.release());
    Local two(ends.loop, asio::local::stream_protocol{}, ends.accepted->inner.release());
    std::string much(1 << 20, 'x');
    for (std::size_t n = 0; n < much.size(); ++n) much[n] = static_cast<char>(n * 7 + n / 256);
    std::string got_by_one(much.size(), 0);
    std::string got_by_two(much.size(), 0);
    int done = 0;
    const auto count = [&](const asio::error_code& error, std::size_t size) {
        CHECK_FALSE(error);
        CHECK(size == much.size());
        ++done;
    };
    asio::async_write(one, asio::buffer(much), count);
    asio::async_write(two, asio::buffer(much), count);
    asio::async_read(one, asio::buffer(got_by_one), count);
    asio::async_read(two, asio::buffer(got_by_two), count);
    ends.run_until([&] { return done == 4; });
    CHECK(got_by_one == much);
    CHECK(got_by_two == much);

    one.close();
    std::optional<asio::error_code> end;
    char more = 0;
    two.async_read_some(asio::buffer(&more, 1), [&](auto error, std::size_t) { end = error; });
    ends.run_until([&] { return end.has_value(); });
    CHECK(*end == asio::error::eof);
    two.close();
    ends.run();
    CHECK(ends.loop.stopped());  // nothing waits any more
}

TEST_CASE("what was read from the socket before counts") {
    Ends ends;
    ends.dial();
    std::string hello(5, 0);
    bool read = false;
    asio::async_read(ends.far, asio::buffer(hello), [&](auto, std::size_t) { read = true; });
    ends.run_until([&] { return read; });
    ends.accept(hello);
    ends.run_until([&] { return ends.both_know(); });

    CHECK(ends.both_open());
}

TEST_CASE("who does not speak TLS is told nothing and comes no further") {
    Ends ends;
    ends.accept();
    asio::write(ends.near, asio::buffer(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")));
    ends.run_until([&] { return ends.accepted.has_value(); });

    CHECK(ends.accepted->outcome == Outcome::no_tls);
}

// A client of OpenSSL that is set up by `prepare`.
bool gets_through(const std::function<void(SSL_CTX*)>& prepare) {
    Ends ends;
    ends.accept();
    asio::ssl::context context(asio::ssl::context::tls_client);
    prepare(context.native_handle());
    asio::ssl::stream<tcp::socket> client(std::move(ends.near), context);
    client.async_handshake(asio::ssl::stream_base::client, [&client](const asio::error_code&) {
        client.next_layer().close();  // TLS is all that it speaks
    });
    ends.run_until([&] { return ends.accepted.has_value(); });
    return ends.accepted->outcome != Outcome::no_tls;
}

TEST_CASE("TLS 1.2 and a client without a certificate are refused") {
    Tls tls = *Tls::make();
    const auto certificate = [&](SSL_CTX* context) {
        SSL_CTX_use_certificate(context, SSL_CTX_get0_certificate(tls.context().native_handle()));
        SSL_CTX_use_PrivateKey(context, SSL_CTX_get0_privatekey(tls.context().native_handle()));
    };
    CHECK(gets_through(certificate));
    CHECK_FALSE(gets_through([&](SSL_CTX* context) {
        certificate(context);
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    }));
    CHECK_FALSE(gets_through([](SSL_CTX*) {}));
}

TEST_CASE("one passphrase opens the tunnel, another one does not") {
    for (const std::string there : {"correct horse", "battery staple", ""}) {
        Ends ends;
        ends.secret_here = "correct horse";
        ends.secret_there = there;
        ends.accept();
        ends.dial();
        ends.run_until([&] { return ends.both_know(); });

        const auto expected = there.empty()               ? Outcome::other_network
                              : there == ends.secret_here ? Outcome::open
                                                          : Outcome::refused;
        CHECK(ends.dialled->outcome == expected);
        CHECK(ends.accepted->outcome == expected);
    }
}

TEST_CASE("who is refused hears it at once, though others hold the connection's descriptor") {
    Ends ends;
    ends.secret_here = "correct horse";
    ends.secret_there = "battery staple";
    const UniqueFd guards(::dup(ends.far.native_handle()));
    ends.accept();
    ends.dial();

    ends.run_until([&] { return ends.both_know(); });

    CHECK(ends.dialled->outcome == Outcome::refused);
}

TEST_CASE("a tunnel that is cut says so, and nothing is left of it") {
    Ends ends;
    const auto tunnel = ends.accept();
    tunnel->cut();
    ends.run_until([&] { return ends.accepted.has_value(); });

    CHECK(ends.accepted->outcome == Outcome::no_tls);
}

}  // namespace
}  // namespace lanchat::link
