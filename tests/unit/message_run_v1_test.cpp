// Runs of version 1, which nobody signs any more: they are taken as they always were.
#include "message/run.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "message/fork.hpp"
#include "message/limits.hpp"
#include "tests/unit/message_runs.hpp"
#include "tests/unit/message_v1.hpp"

namespace lanchat::message_run_v1_test {
namespace {

using test::encode_v1;
using test::entries_of;
using test::entry_of;
using test::head_by_hand_v1;
using test::part;
using test::sign_v1;
using test::signed_blindly_v1;

const DeviceKey& anna() {
    static const DeviceKey key = key_of(1);
    return key;
}

RunPtr run_of(std::size_t count, Seq first = 1) {
    return sign_v1(entries_of(anna(), first, count), anna());
}

// The entries chained, then changed, then signed by their author all the same.
template <class Change>
std::string fault_of_honestly_signed(Change change) {
    auto entries = part(*run_of(4), 0, 4);
    change(entries);
    const auto run = verify(signed_blindly_v1(entries, anna()));
    return run ? "" : run.why();
}

constexpr const char* not_following = "run whose entries do not follow each other";
constexpr const char* bad_length = "run with a bad length";

TEST_CASE("version 1: a signed run verifies and is the same") {
    const RunPtr mine = run_of(5);
    const auto again = verify(unverified(*mine));

    REQUIRE(again);
    CHECK((*again)->log() == mine->log());
    CHECK((*again)->first() == 1);
    CHECK((*again)->last() == 5);
    CHECK((*again)->before() == Hash{});
    CHECK((*again)->head() == mine->head());
    CHECK((*again)->signature() == mine->signature());
    CHECK((*again)->byte_count() == mine->byte_count());
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK((*again)->items()[i].entry() == mine->items()[i].entry());
        CHECK((*again)->items()[i].bytes == mine->items()[i].bytes);
        CHECK((*again)->items()[i].head == mine->items()[i].head);
    }
}

TEST_CASE("version 1: entries are chained from the first on") {
    const RunPtr run = run_of(3);
    Hash head;
    for (const auto& item : run->items()) {
        CHECK(item.entry().before == head);
        head = head_by_hand_v1(head, std::string(item.bytes));
        CHECK(item.head == head);
    }
}

TEST_CASE("version 1: what is signed is what the specification says") {
    CHECK(signed_blindly_v1(part(*run_of(4), 0, 4), anna()).signature == run_of(4)->signature());
}

TEST_CASE("version 1: no byte of a run can be changed") {
    const Run good = unverified(*run_of(3));
    for (std::size_t entry = 0; entry < good.entries.size(); ++entry) {
        for (std::size_t at = 0; at < good.entries[entry].size(); ++at) {
            for (const int change : {1, 0x80, 0xFF}) {
                std::string changed(good.entries[entry]);
                changed[at] = static_cast<char>(changed[at] ^ change);
                Run bad = good;
                bad.entries.replace(entry, changed);
                CHECK_FALSE(verify(std::move(bad)));
            }
        }
    }
    for (std::size_t at = 0; at < good.signature.bytes.size(); ++at) {
        Run bad = good;
        bad.signature.bytes[at] ^= 1;
        CHECK_FALSE(verify(std::move(bad)));
    }
}

TEST_CASE("version 1: nothing can be put in, left out at the end or moved") {
    const Run good = unverified(*run_of(3));
    Run cut = good;
    cut.entries.pop_back();
    CHECK_FALSE(verify(std::move(cut)));

    Run longer = good;
    longer.entries.push_back(unverified(*run_of(4)).entries.back());
    CHECK_FALSE(verify(std::move(longer)));

    Run hole = good;
    hole.entries.erase(1);
    CHECK_FALSE(verify(std::move(hole)));

    Run swapped = good;
    swapped.entries.replace(0, good.entries[1]);
    swapped.entries.replace(1, good.entries[0]);
    CHECK_FALSE(verify(std::move(swapped)));

    Run padded = good;
    padded.entries.replace(2, std::string(good.entries.back()) + '\0');
    CHECK_FALSE(verify(std::move(padded)));
}

TEST_CASE("version 1: the end of a run is a run: its signature is over the whole log up to there") {
    Run end = unverified(*run_of(3));
    end.entries.erase(0);
    const auto run = verify(std::move(end));

    REQUIRE(run);
    CHECK((*run)->first() == 2);
    CHECK((*run)->before() == run_of(1)->head());
}

TEST_CASE("version 1: a signature is for one place of one log") {
    const RunPtr run = run_of(1);
    const std::string bytes(run->items().front().bytes);
    LogId other = run->log();
    other.epoch = Epoch{78};
    CHECK_FALSE(verify(signed_blindly_v1({bytes}, other, 1, {}, anna())));
    other = run->log();
    other.device = key_of(2).id();
    CHECK_FALSE(verify(signed_blindly_v1({bytes}, other, 1, {}, anna())));
    CHECK_FALSE(verify(signed_blindly_v1({bytes}, run->log(), 2, {}, anna())));
    CHECK_FALSE(verify(signed_blindly_v1({bytes}, run->log(), 1, hash_of("x"), anna())));
    CHECK(verify(signed_blindly_v1({bytes}, run->log(), 1, {}, anna())));
}

TEST_CASE("version 1: entries cannot be replayed into another log or at another number") {
    for (const bool other_log : {true, false}) {
        Entry entry = run_of(1)->items().front().entry();
        if (other_log) entry.log.epoch = Epoch{78};
        if (!other_log) {
            entry.seq = 2;
            entry.before = hash_of("x");
        }
        CHECK_FALSE(verify(Run{{encode_v1(entry)}, run_of(1)->signature()}));
    }
}

TEST_CASE("version 1: nobody signs for somebody else") {
    const auto entries = part(*run_of(2), 0, 2);
    CHECK(verify(signed_blindly_v1(entries, anna())));
    CHECK_FALSE(verify(signed_blindly_v1(entries, key_of(2))));
}

TEST_CASE("version 1: even its author cannot sign a run whose entries do not follow each other") {
    CHECK(fault_of_honestly_signed([](auto&) {}).empty());
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().seq = 5; }) == not_following);
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().seq = 3; }) == not_following);
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().before = hash_of("x"); }) ==
          not_following);
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().log.epoch = Epoch{78}; }) ==
          not_following);
    CHECK(fault_of_honestly_signed(
              [](auto& entries) { entries.front().log.device = key_of(2).id(); }) == not_following);
}

TEST_CASE("version 1: all entries of a run are for the same device, or for everybody") {
    const auto is_taken = [](std::vector<DeviceId> readers) {
        auto entries = entries_of(anna(), 1, readers.size());
        Hash before;
        for (std::size_t n = 0; n < entries.size(); ++n) {
            entries[n].log.to = readers[n];
            entries[n].before = before;
            before = head_by_hand_v1(before, encode_v1(entries[n]));
        }
        return static_cast<bool>(verify(signed_blindly_v1(entries, anna())));
    };
    const DeviceId bob = key_of(2).id();
    const DeviceId carl = key_of(3).id();

    CHECK(is_taken({{}, {}, {}}));
    CHECK(is_taken({bob, bob, bob}));
    CHECK_FALSE(is_taken({bob, bob, {}}));
    CHECK_FALSE(is_taken({{}, bob, bob}));
    CHECK_FALSE(is_taken({bob, carl, bob}));
}

TEST_CASE("version 1: clocks rise within a run") {
    const auto with_clock_after = [](std::int64_t step) {
        return fault_of_honestly_signed([step](auto& entries) {
            const auto last = static_cast<std::int64_t>(entries[2].clock.packed);
            entries[3].clock.packed = static_cast<std::uint64_t>(last + step);
        });
    };
    CHECK(with_clock_after(1).empty());
    CHECK(with_clock_after(0) == not_following);
    CHECK(with_clock_after(-1) == not_following);
}

TEST_CASE("version 1: an invalid entry spoils its run, whoever signed it") {
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().name.clear(); }) ==
          "entry with a bad name");
}

TEST_CASE("version 1: the greatest number has none after it") {
    const RunPtr run = run_of(1, limits::seq_max);
    REQUIRE(verify(unverified(*run)));
    CHECK(run->last() == limits::seq_max);
    CHECK_FALSE(fork_between(run, run));

    Entry next = entry_of(anna(), 1);
    next.seq = limits::seq_max + 1;
    next.before = run->head();
    next.clock = Clock{~std::uint64_t{0}};
    auto entries = part(*run, 0, 1);
    entries.push_back(next);
    CHECK_FALSE(verify(signed_blindly_v1(entries, anna())));
    entries.back().seq = 1;
    CHECK_FALSE(verify(signed_blindly_v1(entries, anna())));
}

TEST_CASE("version 1: unknown fields of entries are kept, hashed and signed") {
    Entry first = entry_of(anna(), 1);
    const std::string later = encode_v1(first) + "\x82\x01\x05later";  // field 16
    Entry second = entry_of(anna(), 2);
    second.before = head_by_hand_v1({}, later);
    const auto run =
        verify(signed_blindly_v1({later, encode_v1(second)}, first.log, second.seq, {}, anna()));

    REQUIRE(run);
    CHECK((*run)->items().front().bytes == later);
    CHECK(verify(unverified(**run)));
}

TEST_CASE("version 1: a run has at most so many entries") {
    CHECK_FALSE(verify(Run{}));
    const RunPtr greatest = run_of(limits::run_entries_max);
    CHECK(verify(unverified(*greatest)));

    auto entries = part(*greatest, 0, limits::run_entries_max);
    Entry more = entry_of(anna(), limits::run_entries_max + 1);
    more.before = greatest->head();
    entries.push_back(more);
    CHECK(verify(signed_blindly_v1(entries, anna())).why() == bad_length);
}

// A run of two entries with `bytes` bytes.
Run run_of_bytes(std::size_t bytes) {
    auto entries = part(*run_of(2), 0, 2);
    entries.back().text = std::string(40'000, 'x');
    const std::size_t now = encode_v1(entries[0]).size() + encode_v1(entries[1]).size();
    entries.back().text += std::string(bytes - now, 'x');
    return signed_blindly_v1(entries, anna());
}

TEST_CASE("version 1: a run has at most so many bytes, unless it is one entry") {
    CHECK(verify(run_of_bytes(limits::run_bytes_max)));
    CHECK(verify(run_of_bytes(limits::run_bytes_max + 1)).why() == bad_length);

    const RunPtr large =
        sign_v1(entries_of(anna(), 1, 1, std::string(limits::line_bytes_max, 'x')), anna());
    CHECK(large->byte_count() > limits::run_bytes_max);
    CHECK(verify(unverified(*large)));
    CHECK(verify(Run{{std::string(limits::entry_bytes_max + 1, 'x')}, {}}).why() == bad_length);
}

TEST_CASE("version 1: the length of a run is judged before its content") {
    CHECK(verify(Run{{"no", "entry"}, {}}).why() == "not an entry");
    Pieces many;
    while (many.size() <= limits::run_entries_max) many.push_back("no entry");
    CHECK(verify(Run{many, {}}).why() == bad_length);
    CHECK(verify(Run{{"no entry", std::string(limits::run_bytes_max, 'x')}, {}}).why() ==
          bad_length);
}

}  // namespace
}  // namespace lanchat::message_run_v1_test
