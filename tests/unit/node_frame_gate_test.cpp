// The frame gate: what a greeting, a talk and a download need passes; what a flood is made of does
// not get through. Counts are small: the gate says no long before they hurt anybody.
#include "node/link/frame_gate.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

#include "message/limits.hpp"

namespace lanchat::link::node_frame_gate_test {
namespace {

using namespace std::chrono_literals;
using Peer = FrameGate::Peer;

std::string number(std::size_t value, int bytes) {
    std::string out;
    for (int n = bytes - 1; n >= 0; --n) out += static_cast<char>(value >> (8 * n) & 0xFF);
    return out;
}

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload = {}) {
    return number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
           number(stream, 4) + payload;
}

std::string times(std::size_t count, const std::string& piece) {
    std::string out;
    for (std::size_t n = 0; n < count; ++n) out += piece;
    return out;
}

std::string message(std::size_t size, char compressed = 0) {
    return std::string(1, compressed) + number(size, 4) + std::string(size, 'x');
}

// In frames of 16 KiB, as everybody sends it.
std::string in_frames(const std::string& bytes, std::uint32_t stream = 1) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 16'384)
        out += frame(FrameType::data, 0, stream, bytes.substr(at, 16'384));
    return out;
}

const std::string ping = frame(FrameType::ping, 0, 0, std::string(8, '\0'));
const std::string pong = frame(FrameType::ping, frame_flag::ack, 0, std::string(8, '\0'));
const std::string no_settings{http2_no_settings};
const std::string window = frame(FrameType::window_update, 0, 0, number(1'000, 4));
const std::string begin = std::string(http2_preface) + no_settings;

std::string headers(std::uint32_t stream = 1, std::size_t bytes = 100,
                    std::uint8_t flags = frame_flag::end_headers) {
    return frame(FrameType::headers, flags, stream, std::string(bytes, 'h'));
}

std::string reset(std::uint32_t stream) {
    return frame(FrameType::rst_stream, 0, stream, number(8, 4));
}

const std::string greeting = begin + headers() + in_frames(message(20));

struct Gate {
    FrameGate gate;
    Instant now{1h};

    explicit Gate(Peer peer = Peer::client, bool legacy = false) : gate(peer, legacy) {}
    bool passes(const std::string& bytes) { return !gate.take(bytes, now); }
    std::string why(const std::string& bytes) {
        return std::string(gate.take(bytes, now).value_or("it passes"));
    }
};

Gate member(bool legacy = false) {
    Gate member(Peer::client, legacy);
    REQUIRE(member.passes(greeting));
    member.gate.admit();
    return member;
}

TEST_CASE("a greeting passes, in whatever pieces it comes") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, greeting.size()}) {
        Gate stranger;
        for (std::size_t at = 0; at < greeting.size(); at += size) {
            CHECK_FALSE(stranger.gate.has_greeted());
            REQUIRE(stranger.passes(greeting.substr(at, size)));
        }
        CHECK(stranger.gate.has_greeted());
    }
}

TEST_CASE("what is no HTTP/2 does not pass") {
    CHECK(Gate().why("GET / HTTP/1.1") == "no HTTP/2");
    CHECK(Gate().why(std::string(http2_preface) + ping) == "no settings first");
    CHECK(Gate().why(std::string(http2_preface) + std::string(http2_preface)) != "it passes");
}

TEST_CASE("a stranger makes one call, a member a few more") {
    CHECK(Gate().why(begin + headers(1) + headers(3)) == "a second call");
    CHECK(Gate().why(begin + headers(1) + headers(1)) == "too many headers");
    CHECK(member().passes(headers(3) + headers(5) + headers(7)));
    CHECK(member().why(headers(3) + headers(5) + headers(7) + headers(9)) == "too many calls");
    CHECK_FALSE(member().passes(headers(2)));
}

TEST_CASE("calls come in rising order, and a call of the past is not begun again") {
    Gate peer = member();
    REQUIRE(peer.passes(headers(5)));
    CHECK(peer.why(headers(3)) == "too many headers");
    for (const std::uint32_t ended : {1U, 7U}) {
        Gate other = member();
        REQUIRE(other.passes(headers(7) + reset(ended)));
        CHECK(other.why(headers(ended)) == "too many headers");
    }
}

TEST_CASE("a member may ask how we are for as long as it likes") {
    const auto last = frame_flag::end_headers | frame_flag::end_stream;
    Gate asker = member();
    for (std::uint32_t stream = 3; stream < 2'000; stream += 2) {
        REQUIRE(asker.passes(headers(stream) +
                             frame(FrameType::data, frame_flag::end_stream, stream, message(0))));
        asker.gate.gave(headers(stream, 30, last));
        REQUIRE(asker.passes(in_frames(message(20))));
        asker.now += 4s;
    }
    Gate hasty = member();
    std::uint32_t asked = 3;
    while (hasty.passes(headers(asked, 30, last))) asked += 2;
    CHECK(asked <= 11);
}

TEST_CASE("whom we ask how it is may answer, or refuse, late too") {
    const std::uint8_t last = frame_flag::end_headers | frame_flag::end_stream;
    Gate server(Peer::server, true);
    server.gate.gave(begin + headers());
    REQUIRE(server.passes(no_settings + headers() + in_frames(message(10))));
    server.gate.admit();
    for (std::uint32_t stream = 3; stream < 2'000; stream += 2) {
        server.gate.gave(headers(stream) +
                         frame(FrameType::data, frame_flag::end_stream, stream, message(0)));
        server.now += 4s;
        if (stream % 3 == 0) REQUIRE(server.passes(headers(stream, 30, last)));
        if (stream % 3 == 1) REQUIRE(server.passes(reset(stream)));
        if (stream % 3 == 2) {
            server.gate.gave(reset(stream));
            REQUIRE(server.passes(headers(stream) + in_frames(message(10), stream)));
        }
        REQUIRE(server.passes(in_frames(message(20))));
    }
    CHECK(server.passes(in_frames(message(10), 5)));  // nobody here remembers that call
    CHECK_FALSE(server.passes(in_frames(message(10), 2'001)));
    CHECK_FALSE(server.passes(headers(2'001)));
}

TEST_CASE("each of the small messages in one frame of ours may be answered with a window") {
    Gate reader = member();
    for (int n = 0; n < 20; ++n) {
        reader.gate.gave(frame(FrameType::data, 0, 1, times(50, message(0))));
        CHECK(reader.passes(times(100, window)));
    }
    CHECK(reader.why(times(3'000, window)) == "too many frames without a message");
}

TEST_CASE("a call is reset once or twice, and no other one") {
    Gate stranger;
    REQUIRE(stranger.passes(begin + headers()));
    CHECK(stranger.passes(reset(1)));
    CHECK(stranger.why(times(3, reset(1))) == "too many resets");
    CHECK(member().why(reset(3)) == "a frame without a call");
    CHECK(Gate().why(begin + reset(1)) == "a frame without a call");
    CHECK(member().why(times(5, reset(1))) == "too many resets");
}

TEST_CASE("twenty pings without data are too many for a stranger") {
    CHECK(Gate().passes(begin + times(8, ping)));
    CHECK(Gate().why(begin + times(20, ping)) == "too many pings");
    CHECK(Gate().why(begin + times(20, pong)) == "too many pings");
}

TEST_CASE("a stranger gets no more pings with time, and a member few") {
    Gate stranger;
    REQUIRE(stranger.passes(begin + times(8, ping)));
    stranger.now += 1h;
    CHECK(stranger.why(ping) == "too many pings");

    Gate one = member();
    REQUIRE(one.passes(times(16, ping)));
    CHECK_FALSE(one.passes(ping));
    Gate other = member();
    REQUIRE(other.passes(times(16, ping)));
    other.now += 4s;  // as two pings of keepalive
    CHECK(other.passes(times(2, ping)));
}

TEST_CASE("an original that pings once for each burst of data is never cut") {
    Gate original = member();
    for (int line = 0; line < 10'000; ++line) {
        original.gate.gave(in_frames(message(20)));
        REQUIRE(original.passes(window + ping));
    }
    // All that is under way may be answered late.
    for (int line = 0; line < 1'000; ++line) original.gate.gave(in_frames(message(20)));
    CHECK(original.passes(times(1'000, window + window + ping)));
}

TEST_CASE("our answers to pings and settings pay for no more of them") {
    Gate one = member();
    for (int n = 0; n < 16; ++n) {
        REQUIRE(one.passes(ping));
        one.gate.gave(pong);
    }
    CHECK(one.why(ping) == "too many pings");
    Gate other = member();
    for (int n = 0; n < 16; ++n) {
        REQUIRE(other.passes(no_settings));
        other.gate.gave(frame(FrameType::settings, frame_flag::ack, 0));
    }
    CHECK(other.why(no_settings) == "too many settings");
}

TEST_CASE("what we ask may be answered") {
    Gate peer = member();
    for (int n = 0; n < 100; ++n) {
        peer.gate.gave(ping + no_settings);
        REQUIRE(peer.passes(pong + frame(FrameType::settings, frame_flag::ack, 0)));
    }
}

TEST_CASE("settings are few, and none is long") {
    CHECK(Gate().why(begin + times(20, no_settings)) == "too many settings");
    const std::string one = number(3, 2) + number(100, 4);
    CHECK(Gate().passes(begin + frame(FrameType::settings, 0, 0, times(6, one))));
    CHECK_FALSE(Gate().passes(begin + frame(FrameType::settings, 0, 0, times(40, one))));
    CHECK_FALSE(Gate().passes(begin + frame(FrameType::settings, 0, 0, "odd")));
}

TEST_CASE("headers are as long as a call needs, however they are cut") {
    CHECK(Gate().why(begin + headers(1, limits::header_bytes_max + 1)) == "too many headers");
    const auto more = frame(FrameType::continuation, 0, 1, std::string(1'000, 'h'));
    CHECK(Gate().passes(begin + headers(1, 100, 0) + more +
                        frame(FrameType::continuation, frame_flag::end_headers, 1, "h")));
    CHECK(Gate().why(begin + headers(1, 100, 0) + times(5, more)) == "too many headers");
    const auto nothing = frame(FrameType::continuation, 0, 1);
    CHECK_FALSE(Gate().passes(begin + headers(1, 100, 0) + times(40, nothing)));
    CHECK(Gate().why(begin + headers(1, 100, 0) + ping) == "a header block that is interrupted");
    CHECK_FALSE(Gate().passes(begin + nothing));
}

TEST_CASE("frames that carry nothing are few, of whatever kind") {
    const auto unknown = frame(FrameType{0xAB}, 0, 0, "?");
    const auto priority = frame(FrameType::priority, 0, 7, std::string(5, '\0'));
    const auto nothing = frame(FrameType::data, 0, 1);
    const auto crumb = frame(FrameType::data, 0, 1, "x");
    for (const auto& each : {window, unknown, priority}) {
        CHECK(Gate().passes(begin + times(10, each)));
        CHECK_FALSE(Gate().passes(begin + times(50, each)));
        CHECK_FALSE(member().passes(times(300, each)));
    }
    CHECK_FALSE(Gate().passes(begin + headers() + times(20, nothing)));
    CHECK_FALSE(member().passes(times(300, nothing)));
    CHECK_FALSE(member().passes(frame(FrameType::data, 0, 1, std::string("\0\0\0\x10\0", 5)) +
                                times(300, crumb)));
    CHECK_FALSE(Gate().passes(begin + times(10, frame(FrameType::goaway, 0, 0, number(0, 8)))));
    CHECK_FALSE(member().passes(frame(FrameType::push_promise, 0, 1, number(2, 4))));
}

std::string prefix(std::size_t size) {
    return frame(FrameType::data, 0, 1, std::string(1, '\0') + number(size, 4));
}

TEST_CASE("a stranger's message is as long as a greeting, a member's as a frame of ours") {
    CHECK(Gate().passes(begin + headers() + in_frames(message(limits::greeting_bytes_max))));
    CHECK(Gate().why(begin + headers() + prefix(limits::greeting_bytes_max + 1)) ==
          "a message that is too long");
    CHECK(member().passes(in_frames(message(limits::frame_bytes_max))));
    CHECK(member().why(prefix(limits::frame_bytes_max + 1)) == "a message that is too long");
    CHECK(member().why(prefix(0xFFFF'FFFF)) == "a message that is too long");
    CHECK(member().why(in_frames(message(10, 1))) == "a compressed message");
}

TEST_CASE("an original's message is as long as originals take them, once it has greeted") {
    Gate stranger(Peer::client, true);
    CHECK(stranger.why(begin + headers() + prefix(limits::greeting_bytes_max + 1)) ==
          "a message that is too long");
    CHECK(member(true).passes(in_frames(message(limits::legacy_frame_bytes_max))));
    CHECK(member(true).why(prefix(limits::legacy_frame_bytes_max + 1)) ==
          "a message that is too long");
}

TEST_CASE("long messages are numbered while they come") {
    const std::size_t size = limits::frame_bytes_max + 1;
    Gate original = member(true);
    REQUIRE(original.passes(in_frames(message(limits::frame_bytes_max))));
    CHECK(original.gate.long_message() == 0);
    REQUIRE(original.passes(prefix(size)));
    CHECK(original.gate.long_message() == 1);
    REQUIRE(original.passes(in_frames(std::string(size, 'x')) + prefix(size)));
    CHECK(original.gate.long_message() == 2);
    REQUIRE(original.passes(in_frames(std::string(size, 'x'))));
    CHECK(original.gate.long_message() == 0);
    REQUIRE(original.passes(prefix(size) + reset(1)));
    CHECK(original.gate.long_message() == 0);
}

TEST_CASE("what is too long is seen before it comes, wherever frames begin") {
    const auto prefix = std::string(1, '\0') + number(limits::frame_bytes_max + 1, 4);
    for (std::size_t cut = 1; cut < prefix.size(); ++cut) {
        Gate peer = member();
        REQUIRE(peer.passes(in_frames(message(30) + prefix.substr(0, cut))));
        CHECK_FALSE(peer.passes(in_frames(prefix.substr(cut))));
    }
}

TEST_CASE("all that a stranger says is little, a member says what it likes") {
    Gate stranger;
    REQUIRE(stranger.passes(greeting));
    CHECK(stranger.gate.room() == limits::stranger_bytes_max - greeting.size());
    stranger.gate.admit();
    CHECK(stranger.gate.room() > limits::legacy_frame_bytes_max);
    const auto some = in_frames(message(limits::greeting_bytes_max));
    CHECK(Gate().why(begin + headers() + times(5, some)) == "more bytes than a greeting needs");
    CHECK(member().passes(times(5'000, in_frames(message(1'000)))));
    CHECK(member().passes(times(20, in_frames(message(limits::frame_bytes_max)))));
}

TEST_CASE("data comes with a call, and not after its end") {
    const auto some = in_frames(message(10));
    CHECK(Gate().why(begin + some) == "a frame without a call");
    CHECK(member().why(in_frames(message(10), 3)) == "a frame without a call");
    Gate peer = member();
    REQUIRE(peer.passes(frame(FrameType::data, frame_flag::end_stream, 1)));
    CHECK(peer.why(some) == "data without a call");
    CHECK(member().why(reset(1) + some) == "data without a call");
    CHECK_FALSE(member().passes(frame(FrameType::data, frame_flag::padded, 1, some)));
}

TEST_CASE("whom we call answers: settings, headers, messages, trailers") {
    Gate server(Peer::server);
    server.gate.gave(begin + headers() + in_frames(message(20)));
    CHECK(server.passes(no_settings + window + ping + headers() + in_frames(message(60'000))));
    CHECK(server.gate.has_greeted());
    server.gate.admit();
    CHECK(server.passes(headers(1, 30, frame_flag::end_headers | frame_flag::end_stream)));
    CHECK_FALSE(server.passes(headers()));
}

TEST_CASE("whom we call may refuse, and floods us no more than others") {
    Gate server(Peer::server);
    server.gate.gave(begin + headers());
    CHECK(server.passes(no_settings + reset(1)));
    CHECK_FALSE(Gate(Peer::server).passes(no_settings + times(20, ping)));
    CHECK_FALSE(Gate(Peer::server).passes(no_settings + headers()));
    CHECK_FALSE(server.passes(headers(3)));
    CHECK_FALSE(Gate(Peer::server).passes(greeting));
}

}  // namespace
}  // namespace lanchat::link::node_frame_gate_test
