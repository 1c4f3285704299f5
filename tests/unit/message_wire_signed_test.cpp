// What is signed, in frames: verified as it is read, and one that is forged spoils the frame.
#include <doctest/doctest.h>

#include "message/fork.hpp"
#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/unit/message_bytes.hpp"
#include "tests/unit/message_v1.hpp"

namespace lanchat::message_wire_signed_test {
namespace {

using namespace std::string_literals;
using namespace test;

RunPtr run_of(std::uint8_t key) { return sign(entries_of(key_of(key), 1, 3), key_of(key)); }

TEST_CASE("one receipt that its member did not sign spoils the frame") {
    const auto forge = [](auto change) {
        Frame frame;
        frame.receipts = {receipt_of(1), receipt_of(2)};
        change(frame.receipts.back());
        return decode(encode(frame)).operator bool();
    };
    CHECK(forge([](Receipt&) {}));
    CHECK_FALSE(forge([](Receipt& receipt) { receipt.member = key_of(1).id(); }));
    CHECK_FALSE(forge([](Receipt& receipt) { receipt.instance = InstanceId{77}; }));
    CHECK_FALSE(forge([](Receipt& receipt) { receipt.log = log_of(8); }));
    CHECK_FALSE(forge([](Receipt& receipt) { receipt.log.epoch = Epoch{8}; }));
    CHECK_FALSE(forge([](Receipt& receipt) { --receipt.after; }));
    CHECK_FALSE(forge([](Receipt& receipt) { ++receipt.last; }));
    CHECK_FALSE(forge([](Receipt& receipt) { ++receipt.count; }));
    CHECK_FALSE(forge([](Receipt& receipt) { receipt.signature.bytes[9] ^= 1; }));
    CHECK_FALSE(forge([](Receipt& receipt) {
        receipt.last = receipt.after;
        sign(receipt, key_of(2));
    }));
}

TEST_CASE("a frame carries no more receipts than may be verified") {
    Frame frame;
    frame.receipts.assign(limits::frame_receipts_max, receipt_of(1));
    CHECK(decode(encode(frame)));
    frame.receipts.push_back(receipt_of(1));
    CHECK_FALSE(decode(encode(frame)));
}

TEST_CASE("a frame can be looked at before its runs are proven") {
    Frame frame;
    frame.runs = {run_of(1)};
    frame.wall = WallTime{5};
    std::string bytes = encode(frame);
    auto read = UnprovenFrame::read(bytes);
    REQUIRE(read);
    REQUIRE(read->runs().size() == 1);
    CHECK(read->runs().front().log() == frame.runs.front()->log());
    CHECK(read->runs().front().items()[2].entry() == frame.runs.front()->items()[2].entry());
    CHECK(*std::move(*read).prove() == frame);

    bytes[bytes.find(frame.runs.front()->signature().view())] ^= 1;
    auto forged = UnprovenFrame::read(bytes);
    REQUIRE(forged);
    CHECK_FALSE(forged->runs().front().prove());
    CHECK_FALSE(std::move(*forged).prove());
}

TEST_CASE("one run that nobody signed spoils the frame") {
    const std::string good = raw_run(unverified(*run_of(1)));
    Run forged = unverified(*run_of(2));
    CHECK(decode(extension(good + raw_run(forged)))->runs.size() == 2);

    forged.signature.bytes[3] ^= 1;
    CHECK_FALSE(decode(extension(good + raw_run(forged))));
    CHECK_FALSE(decode(extension(raw_run(forged) + good)));
}

TEST_CASE("a run has entries, and a signature of 64 bytes") {
    const Run run = unverified(*run_of(1));
    const std::string entries = raw_pieces(10, run.entries);
    const std::string more = raw_place(*run.shared) + raw_pieces(12, run.bodies);
    const std::string signature(run.signature.view());

    CHECK(decode(extension(field(3, entries + more + field(2, signature)))));
    CHECK_FALSE(decode(extension(field(3, entries + more))));
    CHECK_FALSE(decode(extension(field(3, more + field(2, signature)))));
    CHECK_FALSE(decode(extension(field(3, entries + field(2, signature)))));
    CHECK_FALSE(decode(extension(field(3, entries + more + field(2, signature.substr(1))))));
    CHECK_FALSE(decode(extension(field(3, entries + more + field(2, signature + "x")))));
    CHECK_FALSE(decode(extension(field(3, ""))));
}

TEST_CASE("a run names its log and what is before it") {
    const RunPtr first = run_of(1);
    auto entries = entries_of(key_of(1), 9, 2);
    for (auto& entry : entries) entry.log.to = key_of(2).id();
    const RunPtr later = sign(std::move(entries), key_of(1));
    const auto is_taken = [](const VerifiedRun& run, const std::string& more) {
        return decode(extension(test::field(3, raw_content(unverified(run)) + more)))
            .
            operator bool();
    };
    for (const RunPtr& run : {first, later}) {
        CHECK(is_taken(*run, ""));
        CHECK_FALSE(is_taken(*run, field(4, std::string(31, 'd'))));
        CHECK_FALSE(is_taken(*run, field(4, std::string(33, 'd'))));
        CHECK_FALSE(is_taken(*run, field(4, key_of(3).id().view())));
        CHECK_FALSE(is_taken(*run, fixed64_field(5, 78)));
        CHECK_FALSE(is_taken(*run, field(6, std::string(31, 't'))));
        CHECK_FALSE(is_taken(*run, field(6, std::string(32, '\0'))));
        CHECK_FALSE(is_taken(*run, field(6, key_of(3).id().view())));
        CHECK_FALSE(is_taken(*run, varint_field(7, 0)));
        CHECK_FALSE(is_taken(*run, varint_field(7, 2)));
        CHECK_FALSE(is_taken(*run, field(8, std::string(31, 'h'))));
        CHECK_FALSE(is_taken(*run, field(8, std::string(32, '\0'))));
        CHECK_FALSE(is_taken(*run, field(8, hash_of("x").view())));
        CHECK_FALSE(is_taken(*run, field(1, "one entry of version 1")));
        for (const auto version : {0U, 1U, 2U, 4U})
            CHECK_FALSE(is_taken(*run, varint_field(14, version)));
        CHECK_FALSE(is_taken(*run, varint_field(11, 0)));  // one entry more, of no bytes
        CHECK_FALSE(is_taken(*run, varint_field(13, 0)));  // one body more
    }
    CHECK_FALSE(is_taken(*later, field(8, "")));
}

TEST_CASE("what a speaker said itself does not name it, what it relays names its author") {
    Frame frame;
    frame.runs = {run_of(1), run_of(2)};
    const std::string full = encode(frame);
    const std::string said = encode(frame, key_of(1).id());

    CHECK(said.size() + 34 == full.size());
    CHECK(*decode(full, key_of(3).id()) == frame);
    CHECK(*decode(said, key_of(1).id()) == frame);
    CHECK_FALSE(decode(said, key_of(2).id()));
    CHECK_FALSE(decode(said));
}

TEST_CASE("proofs name their device, whoever tells them") {
    auto entries = entries_of(key_of(1), 1, 3);
    entries.back().text = "something else";
    Frame frame;
    frame.proofs = {*fork_between(run_of(1), sign(std::move(entries), key_of(1)))};
    const std::string bytes = encode(frame, key_of(1).id());

    CHECK(bytes == encode(frame));
    REQUIRE(decode(bytes, key_of(2).id()));
    CHECK(decode(bytes, key_of(2).id())->proofs.front().seq == 3);
}

TEST_CASE("runs of version 1 travel as they always did") {
    const RunPtr run = sign_v1(entries_of(key_of(1), 1, 3), key_of(1));
    Frame frame;
    frame.runs = {run};
    const std::string bytes = encode(frame, key_of(1).id());

    CHECK(bytes == extension(raw_run(unverified(*run))));
    const auto again = decode(bytes, key_of(1).id());
    REQUIRE(again);
    CHECK(*again == frame);
    CHECK(again->runs.front()->is_of_version_1());
    for (std::size_t n = 0; n < 3; ++n)
        CHECK(again->runs.front()->items()[n].bytes == run->items()[n].bytes);
    const std::string body = raw_pieces(12, {"a body"});
    CHECK_FALSE(decode(extension(field(3, raw_content(unverified(*run)) + body))));
}

TEST_CASE("a run of too many entries is refused unread") {
    std::string entries;
    for (std::size_t i = 0; i <= limits::run_entries_max; ++i) entries += field(1, "no entry");

    const auto frame = decode(extension(field(3, entries + field(2, std::string(64, 's')))));
    REQUIRE_FALSE(frame);
    CHECK(frame.why() == "run with a bad length");
}

TEST_CASE("a run of too many bodies is refused unread") {
    Pieces many;
    for (std::size_t i = 0; i <= limits::run_entries_max; ++i) many.push_back("no body");
    const std::string bodies =
        raw_place({log_of(1), 1, {}}) + raw_pieces(10, {"no entry"}) + raw_pieces(12, many);

    const auto frame = decode(extension(field(3, bodies + field(2, std::string(64, 's')))));
    REQUIRE_FALSE(frame);
    CHECK(frame.why() == "run with a bad length");
}

TEST_CASE("what an author signed reaches us byte for byte") {
    const DeviceKey key = key_of(1);
    const Entry entry = test::entry_of(key, 1);
    const std::string later = encode(entry) + field(16, "later");
    const std::string body = encode_body(entry) + field(16, "later");
    const std::string senseless = encode(test::entry_of(key, 2)) + varint_field(2, 7);
    const auto frame = decode(extension(raw_run(
        signed_blindly({later, senseless}, {body, "no body that we know"}, place_of(entry), key))));

    REQUIRE(frame);
    const auto again = decode(encode(*frame));
    REQUIRE(again);
    for (const Frame& each : {*frame, *again}) {
        const auto items = each.runs.front()->items();
        CHECK(items.front().bytes == later);
        CHECK(items.front().body == body);
        CHECK(items.back().bytes == senseless);
        CHECK(items.back().body == "no body that we know");
        CHECK(items.back().entry().kind == EntryKind::other);
    }
}

TEST_CASE("version 1: what an author signed reaches us byte for byte") {
    const DeviceKey key = key_of(1);
    const Entry entry = test::entry_of(key, 1);
    const std::string later = encode_v1(entry) + field(16, "later");
    const auto frame =
        decode(extension(raw_run(signed_blindly_v1({later}, entry.log, 1, {}, key))));

    REQUIRE(frame);
    CHECK(frame->runs.front()->items().front().bytes == later);
    CHECK(decode(encode(*frame))->runs.front()->items().front().bytes == later);
}

// Bytes of a frame with the same lines of 100 bytes, as its author says them.
std::size_t size_of(const RunPtr& run) {
    Frame frame;
    frame.runs = {run};
    return encode(frame, run->log().device).size();
}

TEST_CASE("lines take fewer bytes than in version 1") {
    for (const std::size_t count : {1U, 2U, 64U, 256U}) {
        const auto entries = entries_of(key_of(1), 1, count, std::string(100, 'x'));
        const std::size_t before = size_of(sign_v1(entries, key_of(1)));
        const std::size_t now = size_of(sign(entries, key_of(1)));
        MESSAGE(count << " lines: " << before << " bytes in version 1, " << now << " in today's");
        CHECK(now < before);
    }
}

}  // namespace
}  // namespace lanchat::message_wire_signed_test
