// Bodies: what people wrote, and the marks beside it. What makes no sense is no line, and no fault.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "message/salts.hpp"
#include "tests/unit/message_fields.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::message_body_test {
namespace {

using test::entry_of;
using test::field;
using test::fixed64_field;
using test::varint_field;

// Of `Text`, `Via` and `Line` in log.proto.
constexpr unsigned text_field = 1;
constexpr unsigned said_id_field = 2;
constexpr unsigned via_field = 3;
constexpr unsigned reply_field = 4;
constexpr unsigned urgent_field = 5;
constexpr unsigned action_field = 6;
constexpr unsigned via_name = 1;
constexpr unsigned via_through = 2;
constexpr unsigned via_passed = 3;
constexpr unsigned line_device = 1;
constexpr unsigned line_epoch = 2;
constexpr unsigned line_seq = 3;

const std::string salt(sizeof(Salt), 's');

LogId log_to(const DeviceId& to) { return {key_of(1).id(), Epoch{77}, to}; }

Entry full_entry() {
    Entry entry = entry_of(key_of(1), 1, "Grüße, 日本");
    entry.said_id = "job-7";
    entry.marks.via = Via{"Zoë", "irc", {5, ~std::uint64_t{0}}};
    entry.marks.reply_to = LineId{{key_of(2).id(), Epoch{9}}, 12};
    entry.marks.urgent = entry.marks.action = true;
    for (std::size_t n = 0; n < entry.salt.size(); ++n)
        entry.salt[n] = static_cast<std::uint8_t>(n * 17);
    return entry;
}

// An entry of `log` with that body, whatever is in it.
Entry with_body(const std::string& body, const LogId& log = log_to({})) {
    Entry entry = entry_of(key_of(1), 1);
    entry.log = log;
    auto taken = decode_entry(encode(entry), {entry.log, entry.seq, entry.before});
    REQUIRE(taken);
    take_body(body, *taken);
    return *taken;
}
Entry again(const Entry& entry) { return with_body(encode_body(entry), entry.log); }

// Beside a text that can be read.
Entry saying(const std::string& more, const LogId& log = log_to({})) {
    return with_body(salt + field(text_field, "hi") + more, log);
}

bool says_nothing(const Entry& entry) {
    return entry.kind == EntryKind::other && !entry.is_line() && entry.text.empty() &&
           entry.said_id.empty() && entry.room == general_room && entry.name == "anna";
}

TEST_CASE("a body survives its bytes, with all that may be in it") {
    CHECK(again(full_entry()) == full_entry());
    CHECK(again(entry_of(key_of(1), 1)) == entry_of(key_of(1), 1));
}

TEST_CASE("any body survives its bytes") {
    Rng rng(6);
    for (int i = 0; i < 2'000; ++i) {
        Entry entry = entry_of(key_of(1), 1, std::string(1 + rng.below(300), 'x'));
        entry.said_id = std::string(rng.below(limits::said_id_bytes_max + 1), 'i');
        for (auto& byte : entry.salt) byte = static_cast<std::uint8_t>(rng.next());
        if (rng.below(2) == 0) {
            auto& via = entry.marks.via.emplace();
            via.name = std::string(1 + rng.below(limits::name_code_points_max), 'n');
            via.through = std::string(1 + rng.below(limits::via_bytes_max), 't');
            for (auto n = rng.below(limits::via_passed_max + 1); n > 0; --n)
                via.passed.push_back(rng.next());
        }
        if (rng.below(2) == 0)
            entry.marks.reply_to =
                LineId{{key_of(2).id(), Epoch{rng.next()}}, 1 + rng.below(limits::seq_max)};
        entry.marks.urgent = rng.below(2) == 0;
        entry.marks.action = rng.below(2) == 0;
        CHECK(again(entry) == entry);
    }
}

TEST_CASE("a body is its salt, then what people wrote") {
    Entry entry = entry_of(key_of(1), 1, "hi");
    entry.salt.fill('s');
    entry.said_id = "id";
    CHECK(encode_body(entry) == salt + field(text_field, "hi") + field(said_id_field, "id"));

    entry = full_entry();
    const std::string passed = std::string("\x05\0\0\0\0\0\0\0", 8) + std::string(8, '\xff');
    CHECK(encode_body(entry).substr(sizeof(Salt)) ==
          field(text_field, entry.text) + field(said_id_field, "job-7") +
              field(via_field, field(via_name, "Zoë") + field(via_through, "irc") +
                                   field(via_passed, passed)) +
              field(reply_field, field(line_device, key_of(2).id().view()) +
                                     fixed64_field(line_epoch, 9) + varint_field(line_seq, 12)) +
              varint_field(urgent_field, 1) + varint_field(action_field, 1));
}

TEST_CASE("a body in which there is nothing to read makes an entry that says nothing") {
    CHECK(says_nothing(with_body("")));
    CHECK(says_nothing(with_body(salt)));
    CHECK(says_nothing(with_body(salt + field(text_field, ""))));
    CHECK(says_nothing(with_body(salt + field(said_id_field, "id"))));
    CHECK(says_nothing(with_body(salt + "no protobuf")));
    const std::string text = field(text_field, "hello, hello, hello, hello");
    CHECK_FALSE(says_nothing(with_body(salt + text)));
    for (std::size_t size = 0; size < salt.size(); ++size) {
        CHECK(says_nothing(with_body(salt.substr(0, size))));
        CHECK(says_nothing(with_body(salt.substr(0, size) + text)));
    }
}

TEST_CASE("a text has its limits") {
    const auto with_text = [](const std::string& text) {
        return with_body(salt + field(text_field, text));
    };
    for (const std::size_t size : {std::size_t{1}, limits::line_bytes_max})
        CHECK(with_text(std::string(size, 'x')).text.size() == size);
    CHECK(says_nothing(with_text(std::string(limits::line_bytes_max + 1, 'x'))));
    CHECK(with_text("\xe2\x82\xac").is_line());
    for (const char* bad : {"\xff", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "a\x80"})
        CHECK(says_nothing(with_text(bad)));
}

TEST_CASE("the id of a caller has its limits") {
    const auto with_id = [](const std::string& id) { return saying(field(said_id_field, id)); };
    CHECK(with_id(std::string(limits::said_id_bytes_max, 'i')).is_line());
    CHECK(says_nothing(with_id(std::string(limits::said_id_bytes_max + 1, 'i'))));
    CHECK(says_nothing(with_id("a\x80")));
}

TEST_CASE(
    "who speaks for somebody says for whom, or nothing: it would be taken for its own words") {
    const auto with_via = [](const std::string& via) { return saying(field(via_field, via)); };
    const auto passed = [](std::size_t bridges) {
        std::string bytes;
        for (std::size_t n = 0; n < bridges; ++n) bytes += fixed64_field(via_passed, n);
        return bytes;
    };
    const std::string whom = field(via_name, "Zoë");
    const std::string through = field(via_through, "irc");
    CHECK(with_via(whom + through).marks.via == Via{"Zoë", "irc", {}});
    CHECK(with_via(whom + through + passed(2)).marks.via == Via{"Zoë", "irc", {0, 1}});
    CHECK(with_via(whom + through + passed(limits::via_passed_max)).is_line());
    CHECK(says_nothing(with_via(whom + through + passed(limits::via_passed_max + 1))));

    CHECK(says_nothing(with_via("")));
    CHECK(says_nothing(with_via(whom)));
    CHECK(says_nothing(with_via(through)));
    for (const auto& bad :
         {std::string(limits::name_code_points_max + 1, 'n'), std::string("\xff")})
        CHECK(says_nothing(with_via(through + field(via_name, bad))));
    const std::string longest(limits::via_bytes_max, 't');
    CHECK(with_via(whom + field(via_through, longest)).is_line());
    CHECK(says_nothing(with_via(whom + field(via_through, longest + "t"))));
    CHECK(says_nothing(with_via(whom + field(via_through, "\xff"))));
}

std::string reply(std::string_view device, Seq seq, std::uint64_t epoch = 9) {
    return field(reply_field, field(line_device, device) + fixed64_field(line_epoch, epoch) +
                                  varint_field(line_seq, seq));
}

TEST_CASE("a reply is to a line of anybody, where all read all") {
    const auto other = key_of(2).id();
    CHECK(saying(reply(other.view(), 12)).marks.reply_to == LineId{{other, Epoch{9}}, 12});
    CHECK(saying(reply(key_of(1).id().view(), 1)).marks.reply_to ==
          LineId{{key_of(1).id(), Epoch{9}}, 1});
    CHECK(saying(reply(other.view(), limits::seq_max)).marks.reply_to);
}

TEST_CASE("a reply among two is to a line of one of the two, for the other") {
    const auto self = key_of(1).id();
    const auto other = key_of(2).id();
    const auto to = [&](const DeviceId& device) {
        return saying(reply(device.view(), 12), log_to(other)).marks.reply_to;
    };
    CHECK(to(other) == LineId{{other, Epoch{9}, self}, 12});
    CHECK(to(self) == LineId{{self, Epoch{9}, other}, 12});
    CHECK_FALSE(to(key_of(3).id()));

    for (const DeviceId& device : {self, other}) {
        Entry entry = entry_of(key_of(1), 1);
        entry.log = log_to(other);
        entry.marks.reply_to = to(device);
        CHECK(again(entry) == entry);
    }
}

TEST_CASE("a reply to no line is left out, the text is shown") {
    const std::string other(key_of(2).id().view());
    const auto check_left_out = [](const Entry& entry) {
        CHECK(entry.is_line());
        CHECK(entry.text == "hi");
        CHECK_FALSE(entry.marks.reply_to);
    };
    check_left_out(saying(reply(other, 0)));
    check_left_out(saying(reply(other, limits::seq_max + 1)));
    check_left_out(saying(reply(other.substr(1), 12)));
    check_left_out(saying(reply(other + 'x', 12)));
    check_left_out(saying(field(reply_field, "")));
    check_left_out(saying(reply(key_of(3).id().view(), 12), log_to(key_of(2).id())));
}

TEST_CASE("marks are there when they are set, and unknown fields are no fault") {
    CHECK_FALSE(saying("").marks.urgent);
    CHECK(saying(varint_field(urgent_field, 1)).marks.urgent);
    CHECK_FALSE(saying(varint_field(urgent_field, 1)).marks.action);
    CHECK(saying(varint_field(action_field, 1)).marks.action);
    CHECK(saying(field(16, "later") + field(2000, "much later")) == saying(""));
}

TEST_CASE("only an entry of kind text has a body") {
    Entry met = entry_of(key_of(1), 1, "");
    met.kind = EntryKind::met;
    met.met = key_of(2).id();
    const Entry before = met;
    take_body(salt + field(text_field, "hi"), met);
    CHECK(met == before);

    Entry other = entry_of(key_of(1), 1, "");
    other.kind = EntryKind::other;
    take_body(salt + field(text_field, "hi"), other);
    CHECK(other.text.empty());
    CHECK(other.kind == EntryKind::other);
}

TEST_CASE("no body has the hash of another, nor that of its own text") {
    CHECK(name_of_body("") == BodyName{});
    CHECK(name_of_body("hi") == BodyName{test::hash_for("lanchat/body/3", "hi"), 2});
    CHECK(name_of_body("hi", Version::two) == BodyName{hash_of("lanchat/body/1hi"), 2});
    CHECK(name_of_body("hi") != name_of_body("ho"));
    CHECK(name_of_body("hi").hash != hash_of("hi"));
}

TEST_CASE("of two lines that say the same nobody can tell it by their hashes") {
    Salts salts({1, 2, 3});
    const auto name = [&](const LogId& log, Seq seq, Salts drawn) {
        Entry entry = entry_of(key_of(1), seq, "yes");
        entry.log = log;
        entry.salt = drawn.of(log, seq);
        return name_of_body(encode_body(entry)).hash;
    };
    LogId later = log_to({});
    later.epoch = Epoch{78};
    const std::set<Hash> names{name(log_to({}), 1, salts),
                               name(log_to({}), 2, salts),
                               name(log_to({}), 3, salts),
                               name(log_to(key_of(2).id()), 1, salts),
                               name(later, 1, salts),
                               name({key_of(2).id(), Epoch{77}}, 1, salts),
                               name(log_to({}), 1, Salts({1, 2, 4}))};

    CHECK(names.size() == 7);
    CHECK(name(log_to({}), 1, salts) == name(log_to({}), 1, Salts({1, 2, 3})));

    // Whatever was drawn before.
    const Salt third = salts.of(log_to({}), 3);
    CHECK(salts.of(log_to({}), 2) != third);
    CHECK(salts.of(later, 3) != third);
    CHECK(salts.of(log_to({}), 3) == third);
}

}  // namespace
}  // namespace lanchat::message_body_test
