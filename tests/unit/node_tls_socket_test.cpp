// TLS over a socket: it speaks with another implementation, in pieces of any size, to the end.
#include "node/link/tls_socket.hpp"

#include <doctest/doctest.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/read.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "node/link/tls.hpp"

namespace lanchat::link::node_tls_socket_test {
namespace {

using asio::ip::tcp;
using Error = asio::error_code;
using Other = asio::ssl::stream<tcp::socket>;  // of asio, with buffers of its own

std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return bytes;
}

struct Ends {
    asio::io_context loop;
    Tls tls = *Tls::make();
    Tls other_tls = *Tls::make();
    tcp::socket near{loop};
    tcp::socket far{loop};
    std::optional<TlsSocket> ours;
    std::optional<Other> other;

    Ends() {
        tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
        near.connect(door.local_endpoint());
        far = door.accept();
    }
    void run_until(const auto& happened) {
        loop.restart();
        while (!happened() && loop.run_one_for(std::chrono::seconds(30)) > 0) continue;
        REQUIRE(happened());
    }
    // So many bytes of what the other end says first are read before TLS begins.
    void shake_hands(TlsSocket::Role role, std::size_t read_before = 0) {
        int shaken = 0;
        const auto done = [&shaken](const Error& error, std::size_t = 0) {
            CHECK_FALSE(error);
            ++shaken;
        };
        const bool serves = role == TlsSocket::Role::server;
        other.emplace(std::move(far), other_tls.context());
        other->async_handshake(
            serves ? asio::ssl::stream_base::client : asio::ssl::stream_base::server, done);
        std::string first(read_before, '\0');
        if (read_before > 0) asio::read(near, asio::buffer(first));
        ours.emplace(std::move(near), tls.context());
        ours->async_handshake(role, first, done);
        CHECK(shaken == 0);
        run_until([&] { return shaken == 2; });
    }
};

}  // namespace

TEST_CASE("it shakes hands in both roles, whatever was read before") {
    Ends().shake_hands(TlsSocket::Role::client);
    for (const std::size_t before : {0U, 1U, 4U, 5U, 6U, 100U})
        Ends().shake_hands(TlsSocket::Role::server, before);
}

TEST_CASE("what goes in at one end comes out at the other, both ways at once") {
    for (const auto role : {TlsSocket::Role::client, TlsSocket::Role::server}) {
        Ends ends;
        ends.shake_hands(role);
        const std::string there = noise(3'000'000);
        const std::string back = there.substr(1'000);
        std::string heard_there(there.size(), '\0');
        std::string heard_back(back.size(), '\0');
        int done = 0;
        const auto count = [&done](const Error& error, std::size_t) {
            CHECK_FALSE(error);
            ++done;
        };
        asio::async_write(*ends.ours, asio::buffer(there), count);
        asio::async_write(*ends.other, asio::buffer(back), count);
        asio::async_read(*ends.ours, asio::buffer(heard_back), count);
        CHECK(done == 0);
        // Who reads late stops the writer for a while, and nothing is lost.
        for (int n = 0; n < 200; ++n) ends.loop.poll_one();
        asio::async_read(*ends.other, asio::buffer(heard_there), count);
        ends.run_until([&] { return done == 4; });
        CHECK(heard_there == there);
        CHECK(heard_back == back);
    }
}

TEST_CASE("it reads as little as there is room for, and forgets nothing") {
    Ends ends;
    ends.shake_hands(TlsSocket::Role::client);
    const std::string said = noise(1'000);
    asio::write(*ends.other, asio::buffer(said));
    std::string heard;
    while (heard.size() < said.size()) {
        std::array<char, 7> some{};
        std::optional<std::size_t> got;
        ends.ours->async_read_some(asio::buffer(some), [&](const Error& error, std::size_t count) {
            CHECK_FALSE(error);
            got = count;
        });
        CHECK_FALSE(got);  // never within the call
        ends.run_until([&] { return got.has_value(); });
        heard.append(some.data(), *got);
    }
    CHECK(heard == said);
}

TEST_CASE("who sends nothing but new keys does not keep the loop") {
    Ends ends;
    TlsSocket flooder(std::move(ends.far), ends.other_tls.context());
    ends.ours.emplace(std::move(ends.near), ends.tls.context());
    int shaken = 0;
    const auto done = [&shaken](const Error& error, std::size_t) { shaken += error ? 0 : 1; };
    flooder.async_handshake(TlsSocket::Role::server, {}, done);
    ends.ours->async_handshake(TlsSocket::Role::client, {}, done);
    ends.run_until([&] { return shaken == 2; });
    for (int n = 0; n < 4'000; ++n) {  // of 27 bytes each
        REQUIRE(SSL_key_update(flooder.native_handle(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
        REQUIRE(SSL_do_handshake(flooder.native_handle()) == 1);
    }
    asio::error_code no;
    REQUIRE(flooder.write_some(asio::buffer("x", 1), no) == 1);

    char byte = 0;
    bool heard = false;
    ends.ours->async_read_some(asio::buffer(&byte, 1),
                               [&](const Error& error, std::size_t) { heard = !error; });
    int turns = 0;
    ends.loop.restart();
    while (!heard && ends.loop.run_one_for(std::chrono::seconds(30)) > 0) ++turns;
    CHECK(byte == 'x');
    CHECK(turns >= 3);
}

TEST_CASE("the end of what the other one says is told from a connection that was cut") {
    for (const bool in_order : {true, false}) {
        Ends ends;
        ends.shake_hands(TlsSocket::Role::server);
        char byte = 0;
        std::optional<Error> told;
        ends.ours->async_read_some(asio::buffer(&byte, 1),
                                   [&](const Error& error, std::size_t) { told = error; });
        if (in_order) {
            ends.other->async_shutdown([](const Error&) {});
        } else {
            ends.other->next_layer().close();
        }
        ends.run_until([&] { return told.has_value(); });
        CHECK((*told == asio::error::eof) == in_order);
        CHECK(*told);
    }
}

TEST_CASE("both ends agree to end it") {
    Ends ends;
    ends.shake_hands(TlsSocket::Role::server);
    std::optional<Error> ours;
    std::optional<Error> other;
    ends.ours->async_shutdown([&](const Error& error, std::size_t) { ours = error; });
    char byte = 0;
    ends.other->async_read_some(asio::buffer(&byte, 1), [&](const Error& error, std::size_t) {
        other = error;
        ends.other->async_shutdown([](const Error&) {});
    });
    ends.run_until([&] { return ours && other; });
    CHECK(*other == asio::error::eof);
    CHECK_FALSE(*ours);
}

TEST_CASE(
    "once its socket is closed all that is under way fails, and nothing is written anywhere") {
    Ends ends;
    ends.shake_hands(TlsSocket::Role::client);
    char byte = 0;
    int failed = 0;
    const auto fails = [&failed](const Error& error, std::size_t) {
        CHECK(error);
        ++failed;
    };
    ends.ours->async_read_some(asio::buffer(&byte, 1), fails);
    ends.ours->next_layer().close();
    // Whoever gets its descriptor next hears nothing of it.
    tcp::socket here(ends.loop);
    tcp::socket there(ends.loop);
    tcp::acceptor door(ends.loop, {asio::ip::address_v4::loopback(), 0});
    here.connect(door.local_endpoint());
    there = door.accept();
    ends.ours->async_write_some(asio::buffer("secret", 6), fails);
    ends.run_until([&] { return failed == 2; });
    ends.ours->async_shutdown(fails);
    ends.run_until([&] { return failed == 3; });
    CHECK(there.available() == 0);
    CHECK(here.available() == 0);
}

}  // namespace lanchat::link::node_tls_socket_test
