// What is signed, in frames: verified as it is read, and one that is forged spoils the frame.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/unit/message_bytes.hpp"

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

TEST_CASE("one run that nobody signed spoils the frame") {
    const std::string good = raw_run(test::sent(*run_of(1)));
    Run forged = test::sent(*run_of(2));
    CHECK(decode(extension(good + raw_run(forged)))->runs.size() == 2);

    forged.signature.bytes[3] ^= 1;
    CHECK_FALSE(decode(extension(good + raw_run(forged))));
    CHECK_FALSE(decode(extension(raw_run(forged) + good)));
}

TEST_CASE("a run has entries, and a signature of 64 bytes") {
    const Run run = test::sent(*run_of(1));
    std::string entries;
    for (const auto& entry : run.entries) entries += field(1, entry);
    const std::string signature(run.signature.view());

    CHECK(decode(extension(field(3, entries + field(2, signature)))));
    CHECK_FALSE(decode(extension(field(3, entries))));
    CHECK_FALSE(decode(extension(field(3, field(2, signature)))));
    CHECK_FALSE(decode(extension(field(3, entries + field(2, signature.substr(1))))));
    CHECK_FALSE(decode(extension(field(3, entries + field(2, signature + "x")))));
    CHECK_FALSE(decode(extension(field(3, ""))));
}

TEST_CASE("a run of too many entries is refused unread") {
    std::string entries;
    for (std::size_t i = 0; i <= limits::run_entries_max; ++i) entries += field(1, "no entry");

    const auto frame = decode(extension(field(3, entries + field(2, std::string(64, 's')))));
    REQUIRE_FALSE(frame);
    CHECK(frame.why() == "run with a bad length");
}

TEST_CASE("what an author signed reaches us byte for byte") {
    const DeviceKey key = key_of(1);
    const Entry entry = test::entry_of(key, 1);
    const std::string later = encode(entry) + "\x82\x01\x05later";  // field 16
    const auto frame =
        decode(extension(raw_run(test::signed_blindly({later}, entry.log, 1, {}, key))));

    REQUIRE(frame);
    CHECK(frame->runs.front()->items().front().bytes == later);
    CHECK(decode(encode(*frame))->runs.front()->items().front().bytes == later);
}

}  // namespace
}  // namespace lanchat::message_wire_signed_test
