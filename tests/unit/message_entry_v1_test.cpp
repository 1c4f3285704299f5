// Entries of version 1: what is taken and what is not, by the bytes alone, is what it always was.
#include "message/entry_v1.hpp"

#include <doctest/doctest.h>

#include <string>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "tests/unit/message_runs.hpp"
#include "tests/unit/message_v1.hpp"

namespace lanchat::message_entry_v1_test {
namespace {

using test::encode_v1;
using test::entry_of;
using test::field;

Entry first_entry() {
    Entry entry = entry_of(key_of(1), 1, "Grüße, 日本");
    entry.room = "dev";
    entry.said_id = "job-7";
    entry.previous = Ended{Epoch{76}, 12, hash_of("there")};
    return entry;
}

bool is_taken(const Entry& entry) { return static_cast<bool>(decode_entry_v1(encode_v1(entry))); }

// Protobuf takes the last of a field that comes twice.
bool is_taken_with(const std::string& more) {
    return static_cast<bool>(decode_entry_v1(encode_v1(first_entry()) + more));
}

template <class Change>
bool is_taken_after(Change change) {
    Entry entry = first_entry();
    change(entry);
    return is_taken(entry);
}

TEST_CASE("version 1: an entry survives its bytes") {
    const auto again = decode_entry_v1(encode_v1(first_entry()));

    REQUIRE(again);
    CHECK(*again == first_entry());
}

TEST_CASE("version 1: any entry survives its bytes") {
    Rng rng(5);
    for (int i = 0; i < 2000; ++i) {
        Entry entry = entry_of(key_of(static_cast<std::uint8_t>(rng.below(256))), 1 + rng.below(3),
                               std::string(1 + rng.below(300), 'x'));
        entry.log.epoch = Epoch{rng.next()};
        entry.clock = Clock{rng.next() | 1};
        entry.room = std::string(1 + rng.below(limits::room_bytes_max), 'r');
        entry.name = std::string(1 + rng.below(limits::name_code_points_max), 'n');
        entry.said_id = std::string(rng.below(limits::said_id_bytes_max + 1), 'i');
        if (entry.seq == 1 && rng.below(2) == 0)
            entry.previous = Ended{Epoch{rng.next()}, rng.next() | 1, hash_of(entry.text)};
        const auto again = decode_entry_v1(encode_v1(entry));
        REQUIRE(again);
        CHECK(*again == entry);
    }
}

TEST_CASE("version 1: an entry for one device alone survives its bytes") {
    Entry entry = first_entry();
    entry.log.to = key_of(2).id();
    const auto again = decode_entry_v1(encode_v1(entry));

    REQUIRE(again);
    CHECK(*again == entry);
    CHECK(again->log.is_direct());
}

TEST_CASE("version 1: an entry is for a whole device, and not for its own author") {
    constexpr unsigned to = 11;
    CHECK(is_taken_with(field(to, key_of(2).id().view())));
    CHECK_FALSE(is_taken_with(field(to, key_of(2).id().view().substr(1))));
    CHECK_FALSE(is_taken_with(field(to, std::string(33, 'x'))));
    CHECK_FALSE(is_taken_with(field(to, std::string(32, '\0'))));
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.log.to = entry.log.device; }));
}

TEST_CASE("version 1: an entry that tells who was met survives its bytes, and tells nothing else") {
    Entry entry = first_entry();
    entry.kind = EntryKind::met;
    entry.met = key_of(2).id();
    entry.room = general_room;
    entry.text.clear();
    entry.said_id.clear();
    const auto is_taken_after = [&](auto change) {
        Entry changed = entry;
        change(changed);
        return is_taken(changed);
    };

    const auto again = decode_entry_v1(encode_v1(entry));

    REQUIRE(again);
    CHECK(*again == entry);
    CHECK_FALSE(again->is_line());
    CHECK_FALSE(is_taken_after([](Entry& changed) { changed.text = "hello"; }));
    CHECK_FALSE(is_taken_after([](Entry& changed) { changed.said_id = "job-7"; }));
    CHECK_FALSE(is_taken_after([](Entry& changed) { changed.room = "dev"; }));
    CHECK_FALSE(is_taken_after([](Entry& changed) { changed.log.to = key_of(3).id(); }));
    CHECK_FALSE(is_taken_after([](Entry& changed) { changed.met = changed.log.device; }));
    for (const auto& bytes : {std::string(31, 'm'), std::string(33, 'm'), std::string(32, '\0')})
        CHECK_FALSE(decode_entry_v1(encode_v1(entry) + field(12, bytes)));
}

TEST_CASE("version 1: an entry of the general room does not say so") {
    Entry entry = first_entry();
    entry.room = general_room;

    CHECK(encode_v1(entry).find(general_room) == std::string::npos);
    CHECK(decode_entry_v1(encode_v1(entry))->room == general_room);
    CHECK(decode_entry_v1(encode_v1(entry) + field(6, general_room))->room == general_room);
}

TEST_CASE("version 1: what is no entry is not taken") {
    CHECK_FALSE(decode_entry_v1(""));
    CHECK_FALSE(decode_entry_v1("hello"));
    CHECK_FALSE(decode_entry_v1(std::string(32, '\xff')));
}

TEST_CASE("version 1: no beginning of an entry is an entry") {
    Entry entry = entry_of(key_of(1), 1);
    const std::string bytes = encode_v1(entry);  // the text, which must be there, is its end
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_entry_v1(std::string_view(bytes).substr(0, size)));
}

TEST_CASE("version 1: identifiers and hashes are as long as they are") {
    for (const unsigned number : {1U, 4U}) {
        const std::string fitting(32, number == 1 ? 'd' : '\0');
        CHECK(is_taken_with(field(number, fitting)));
        CHECK_FALSE(is_taken_with(field(number, fitting.substr(1))));
        CHECK_FALSE(is_taken_with(field(number, fitting + '\0')));
        CHECK_FALSE(is_taken_with(field(number, "")));
    }
    CHECK(is_taken_with(field(10, field(3, std::string(32, 'h')))));
    CHECK_FALSE(is_taken_with(field(10, field(3, std::string(31, 'h')))));
    CHECK_FALSE(is_taken_with(field(10, field(3, std::string(33, 'h')))));
}

TEST_CASE("version 1: numbers begin with 1, and only 1 has nothing before it") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.seq = 0; }));
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.before = hash_of("x"); }));

    Entry later = entry_of(key_of(1), 2);
    CHECK(is_taken(later));
    later.seq = limits::seq_max;
    CHECK(is_taken(later));
    later.seq = limits::seq_max + 1;
    CHECK_FALSE(is_taken(later));
    later.seq = 2;
    later.before = Hash{};
    CHECK_FALSE(is_taken(later));
}

TEST_CASE(
    "version 1: only entry 1 names the log before, and it is another log with something in it") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.previous->seq = 0; }));
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.previous->epoch = entry.log.epoch; }));
    CHECK(is_taken_after([](Entry& entry) { entry.previous.reset(); }));

    Entry later = entry_of(key_of(1), 2);
    later.previous = first_entry().previous;
    CHECK_FALSE(is_taken(later));
}

TEST_CASE("version 1: an entry has a clock, and any will do") {
    CHECK_FALSE(is_taken_after([](Entry& entry) { entry.clock = {}; }));
    CHECK(is_taken_after([](Entry& entry) { entry.clock = Clock{1}; }));
    CHECK(is_taken_after([](Entry& entry) { entry.clock = Clock{~std::uint64_t{0}}; }));
}

TEST_CASE("version 1: texts have their limits") {
    const auto with_text = [](std::size_t size) {
        return is_taken_after([size](Entry& entry) { entry.text = std::string(size, 'x'); });
    };
    CHECK_FALSE(with_text(0));
    CHECK(with_text(1));
    CHECK(with_text(limits::line_bytes_max));
    CHECK_FALSE(with_text(limits::line_bytes_max + 1));

    const auto with_name = [](std::size_t size) {
        return is_taken_after([size](Entry& entry) { entry.name = std::string(size, 'x'); });
    };
    CHECK_FALSE(with_name(0));
    CHECK(with_name(limits::name_code_points_max));
    CHECK_FALSE(with_name(limits::name_code_points_max + 1));

    CHECK(is_taken_with(field(6, std::string(limits::room_bytes_max, 'r'))));
    CHECK_FALSE(is_taken_with(field(6, std::string(limits::room_bytes_max + 1, 'r'))));
    CHECK(is_taken_with(field(9, std::string(limits::said_id_bytes_max, 'i'))));
    CHECK_FALSE(is_taken_with(field(9, std::string(limits::said_id_bytes_max + 1, 'i'))));
}

TEST_CASE("version 1: texts are UTF-8") {
    for (const unsigned number : {6U, 7U, 8U, 9U}) {
        CHECK(is_taken_with(field(number, "\xe2\x82\xac")));
        for (const char* bad : {"\xff", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "a\x80"})
            CHECK_FALSE(is_taken_with(field(number, bad)));
    }
}

TEST_CASE("version 1: unknown fields are no fault and count as bytes") {
    CHECK(is_taken_with(field(16, "later")));
    CHECK(is_taken_with(field(2000, "much later")));
    CHECK(*decode_entry_v1(encode_v1(first_entry()) + field(16, "later")) == first_entry());

    const std::size_t left = limits::entry_bytes_max - encode_v1(first_entry()).size();
    const std::size_t overhead = 2 + 3;  // of field 16 and a length of three bytes
    CHECK(is_taken_with(field(16, std::string(left - overhead, 'x'))));
    CHECK_FALSE(is_taken_with(field(16, std::string(left - overhead + 1, 'x'))));
}

TEST_CASE(
    "version 1: the greatest entry we make leaves half of what is beside its text to later "
    "versions") {
    Entry entry = first_entry();
    entry.clock = Clock{~std::uint64_t{0}};
    entry.room = std::string(limits::room_bytes_max, 'r');
    entry.text = std::string(limits::line_bytes_max, 'x');
    entry.said_id = std::string(limits::said_id_bytes_max, 'i');
    entry.previous->seq = ~Seq{0};
    entry.name.clear();
    for (std::size_t i = 0; i < limits::name_code_points_max; ++i) entry.name += "ß";

    CHECK(is_taken(entry));
    CHECK(encode_v1(entry).size() + 512 <= limits::entry_bytes_max);
}

}  // namespace
}  // namespace lanchat::message_entry_v1_test
