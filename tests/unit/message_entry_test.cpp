// Entries: what is taken and what is not, by the bytes alone, and the order of all lines. What
// people wrote is in message_body_test.cpp.
#include "message/entry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "tests/unit/message_fields.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::message_entry_test {
namespace {

using test::entry_of;
using test::field;
using test::varint_field;

// Of log.proto.
constexpr unsigned kind_field = 2;
constexpr unsigned room_field = 3;
constexpr unsigned name_field = 4;
constexpr unsigned previous_field = 5;
constexpr unsigned about_field = 6;

Entry first_entry() {
    Entry entry = entry_of(key_of(1), 1, "Grüße, 日本");
    entry.room = "dev";
    entry.previous = Ended{Epoch{76}, 12, hash_of("there")};
    return entry;
}

EntryPlace place_of(const Entry& entry) { return {entry.log, entry.seq, entry.before}; }

// What its bytes say without its body.
Entry without_body(Entry entry) {
    entry.text.clear();
    entry.said_id.clear();
    return entry;
}

Result<Entry> again(const Entry& entry) { return decode_entry(encode(entry), place_of(entry)); }

// Protobuf takes the last of a field that comes twice.
Result<Entry> again_with(const std::string& more, const Entry& entry = first_entry()) {
    return decode_entry(encode(entry) + more, place_of(entry));
}
bool is_taken_with(const std::string& more) { return again_with(more).operator bool(); }

template <class Change>
bool is_taken_after(Change change) {
    Entry entry = first_entry();
    change(entry);
    return again(entry).operator bool();
}

Entry meeting() {
    Entry entry = without_body(entry_of(key_of(1), 1));
    entry.kind = EntryKind::met;
    entry.met = key_of(2).id();
    return entry;
}

TEST_CASE("an entry survives its bytes") {
    REQUIRE(again(first_entry()));
    CHECK(*again(first_entry()) == without_body(first_entry()));
}

TEST_CASE("any entry survives its bytes") {
    Rng rng(5);
    for (int i = 0; i < 2000; ++i) {
        Entry entry = entry_of(key_of(static_cast<std::uint8_t>(rng.below(256))), 1 + rng.below(3));
        entry.log.epoch = Epoch{rng.next()};
        if (rng.below(2) == 0) entry.log.to = key_of(300).id();
        entry.clock = Clock{rng.next() | 1};
        entry.room = std::string(1 + rng.below(limits::room_bytes_max), 'r');
        entry.name = std::string(1 + rng.below(limits::name_code_points_max), 'n');
        if (entry.seq == 1 && rng.below(2) == 0)
            entry.previous = Ended{Epoch{rng.next()}, rng.next() | 1, hash_of(entry.name)};
        const auto taken = again(entry);
        REQUIRE(taken);
        CHECK(*taken == without_body(entry));
    }
}

TEST_CASE("an entry repeats nothing of its place, and holds nothing that people wrote") {
    Entry entry = first_entry();
    entry.said_id = "job-7";
    const std::string bytes = encode(entry);

    Entry moved = entry;
    moved.log = {key_of(2).id(), Epoch{5}, key_of(3).id()};
    moved.seq = 9;
    moved.before = hash_of("x");
    moved.text = "something else";
    moved.said_id = "job-8";
    moved.marks.urgent = true;
    moved.salt.fill(7);
    CHECK(encode(moved) == bytes);
}

TEST_CASE("an entry is not for its own author alone") {
    CHECK(is_taken_after([](Entry& entry) { entry.log.to = key_of(2).id(); }));
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.log.to = entry.log.device; }));
}

TEST_CASE("whom a log is for is part of its name") {
    const LogId open{key_of(1).id(), Epoch{7}, {}};
    LogId direct = open;
    direct.to = key_of(2).id();
    LogId other = open;
    other.to = key_of(3).id();

    CHECK(open != direct);
    CHECK(log_name(open) != log_name(direct));
    CHECK(log_name(direct) != log_name(other));
    CHECK(is_between(direct, key_of(1).id(), key_of(2).id()));
    CHECK(is_between(direct, key_of(2).id(), key_of(1).id()));
    CHECK_FALSE(is_between(direct, key_of(1).id(), key_of(3).id()));
    CHECK_FALSE(is_between(open, key_of(1).id(), DeviceId{}));
}

TEST_CASE("an entry that tells who was met survives its bytes") {
    const auto taken = again(meeting());

    REQUIRE(taken);
    CHECK(*taken == meeting());
    CHECK_FALSE(taken->is_line());
    CHECK(encode_body(meeting()).empty());
}

TEST_CASE("an entry that met nobody is kept, and says nothing") {
    const auto check_says_nothing = [](const Result<Entry>& taken) {
        REQUIRE(taken);
        CHECK(taken->kind == EntryKind::other);
        CHECK_FALSE(taken->is_line());
        CHECK(taken->met == DeviceId{});
    };
    for (const auto& bytes : {std::string(31, 'm'), std::string(33, 'm'), std::string(32, '\0'),
                              std::string(), std::string(key_of(1).id().view())})
        check_says_nothing(again_with(field(about_field, bytes), meeting()));
    check_says_nothing(again_with(field(room_field, "dev"), meeting()));
    Entry direct = meeting();
    direct.log.to = key_of(3).id();
    check_says_nothing(again(direct));
}

Entry drop(const Ended& what) {
    Entry entry = without_body(entry_of(key_of(1), 5));
    entry.kind = EntryKind::drop;
    entry.dropped = what;
    return entry;
}

TEST_CASE("an entry that takes back what was said survives its bytes") {
    const Epoch own = drop({}).log.epoch;
    for (const Ended& what : {Ended{own, 4, hash_of("line")}, Ended{Epoch{3}, 1, hash_of("line")},
                              Ended{Epoch{3}, limits::seq_max, hash_of("line")}}) {
        const auto taken = again(drop(what));
        REQUIRE(taken);
        CHECK(*taken == drop(what));
        CHECK_FALSE(taken->is_line());
        CHECK(dropped_by(*taken) ==
              Dropped{{{key_of(1).id(), what.epoch, {}}, what.seq}, what.head});
        CHECK(encode_body(*taken).empty());
    }
    Entry direct = drop({Epoch{3}, 1, hash_of("line")});
    direct.log.to = key_of(2).id();
    CHECK(dropped_by(*again(direct)).line ==
          LineId{{key_of(1).id(), Epoch{3}, key_of(2).id()}, 1});
}

TEST_CASE("an entry that takes back nothing is kept, and says nothing") {
    const auto says_nothing = [](const Result<Entry>& taken) {
        return taken && taken->kind == EntryKind::other && !taken->dropped;
    };
    const Epoch own = drop({}).log.epoch;
    CHECK(says_nothing(again(drop({own, 5, hash_of("line")}))));  // itself
    CHECK(says_nothing(again(drop({own, 6, hash_of("line")}))));
    CHECK(says_nothing(again(drop({Epoch{3}, 0, hash_of("line")}))));
    CHECK(says_nothing(again(drop({Epoch{3}, limits::seq_max + 1, hash_of("line")}))));
    const Entry good = drop({own, 4, hash_of("line")});
    CHECK(says_nothing(again_with(field(about_field, ""), good)));
    CHECK(says_nothing(again_with(field(about_field, "no log"), good)));
    CHECK(says_nothing(
        again_with(field(about_field, varint_field(2, 4) + field(3, std::string(31, 'h'))), good)));
}

TEST_CASE("an entry of a kind that is to come is kept, and says nothing") {
    for (const std::uint64_t kind : {3U, 7U, 255U, 4'000'000'000U}) {
        for (const auto& more : {std::string(), field(16, "later"), field(about_field, "whom")}) {
            const auto taken = again_with(varint_field(kind_field, kind) + more);
            REQUIRE(taken);
            Entry expected = without_body(first_entry());
            expected.kind = EntryKind::other;
            CHECK(*taken == expected);
        }
    }
}

TEST_CASE("what all kinds share decides alone whether an entry is valid, whatever its kind") {
    for (const std::uint64_t kind : {0U, 1U, 7U}) {
        const std::string of_kind = varint_field(kind_field, kind);
        CHECK(is_taken_with(of_kind));
        CHECK_FALSE(is_taken_with(of_kind + field(room_field, "\xff")));
        CHECK_FALSE(is_taken_with(of_kind + field(name_field, "")));
        CHECK_FALSE(is_taken_with(of_kind + test::fixed64_field(1, 0)));
    }
}

TEST_CASE("an entry of the general room does not say so") {
    Entry entry = first_entry();
    entry.room = general_room;

    CHECK(encode(entry).find(general_room) == std::string::npos);
    CHECK(again(entry)->room == general_room);
    CHECK(again_with(field(room_field, general_room))->room == general_room);
}

TEST_CASE("what is no entry is not taken") {
    const EntryPlace place = place_of(first_entry());
    CHECK_FALSE(decode_entry("", place));
    CHECK_FALSE(decode_entry("hello", place));
    CHECK_FALSE(decode_entry(std::string(32, '\xff'), place));
}

TEST_CASE("no beginning of an entry is an entry") {
    const Entry entry = entry_of(key_of(1), 1);
    const std::string bytes = encode(entry);  // the name, which must be there, is its end
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_entry(std::string_view(bytes).substr(0, size), place_of(entry)));
}

TEST_CASE("the head of the log before is as long as a head is") {
    const auto with_head = [](const std::string& head) {
        return is_taken_with(field(previous_field, field(3, head)));
    };
    CHECK(with_head(std::string(32, 'h')));
    CHECK_FALSE(with_head(std::string(31, 'h')));
    CHECK_FALSE(with_head(std::string(33, 'h')));
}

TEST_CASE("numbers begin with 1 and have an end") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.seq = 0; }));

    Entry later = entry_of(key_of(1), 2);
    CHECK(again(later));
    later.seq = limits::seq_max;
    CHECK(again(later));
    later.seq = limits::seq_max + 1;
    CHECK_FALSE(again(later));
}

TEST_CASE("only entry 1 names the log before, and it is another log with something in it") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.previous->seq = 0; }));
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.previous->epoch = entry.log.epoch; }));
    CHECK(is_taken_after([](Entry& entry) { entry.previous.reset(); }));

    Entry later = entry_of(key_of(1), 2);
    later.previous = first_entry().previous;
    CHECK_FALSE(again(later));
}

TEST_CASE("an entry has a clock, and any will do") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.clock = {}; }));
    CHECK(is_taken_after([](Entry& entry) { entry.clock = Clock{1}; }));
    CHECK(is_taken_after([](Entry& entry) { entry.clock = Clock{~std::uint64_t{0}}; }));
}

TEST_CASE("names and rooms have their limits") {
    const auto with_name = [](std::size_t size) {
        return is_taken_after([size](Entry& entry) { entry.name = std::string(size, 'x'); });
    };
    CHECK_FALSE(with_name(0));
    CHECK(with_name(limits::name_code_points_max));
    CHECK_FALSE(with_name(limits::name_code_points_max + 1));

    CHECK(is_taken_with(field(room_field, std::string(limits::room_bytes_max, 'r'))));
    CHECK_FALSE(is_taken_with(field(room_field, std::string(limits::room_bytes_max + 1, 'r'))));
}

TEST_CASE("names and rooms are UTF-8") {
    for (const unsigned number : {room_field, name_field}) {
        CHECK(is_taken_with(field(number, "\xe2\x82\xac")));
        for (const char* bad : {"\xff", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "a\x80"})
            CHECK_FALSE(is_taken_with(field(number, bad)));
    }
}

TEST_CASE("unknown fields are no fault and count as bytes") {
    CHECK(is_taken_with(field(16, "later")));
    CHECK(is_taken_with(field(2000, "much later")));
    CHECK(*again_with(field(16, "later")) == without_body(first_entry()));

    const std::size_t left = limits::entry_bytes_max - encode(first_entry()).size();
    const std::size_t overhead = 2 + 3;  // of field 16 and a length of three bytes
    CHECK(is_taken_with(field(16, std::string(left - overhead, 'x'))));
    CHECK_FALSE(is_taken_with(field(16, std::string(left - overhead + 1, 'x'))));
}

TEST_CASE("the greatest entry we make leaves a part of what is beside its text to later versions") {
    Entry entry = first_entry();
    entry.clock = Clock{~std::uint64_t{0}};
    entry.room = std::string(limits::room_bytes_max, 'r');
    entry.text = std::string(limits::line_bytes_max, 'x');
    entry.said_id = std::string(limits::said_id_bytes_max, 'i');
    entry.previous->seq = ~Seq{0};
    entry.name.clear();
    for (std::size_t i = 0; i < limits::name_code_points_max; ++i) entry.name += "ß";
    CHECK(again(entry));
    CHECK(encode(entry).size() + encode_body(entry).size() + 512 <= limits::entry_bytes_max);

    entry.marks.via = Via{entry.name, std::string(limits::via_bytes_max, 'b'),
                          std::vector(limits::via_passed_max, ~std::uint64_t{0})};
    entry.marks.reply_to = LineId{{key_of(2).id(), Epoch{~std::uint64_t{0}}}, limits::seq_max};
    entry.marks.urgent = entry.marks.action = true;
    CHECK(encode(entry).size() + encode_body(entry).size() + 256 <= limits::entry_bytes_max);
}

TEST_CASE("a clock is milliseconds and a counter, whatever time it is made of") {
    CHECK(Clock::at(WallTime{5}, 7).packed == (std::uint64_t{5} << 16 | 7));
    CHECK(Clock::at(WallTime{1'700'000'000'123}, 9).time() == WallTime{1'700'000'000'123});
    CHECK(Clock::at(WallTime{-1}).packed == 0);
    CHECK(Clock::at(WallTime{std::int64_t{1} << 50}, 0xFFFF).packed == ~std::uint64_t{0});
}

TEST_CASE("a message id names the log, in 26 characters, and the number of the line") {
    const LogId log{{}, Epoch{1}};
    const std::string id = message_id(log, 42);

    CHECK(id.size() == 26 + 3);
    CHECK(id.substr(26) == ":42");
    CHECK(message_id(log, 42) == id);
    CHECK(message_id({{}, Epoch{2}}, 42).substr(0, 26) != id.substr(0, 26));
    LogId other = log;
    other.device.bytes[31] = 1;
    CHECK(message_id(other, 42).substr(0, 26) != id.substr(0, 26));
}

// Few values, so that entries often agree in part.
Entry small_entry(Rng& rng) {
    Entry entry;
    entry.clock = Clock{rng.below(3)};
    entry.log.device.bytes[rng.below(2) == 0 ? 0 : 31] = static_cast<std::uint8_t>(rng.below(3));
    entry.log.epoch = Epoch{rng.below(3)};
    entry.seq = 1 + rng.below(3);
    return entry;
}

TEST_CASE("lines are ordered by clock, device, epoch and number, in this order") {
    Entry a;
    Entry b;
    const auto is_less = [&] { return comes_before(a, b) && !comes_before(b, a); };
    b.seq = 1;
    CHECK(is_less());
    a.seq = 2;
    b.log.epoch = Epoch{1};
    CHECK(is_less());
    a.log.epoch = Epoch{2};
    b.log.device.bytes[31] = 1;
    CHECK(is_less());
    a.log.device.bytes[31] = 2;
    b.clock = Clock{1};
    CHECK(is_less());
}

TEST_CASE("the order of lines is strict and total") {
    Rng rng(21);
    const auto is_same_place = [](const Entry& a, const Entry& b) {
        return a.clock == b.clock && a.log == b.log && a.seq == b.seq;
    };
    for (int i = 0; i < 20'000; ++i) {
        const Entry a = small_entry(rng);
        const Entry b = small_entry(rng);
        const Entry c = small_entry(rng);
        CHECK_FALSE(comes_before(a, a));
        CHECK(comes_before(a, b) + comes_before(b, a) == (is_same_place(a, b) ? 0 : 1));
        if (comes_before(a, b) && comes_before(b, c)) CHECK(comes_before(a, c));
    }
}

TEST_CASE("the order of lines does not depend on how they came") {
    Rng rng(22);
    const auto is_same_place = [](const Entry& a, const Entry& b) {
        return !comes_before(a, b) && !comes_before(b, a);
    };
    for (int round = 0; round < 200; ++round) {
        std::vector<Entry> entries(1 + rng.below(40));
        for (auto& entry : entries) entry = small_entry(rng);
        std::sort(entries.begin(), entries.end(), comes_before);
        entries.erase(std::unique(entries.begin(), entries.end(), is_same_place), entries.end());
        std::vector<Entry> shuffled = entries;
        for (std::size_t i = shuffled.size(); i > 1; --i)
            std::swap(shuffled[i - 1], shuffled[rng.below(i)]);
        std::sort(shuffled.begin(), shuffled.end(), comes_before);
        CHECK(shuffled == entries);
    }
}

}  // namespace
}  // namespace lanchat::message_entry_test
