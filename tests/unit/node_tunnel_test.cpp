// The tunnel: only TLS 1.3 with a certificate gets through, and what goes in at one end then comes
// out at the other.
#include "node/link/tunnel.hpp"

#include <doctest/doctest.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>
#include <optional>
#include <string>
#include <vector>

#include "node/link/frames.hpp"

namespace lanchat::link::node_tunnel_test {
namespace {

using asio::ip::tcp;
using Outcome = Tunnel::Outcome;
using Local = asio::local::stream_protocol::socket;

DeviceId device(std::uint8_t who) { return DeviceKey(DeviceKey::Seed{who}).id(); }

struct Ends {
    asio::io_context loop;
    Tls here = *Tls::make();
    Tls there = *Tls::make();
    std::shared_ptr<Turns> turns_here = std::make_shared<Turns>(loop.get_executor());
    std::shared_ptr<Turns> turns_there = std::make_shared<Turns>(loop.get_executor());
    tcp::socket near{loop};
    tcp::socket far{loop};
    std::string secret_here;
    std::string secret_there;
    std::optional<Tunnel::Opening> dialled;
    std::optional<Tunnel::Opening> accepted;
    bool introduced = false;  // the acceptor, so hands were shaken

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
        auto tunnel =
            std::make_shared<Tunnel>(std::move(far), loop.get_executor(), there, turns_there,
                                     Tunnel::Role::accept, std::move(first_bytes));
        const auto introduce = [this](const Channel& c) {
            introduced = true;
            return side(c, 2, secret_there);
        };
        tunnel->open(introduce, [this](auto opening) { accepted.emplace(std::move(opening)); });
        return tunnel;
    }
    std::shared_ptr<Tunnel> dial() {
        auto tunnel = std::make_shared<Tunnel>(std::move(near), loop.get_executor(), here,
                                               turns_here, Tunnel::Role::dial);
        tunnel->open([this](const Channel& c) { return side(c, 1, secret_here); },
                     [this](auto opening) { dialled.emplace(std::move(opening)); });
        return tunnel;
    }
    void run() {
        loop.restart();
        loop.run_for(std::chrono::seconds(30));
    }
    void run_until(const auto& happened) {
        loop.restart();
        while (!happened() && loop.run_one_for(std::chrono::seconds(30)) > 0) continue;
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

// A mebibyte in messages of 16 000 bytes, each in a frame.
std::string much_data() {
    std::string much;
    for (int frame = 0; frame < 65; ++frame) {
        much += std::string("\0\x3E\x85\0\0\0\0\0\1\0\0\0\x3E\x80", 14);
        for (std::size_t n = 0; n < 16'000; ++n) much += static_cast<char>(n * 7 + n / 256);
    }
    return much;
}

TEST_CASE("a mebibyte goes through in both directions, and the end after it") {
    Ends ends;
    ends.accept();
    ends.dial();
    ends.run_until([&] { return ends.both_know(); });
    std::optional<Local> one;
    std::optional<Local> two;
    std::vector<std::shared_ptr<Passage>> passages;
    const auto lead = [&](Tunnel::Opening& opening, Passage::Role role, std::optional<Local>& to) {
        Passage::Hooks hooks;
        hooks.opened = [&](UniqueFd inner) {
            to.emplace(ends.loop, asio::local::stream_protocol{}, inner.release());
        };
        hooks.greeted = [](const std::shared_ptr<Passage>& passage) { passage->let_through(); };
        hooks.refused = [](std::string_view why) { FAIL(std::string(why)); };
        hooks.fed = [] {};
        hooks.over = [] {};
        passages.push_back(make_passage(std::move(*opening.socket), role, {}, std::move(hooks)));
        passages.back()->begin({});
    };
    lead(*ends.dialled, Passage::Role::dial, one);
    lead(*ends.accepted, Passage::Role::accept, two);
    const std::string settings{http2_no_settings};
    const std::string headers("\0\0\1\1\4\0\0\0\1h", 10);
    const std::string hi("\0\0\7\0\0\0\0\0\1\0\0\0\0\2hi", 16);
    const std::string called = std::string(http2_preface) + settings + headers + hi;
    asio::write(*one, asio::buffer(called));
    std::string beginning(called.size(), 0);
    ends.run_until([&] { return two.has_value(); });
    bool has_begun = false;
    asio::async_read(*two, asio::buffer(beginning), [&](auto, std::size_t) { has_begun = true; });
    ends.run_until([&] { return has_begun; });
    CHECK(beginning == called);
    for (const auto& passage : passages) passage->admit();

    const std::string much = much_data();
    const std::string answer = settings + headers + much;
    // The first settings are those that every visitor is told.
    std::string got_by_one(settings.size() + answer.size(), 0);
    std::string got_by_two(much.size(), 0);
    int done = 0;
    const auto count = [&](const asio::error_code& error, std::size_t) {
        CHECK_FALSE(error);
        ++done;
    };
    asio::async_write(*one, asio::buffer(much), count);
    asio::async_write(*two, asio::buffer(answer), count);
    asio::async_read(*one, asio::buffer(got_by_one), count);
    asio::async_read(*two, asio::buffer(got_by_two), count);
    ends.run_until([&] { return done == 4; });
    CHECK(got_by_one == settings + answer);
    CHECK(got_by_two == much);

    passages.clear();
    one->close();
    std::optional<asio::error_code> end;
    char more = 0;
    two->async_read_some(asio::buffer(&more, 1), [&](auto error, std::size_t) { end = error; });
    ends.run_until([&] { return end.has_value(); });
    CHECK(*end == asio::error::eof);
    two->close();
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

    CHECK(ends.accepted->outcome == Outcome::broken);
}

// What we make of it when whom we dial answers our ClientHello like this, and hangs up.
Outcome outcome_of(const std::string& answer, bool with_reset = false) {
    Ends ends;
    ends.dial();
    std::string hello(5, 0);
    bool is_there = false;
    asio::async_read(ends.far, asio::buffer(hello), [&](auto, std::size_t) { is_there = true; });
    ends.run_until([&] { return is_there; });
    asio::write(ends.far, asio::buffer(answer));
    if (with_reset) ends.far.set_option(asio::socket_base::linger(true, 0));
    with_reset ? ends.far.close() : ends.far.shutdown(tcp::socket::shutdown_send);
    ends.run_until([&] { return ends.dialled.has_value(); });
    return ends.dialled->outcome;
}

TEST_CASE("whoever answers TLS with plain HTTP/2 speaks that, and nobody else does") {
    const std::string settings{http2_no_settings};
    CHECK(outcome_of(settings) == Outcome::no_tls);
    CHECK(outcome_of(std::string("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15)) == Outcome::no_tls);
    CHECK(outcome_of(std::string("\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1", 17)) == Outcome::no_tls);

    CHECK(outcome_of("") == Outcome::broken);
    CHECK(outcome_of("", true) == Outcome::broken);
    CHECK(outcome_of("220 mail ready\r\n") == Outcome::broken);
    CHECK(outcome_of("HTTP/1.1 400 Bad Request\r\n\r\n") == Outcome::broken);
    CHECK(outcome_of(std::string("\x15\3\3\0\2\2\x28", 7)) == Outcome::broken);  // an alert
    CHECK(outcome_of(std::string("\0\0\0\x99\0\0\0\0\0", 9)) == Outcome::broken);
    CHECK(outcome_of(settings.substr(0, 4)) == Outcome::broken);
}

// A client of OpenSSL that is set up by `prepare`; TLS is all that it speaks.
bool gets_through(const std::function<void(SSL_CTX*)>& prepare) {
    Ends ends;
    ends.accept();
    asio::ssl::context context(asio::ssl::context::tls_client);
    prepare(context.native_handle());
    asio::ssl::stream<tcp::socket> client(std::move(ends.near), context);
    client.async_handshake(asio::ssl::stream_base::client, [](const asio::error_code&) {});
    ends.run_until([&] { return ends.introduced || ends.accepted; });
    return ends.introduced;
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

// A node whose certificate bears another name than ours.
struct Elder {
    explicit Elder(const char* common_name) : tls(*Tls::make()), context(asio::ssl::context::tls) {
        SSL_CTX* const native = context.native_handle();
        EVP_PKEY* const key = SSL_CTX_get0_privatekey(tls.context().native_handle());
        X509* const certificate = X509_new();
        X509_set_version(certificate, 2);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -100);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 1'000);
        X509_set_pubkey(certificate, key);
        X509_sign(certificate, key, nullptr);
        SSL_CTX_use_certificate(native, certificate);
        SSL_CTX_use_PrivateKey(native, key);
        X509_free(certificate);
    }

    Tls tls;
    asio::ssl::context context;
};

TEST_CASE("who dials with another version is found out by its first byte") {
    Ends ends;
    ends.accept();
    Elder elder("lanchat");
    asio::ssl::stream<tcp::socket> client(std::move(ends.near), elder.context);
    const std::string introduction = "\1o" + std::string(16 + 32 + 64, 'x');
    client.async_handshake(asio::ssl::stream_base::client, [&](const asio::error_code& error) {
        CHECK_FALSE(error);
        asio::async_write(client, asio::buffer(introduction), [](auto, std::size_t) {});
    });
    ends.run_until([&] { return ends.accepted.has_value(); });

    CHECK(ends.accepted->outcome == Outcome::other_version);
    CHECK(ends.accepted->channel.peer != Hash{});
    char more = 0;
    std::optional<std::size_t> heard;
    client.async_read_some(asio::buffer(&more, 1), [&](auto, std::size_t n) { heard = n; });
    ends.run_until([&] { return heard.has_value(); });
    CHECK(*heard == 0);
}

TEST_CASE("who hangs up on our version is found out by its certificate, and by nothing else") {
    for (const auto& known : {std::pair{"lanchat", Outcome::other_version},
                              {"lanchat 2", Outcome::other_version},
                              {"lanchat 3", Outcome::broken},
                              {"printer", Outcome::broken}}) {
        const auto name = known.first;
        CAPTURE(name);
        Ends ends;
        ends.dial();
        Elder elder(name);
        asio::ssl::stream<tcp::socket> server(std::move(ends.far), elder.context);
        std::array<char, 114> heard{};
        server.async_handshake(asio::ssl::stream_base::server, [&](const asio::error_code& error) {
            CHECK_FALSE(error);
            asio::async_read(server, asio::buffer(heard),
                             [&](auto, std::size_t) { server.next_layer().close(); });
        });
        ends.run_until([&] { return ends.dialled.has_value(); });

        CHECK(ends.dialled->outcome == known.second);
        CHECK(heard[0] == '\3');
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

    CHECK(ends.accepted->outcome == Outcome::broken);
}

}  // namespace
}  // namespace lanchat::link::node_tunnel_test
