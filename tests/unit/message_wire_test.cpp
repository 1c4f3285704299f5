// Frames and bytes: what we send is what the original expects, what we take in is checked.
#include "message/wire.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "tests/unit/message_bytes.hpp"

namespace lanchat::message_wire_test {
namespace {

using namespace std::string_literals;
using namespace test;

NodeId node(std::uint8_t key, std::uint64_t instance) {
    return {key_of(key).id(), InstanceId{instance}};
}

Frame full_frame() {
    Frame frame;
    frame.msg = "127.0.0.1:4565";
    frame.hello =
        Hello{1, InstanceId{0x0123456789ABCDEF}, 0xFEDCBA9876543210, "Änne", 7, key_of(1).id()};
    frame.hello->epoch = Epoch{4711};
    frame.received = Ack{7, 12, Epoch{5}};
    frame.runs = {sign(entries_of(key_of(1), 1, 3), key_of(1)),
                  sign(entries_of(key_of(2), 9, 1), key_of(2))};
    frame.have = {{log_of(1), {0, 3, hash_of("head")}, Span{5, 9, hash_of("end")}, Clock{77}},
                  {log_of(2), {2, ~Seq{0}, hash_of("x")}, {}, {}}};
    frame.want = {{log_of(2), 0, 8, true}, {log_of(3), 5, 0, false}};
    frame.listing = frame.listed = true;
    frame.digest = Digest{{{1, 2, 3}}, std::vector<ShortHash>(digest_buckets, {{9}}), true};
    frame.differ = 0x8000000000000001;
    frame.said = {{Epoch{5}, 12}, {Epoch{4}, ~Seq{0}}};
    frame.linked = Linked{9, {node(1, 7), node(2, 8)}, {node(1, 6)}};
    frame.receipts = {receipt_of(1), receipt_of(2)};
    frame.lacks = {{log_of(1), {{2, 5}, {8, 9}}}, {log_of(2), {}}};
    frame.bodies = {{log_of(1), {{3, "a body"}, {5, "another"}}}};
    frame.verify = VerifyStep{VerifyStep::Kind::nonce, {4, 5}};
    frame.wall = WallTime{1'700'000'000'000};
    frame.ping = Ping{77, true};
    frame.bye = Bye::duplicate;
    frame.places = {{{}, 1}, {Ipv4{0xFFFFFFFF}, 65535}}, frame.seeks = true;
    return frame;
}

std::string some_text(Rng& rng) {
    static constexpr const char* pieces[] = {"a",           " ", "\t", "ß", "日本",
                                             "👩‍🚀", "/", "\"", "0"};
    std::string text;
    for (auto n = 1 + rng.below(20); n > 0; --n) text += pieces[rng.below(9)];
    return text;
}

Frame random_frame(Rng& rng) {
    Frame frame;
    if (rng.below(2) == 0) frame.msg = some_text(rng);
    if (rng.below(2) == 0)
        frame.hello = Hello{static_cast<std::uint32_t>(rng.next()),
                            InstanceId{rng.next() | 1},
                            rng.next(),
                            "name",
                            rng.next(),
                            key_of(3).id()};
    if (rng.below(2) == 0) frame.received = Ack{rng.below(9), 9 + rng.below(99)};
    if (rng.below(2) == 0) frame.wall = WallTime{static_cast<std::int64_t>(rng.next() >> 16)};
    if (rng.below(2) == 0) frame.receipts = {receipt_of(static_cast<std::uint8_t>(rng.below(9)))};
    if (rng.below(2) == 0) frame.ping = Ping{rng.next(), rng.below(2) == 0};
    if (rng.below(2) == 0) frame.bye = static_cast<Bye>(rng.below(5));
    if (rng.below(2) == 0) frame.places = {{Ipv4{7}, 7}};
    frame.listing = rng.below(2) == 0;
    if (rng.below(2) == 0) frame.said = {{Epoch{rng.next()}, rng.next() | 1}};
    frame.listed = rng.below(2) == 0;
    if (rng.below(2) == 0) frame.digest = Digest{{}, {}, rng.below(2) == 0};
    if (rng.below(4) == 0) frame.differ = rng.below(2) * rng.next();
    if (rng.below(2) == 0)
        frame.linked = Linked{
            rng.next(), {rng.below(4), node(3, rng.next())}, {rng.below(4), node(3, rng.next())}};
    for (auto n = rng.below(3); n > 0; --n) {
        const auto key = static_cast<std::uint8_t>(rng.below(9));
        frame.runs.push_back(
            sign(entries_of(key_of(key), 1 + rng.below(9), 1 + rng.below(3)), key_of(key)));
        frame.have.push_back(
            {log_of(key), {rng.below(2), 2 + rng.below(9), hash_of("head")}, {}, {}});
        frame.want.push_back({log_of(key), rng.below(9), 9 + rng.below(9), false});
        if (rng.below(3) == 0) frame.have.back().log.to = key_of(11).id();
        if (rng.below(3) == 0) frame.want.back().log.to = key_of(12).id();
    }
    return frame;
}

TEST_CASE("a legacy greeting and its answer are the original's bytes") {
    Frame greeting;
    greeting.msg = "127.0.0.1:4565";
    CHECK(encode(greeting) == "\x0a\x0e"s + "127.0.0.1:4565");

    Frame answer;
    answer.msg = "ok";
    CHECK(encode(answer) == "\x0a\x02\x6f\x6b"s);

    Frame line;
    line.msg = "hello";
    CHECK(encode(line) == "\x0a\x05\x68\x65\x6c\x6c\x6f"s);
}

TEST_CASE("our greeting begins with the bytes of a legacy greeting") {
    Frame greeting;
    greeting.msg = "127.0.0.1:4565";
    greeting.hello = Hello{1, InstanceId{5}, 6, "anna", 0, key_of(1).id()};

    const std::string bytes = encode(greeting);
    CHECK(bytes.starts_with("\x0a\x0e"s + "127.0.0.1:4565"));
    CHECK(bytes[16] == '\x12');  // field 2, which the original skips
}

TEST_CASE("the original's bytes are read") {
    const auto greeting = decode("\x0a\x0e"s + "127.0.0.1:4565");

    REQUIRE(greeting);
    Frame expected;
    expected.msg = "127.0.0.1:4565";
    CHECK(*greeting == expected);
}

TEST_CASE("a frame with everything survives the wire") {
    const auto again = decode(encode(full_frame()));

    REQUIRE(again);
    CHECK(*again == full_frame());
}

TEST_CASE("each field is a difference, something to send, and survives the wire alone") {
    Frame full = full_frame();
    auto entries = entries_of(key_of(1), 1, 3);
    entries.back().text = "another";
    full.proofs = {*fork_between(full.runs.front(), sign(std::move(entries), key_of(1)))};
    CHECK(is_blank(Frame{}));

    FrameFields::all([&]<auto member>() {
        REQUIRE_FALSE(is_blank(full.*member));
        Frame alone;
        alone.*member = full.*member;
        CHECK_FALSE(is_blank(alone));
        CHECK_FALSE(alone == Frame{});

        const auto again = decode(encode(alone));

        REQUIRE(again);
        CHECK(*again == alone);
        return true;
    });
}

TEST_CASE("a greeting has nothing to verify, all else is read alike") {
    Frame frame = full_frame();
    frame.receipts.clear();
    CHECK_FALSE(decode_greeting(encode(frame)));
    frame = full_frame();
    frame.runs.clear();
    CHECK_FALSE(decode_greeting(encode(frame)));
    frame.receipts.clear();

    const auto again = decode_greeting(encode(frame));

    REQUIRE(again);
    CHECK(*again == frame);
    CHECK_FALSE(decode_greeting("\x0a"));
}

TEST_CASE("any frame survives the wire") {
    Rng rng(7);
    for (int i = 0; i < 2000; ++i) {
        const Frame frame = random_frame(rng);
        const auto again = decode(encode(frame));
        REQUIRE(again);
        CHECK(*again == frame);
    }
}

TEST_CASE("an empty frame is no bytes") {
    CHECK(encode(Frame{}).empty());
    CHECK(*decode("") == Frame{});
}

TEST_CASE("received 0 is not the same as nothing received") {
    Frame frame;
    frame.received = Ack{};

    CHECK(decode(encode(frame))->received == Ack{});
    CHECK_FALSE(decode(encode(Frame{}))->received);
}

TEST_CASE("no truncation is read as the whole frame") {
    const std::string bytes = encode(full_frame());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto part = decode(std::string_view(bytes).substr(0, size));
        if (part) CHECK_FALSE(*part == full_frame());
    }
    // A cut within a field is never a frame; before a field it is a smaller one.
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, 10)));
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, bytes.size() - 1)));
}

TEST_CASE("fields of a later version are skipped") {
    const std::string future = encode(full_frame()) + field(15, "later") + varint_field(7, 1) +
                               extension(field(2, "later"));
    const auto frame = decode(future);

    REQUIRE(frame);
    CHECK(*frame == full_frame());
}

TEST_CASE("a goodbye of a later version is a goodbye for unknown reasons") {
    const auto frame = decode(extension(field(12, varint_field(1, 4000))));

    REQUIRE(frame);
    CHECK(frame->bye == Bye::unknown);
}

TEST_CASE("a frame over the cap is refused before it is parsed") {
    Frame frame;
    frame.msg.assign(limits::frame_bytes_max - 4, 'x');
    const std::string largest = encode(frame);
    REQUIRE(largest.size() == limits::frame_bytes_max);

    CHECK(decode(largest));
    CHECK_FALSE(decode(largest + varint_field(7, 1)));
    CHECK_FALSE(decode(std::string(limits::frame_bytes_max + 1, '\0')));
}

TEST_CASE("a line that is all of its frame may be as long as originals take it") {
    Frame frame;
    frame.msg.assign(limits::legacy_frame_bytes_max - 5, 'x');
    const std::string largest = encode(frame);
    REQUIRE(largest.size() == limits::legacy_frame_bytes_max);

    REQUIRE(decode(largest));
    CHECK(*decode(largest) == frame);
    CHECK_FALSE(decode(largest + 'x'));
    CHECK_FALSE(decode_greeting(largest));
    frame.msg += 'x';
    CHECK_FALSE(decode(encode(frame)));
    frame.msg.resize(limits::frame_bytes_max);
    REQUIRE(decode(encode(frame)));
    CHECK(*decode(encode(frame)) == frame);
    frame.ping = Ping{1, false};
    CHECK_FALSE(decode(encode(frame)));
    frame.ping.reset();
    frame.msg.back() = '\xff';
    const std::string bad = encode(frame);
    CHECK_FALSE(decode(bad));
    CHECK_FALSE(decode(bad.substr(0, bad.size() - 1)));
    CHECK_FALSE(decode(std::string("\x0a\xff\xff\xff\xff\xff", 6) +
                       std::string(limits::frame_bytes_max, 'x')));
}

TEST_CASE("a hello without an instance is refused") {
    CHECK(decode(extension(field(1, some_device + fixed64_field(3, 1) + field(4, "anna")))));
    CHECK_FALSE(decode(extension(field(1, field(4, "anna")))));
    CHECK_FALSE(decode(extension(field(1, some_device + fixed64_field(3, 0) + field(4, "anna")))));
}

TEST_CASE("a hello with a name that may not travel is refused") {
    const auto hello = [](const std::string& name) {
        return extension(field(1, some_device + fixed64_field(3, 1) + field(4, name)));
    };
    CHECK(decode(hello(std::string(limits::name_code_points_max, 'x'))));
    CHECK_FALSE(decode(hello("")));
    CHECK_FALSE(decode(hello(std::string(limits::name_code_points_max + 1, 'x'))));
    std::string wide;
    for (std::size_t i = 0; i < 22; ++i) wide += "日";  // 66 bytes
    CHECK_FALSE(decode(hello(wide)));
}

TEST_CASE("text that is not UTF-8 is refused wherever it stands") {
    CHECK_FALSE(decode(field(1, "\xff")));
    CHECK_FALSE(decode(extension(field(1, some_device + fixed64_field(3, 1) + field(4, "\xc3")))));
}

TEST_CASE("a frame names no more links than there may be") {
    using Nodes = std::vector<NodeId>;
    const auto linked = [](std::size_t came, std::size_t went) {
        Frame frame;
        frame.linked = Linked{1, Nodes(came, node(1, 5)), Nodes(went, node(1, 6))};
        return encode(frame);
    };
    constexpr std::size_t most = limits::peers_max;
    CHECK(decode(linked(0, 0))->linked);
    CHECK(decode(linked(most, most))->linked->came.size() == most);
    CHECK_FALSE(decode(linked(most + 1, 0)));
    CHECK_FALSE(decode(linked(0, most + 1)));
}

TEST_CASE("a digest has 16 bytes, and buckets if it has all of them") {
    const std::string all = field(1, std::string(16, 'a'));
    const auto decoded = [](const std::string& digest) {
        return decode(extension(field(10, digest)));
    };
    CHECK(decoded(all)->digest->all.bytes.back() == 'a');
    CHECK_FALSE(decoded(all)->digest->asks);
    CHECK(decoded(all + varint_field(3, 1))->digest->asks);
    const auto whole = decoded(all + field(2, std::string(63 * 16, 'b') + std::string(16, 'c')));
    REQUIRE(whole->digest->buckets.size() == digest_buckets);
    CHECK(whole->digest->buckets.back().bytes.front() == 'c');

    CHECK_FALSE(decoded(""));
    CHECK_FALSE(decoded(field(1, std::string(15, 'a'))));
    CHECK_FALSE(decoded(field(1, std::string(17, 'a'))));
    CHECK_FALSE(decoded(all + field(2, std::string(63 * 16, 'b'))));
    CHECK_FALSE(decoded(all + field(2, std::string(64 * 16 + 1, 'b'))));
}

TEST_CASE("any wall time is taken as one that a clock can tell") {
    constexpr std::int64_t latest = (std::int64_t{1} << 48) - 1;
    const auto told = [](std::uint64_t ms) {
        return decode(extension(fixed64_field(13, ms)))->wall->ms;
    };
    CHECK(told(0) == 0);
    CHECK(told(5) == 5);
    CHECK(told(latest) == latest);
    CHECK(told(~std::uint64_t{0}) == latest);
}

TEST_CASE("a hello names its device") {
    const std::string hello = fixed64_field(3, 5) + field(4, "anna");
    CHECK_FALSE(decode(extension(field(1, hello))));
    CHECK(decode(extension(field(1, hello + field(2, std::string(32, 'd')))))
              ->hello->device.bytes.front() == 'd');
    CHECK_FALSE(decode(extension(field(1, hello + field(2, std::string(31, 'd'))))));
    CHECK_FALSE(decode(extension(field(1, hello + field(2, std::string(33, 'd'))))));
}

std::string raw_head(const std::string& device, const std::string& head, Seq seq, Seq after,
                     const std::string& tail = {}) {
    return field(4, field(1, device) + fixed64_field(2, 77) + varint_field(3, seq) +
                        field(4, head) + varint_field(5, after) + tail);
}

std::string raw_tail(Seq after, Seq seq, const std::string& head) {
    return field(6, varint_field(1, after) + varint_field(2, seq) + field(3, head));
}

TEST_CASE("a head names a log and what is held of it, in one part or two") {
    const std::string whole(32, 'h');
    CHECK(decode(extension(raw_head(whole, whole, 1, 0))));
    CHECK(decode(extension(raw_head(whole, whole, 5, 4))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 5, 5))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 5, 6))));
    CHECK(decode(extension(raw_head(whole, whole, 5, 0, raw_tail(6, 7, whole)))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 5, 0, raw_tail(5, 7, whole)))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 5, 0, raw_tail(7, 7, whole)))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 5, 0, raw_tail(6, 7, "short")))));
    CHECK_FALSE(decode(extension(raw_head(whole, whole, 0, 0))));
    for (const std::size_t size : {0U, 31U, 33U}) {
        CHECK_FALSE(decode(extension(raw_head(std::string(size, 'd'), whole, 1, 0))));
        CHECK_FALSE(decode(extension(raw_head(whole, std::string(size, 'h'), 1, 0))));
    }
}

TEST_CASE("of a log with a proven fork nothing at all may be held") {
    const auto head = [](Seq seq, Seq after, Seq forked, const std::string& tail = {}) {
        const std::string hash(32, 'h');
        return decode(extension(raw_head(hash, hash, seq, after, tail + varint_field(8, forked))));
    };
    REQUIRE(head(0, 0, 1));
    CHECK(head(0, 0, 1)->have.front().base == Span{});
    CHECK_FALSE(head(0, 0, 0));
    CHECK_FALSE(head(0, 1, 2));
    CHECK_FALSE(head(0, 0, 9, raw_tail(2, 3, std::string(32, 'h'))));
    CHECK(head(1, 0, 2));
    CHECK_FALSE(head(1, 0, 1));
}

std::string raw_want(const std::string& device, Seq after, Seq seq) {
    return field(
        5, field(1, device) + fixed64_field(2, 77) + varint_field(3, after) + varint_field(4, seq));
}

TEST_CASE("a want names a log and a part of it that is not empty") {
    const std::string device(32, 'd');
    CHECK(decode(extension(raw_want(device, 0, 1))));
    CHECK(decode(extension(raw_want(device, 7, 0))));
    CHECK_FALSE(decode(extension(raw_want(device, 7, 7))));
    CHECK_FALSE(decode(extension(raw_want(device, 7, 6))));
    for (const std::size_t size : {0U, 31U, 33U})
        CHECK_FALSE(decode(extension(raw_want(std::string(size, 'd'), 0, 1))));
}

TEST_CASE("heads and wants of direct logs name a whole device that they are for") {
    const std::string whole(32, 'd');
    const auto head = [&](const std::string& to) {
        return decode(extension(
            field(4, field(1, whole) + varint_field(3, 1) + field(4, whole) + field(9, to))));
    };
    const auto want = [&](const std::string& to) {
        return decode(extension(field(5, field(1, whole) + varint_field(4, 1) + field(6, to))));
    };
    CHECK(head(std::string(32, 't'))->have.front().log.is_direct());
    CHECK_FALSE(head("")->have.front().log.is_direct());
    CHECK(want(std::string(32, 't'))->want.front().log.is_direct());
    for (const auto& to : {std::string(31, 't'), std::string(33, 't'), std::string(32, '\0')}) {
        CHECK_FALSE(head(to));
        CHECK_FALSE(want(to));
    }
}

// `one` as often as may be, and once more.
void check_most(const std::string& one, std::size_t most) {
    std::string all;
    for (std::size_t i = 0; i < most; ++i) all += one;
    REQUIRE(all.size() < limits::frame_bytes_max - 1000);
    CHECK(decode(extension(all)));
    CHECK_FALSE(decode(extension(all + one)));
}

TEST_CASE("a frame holds no more runs, heads and wants than its limits") {
    const std::string whole(32, 'h');
    check_most(raw_run(unverified(*full_frame().runs.back())), limits::frame_runs_max);
    check_most(raw_want(whole, 0, 1), limits::frame_wants_max);
    check_most(raw_head(whole, whole, 1, 0), limits::frame_heads_max);
}

TEST_CASE("a full frame of the greatest heads and wants stays below the cap") {
    constexpr Seq greatest = ~Seq{0};
    const LogId log{key_of(1).id(), Epoch{greatest}};
    Frame frame;
    const Span base{greatest - 4, greatest - 3, hash_of("head")};
    const Span tail{greatest - 1, greatest, hash_of("end")};
    frame.have.assign(limits::frame_heads_max, Head{log, base, tail, Clock{greatest}});
    frame.want.assign(limits::frame_wants_max, {log, greatest - 1, greatest, true});
    frame.digest = Digest{{}, std::vector<ShortHash>(digest_buckets), true};
    frame.differ = greatest;

    CHECK(decode(encode(frame)));
}

TEST_CASE("runs are the same by what they say") {
    const auto frame_with = [](std::size_t count, Seq first = 1, std::uint8_t key = 1) {
        Frame frame;
        frame.runs = {sign(entries_of(key_of(key), first, count), key_of(key))};
        return frame;
    };
    CHECK(frame_with(2) == frame_with(2));
    CHECK_FALSE(frame_with(2) == frame_with(3));
    CHECK_FALSE(frame_with(2) == frame_with(2, 2));
    CHECK_FALSE(frame_with(2) == frame_with(2, 1, 2));
    CHECK_FALSE(frame_with(2) == Frame{});
}

TEST_CASE("the bytes of a run are never underestimated") {
    for (const std::size_t size : {1U, 100U, 200U, 20'000U, 65'536U}) {
        for (const std::size_t count : {1U, 3U, 256U}) {
            if (count > 1 && count * (size + 200) > limits::run_bytes_max) continue;
            Frame frame;
            frame.runs = {sign(entries_of(key_of(1), 1, count, std::string(size, 'x')), key_of(1))};
            // Beside it a frame costs the tag and the length of its extension.
            CHECK(encode(frame).size() <= encoded_bytes(*frame.runs.front()) + 4);
        }
    }
}

TEST_CASE("a full frame of the longest run stays below the cap") {
    const std::size_t heads = limits::heads_per_frame * 112;
    CHECK(limits::entry_bytes_max + limits::frame_bytes_target + heads < limits::frame_bytes_max);
}

TEST_CASE("bytes of others write nothing to our terminal") {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    const int terminal = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    CHECK_FALSE(decode(field(1, "\xff")));
    dup2(terminal, STDERR_FILENO);
    close(terminal);

    CHECK(lseek(fileno(file), 0, SEEK_END) == 0);
    std::fclose(file);
}

TEST_CASE("random bytes never crash the decoder") {
    Rng rng(11);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes =
            i % 2 == 0 ? encode(random_frame(rng)) : std::string(rng.below(40), ' ');
        for (auto n = 1 + rng.below(6); n > 0 && !bytes.empty(); --n)
            bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
        const auto frame = decode(bytes);
        if (frame) CHECK(frame->runs.size() <= limits::frame_runs_max);
    }
}

}  // namespace
}  // namespace lanchat::message_wire_test
