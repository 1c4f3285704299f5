// Runs: nothing is taken that its author did not sign as it is. Those of version 1 are in
// message_run_v1_test.cpp.
#include "message/run.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "message/fork.hpp"
#include "message/limits.hpp"
#include "tests/unit/message_fields.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::message_run_test {
namespace {

using test::entries_of;
using test::entry_of;
using test::part;
using test::place_of;
using test::signed_blindly;

const DeviceKey& anna() {
    static const DeviceKey key = key_of(1);
    return key;
}

RunPtr run_of(std::size_t count, Seq first = 1) {
    return sign(entries_of(anna(), first, count), anna());
}

// The entries chained, then changed, then signed by their author all the same.
template <class Change>
std::string fault_of_honestly_signed(Change change) {
    auto entries = part(*run_of(4), 0, 4);
    change(entries);
    const auto run = verify(signed_blindly(entries, anna()));
    return run ? "" : run.why();
}

constexpr const char* not_following = "run whose entries do not follow each other";
constexpr const char* bad_length = "run with a bad length";

TEST_CASE("a signed run verifies and is the same") {
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
    CHECK((*again)->shared() == Shared{mine->log(), 1, {}});
    CHECK_FALSE((*again)->is_of_version_1());
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK((*again)->items()[i].entry() == mine->items()[i].entry());
        CHECK((*again)->items()[i].bytes == mine->items()[i].bytes);
        CHECK((*again)->items()[i].body == mine->items()[i].body);
        CHECK((*again)->items()[i].head == mine->items()[i].head);
    }
}

TEST_CASE("entries are chained from the first on, with their place and body") {
    const RunPtr run = run_of(3);
    Hash head;
    for (const auto& item : run->items()) {
        CHECK(item.entry().before == head);
        const EntryPlace place{run->log(), item.seq, head};
        head = test::head_by_hand(place, std::string(item.bytes), std::string(item.body));
        CHECK(item.head == head);
        CHECK(head_after(place, item.bytes, name_of_body(item.body)) == head);
        CHECK(head_after(item.entry()) == head);
    }
}

TEST_CASE("the first head of a log is that of no other log") {
    const EntryPlace place{{anna().id(), Epoch{7}, {}}, 1, {}};
    const Hash head = head_after(place, "entry", name_of_body("body"));
    EntryPlace other = place;
    other.log.device = key_of(2).id();
    CHECK(head_after(other, "entry", name_of_body("body")) != head);
    other = place;
    other.log.epoch = Epoch{8};
    CHECK(head_after(other, "entry", name_of_body("body")) != head);
    other = place;
    other.log.to = key_of(2).id();
    CHECK(head_after(other, "entry", name_of_body("body")) != head);
}

TEST_CASE("a head is that of one place, one entry and one body") {
    const EntryPlace place{{anna().id(), Epoch{7}, {}}, 2, hash_of("before")};
    const Hash head = head_after(place, "entry", name_of_body("body"));
    EntryPlace other = place;
    other.seq = 3;
    CHECK(head_after(other, "entry", name_of_body("body")) != head);
    other = place;
    other.before = {};
    CHECK(head_after(other, "entry", name_of_body("body")) != head);
    CHECK(head_after(place, "entry", name_of_body("bodx")) != head);
    CHECK(head_after(place, "entry", {}) != head);
    CHECK(head_after(place, "entry", {name_of_body("body").hash, 5}) != head);
    CHECK(head_after(place, "entrx", name_of_body("body")) != head);
}

TEST_CASE("what a run shares survives its bytes, and nothing else is taken for it") {
    const LogId open{anna().id(), Epoch{7}, {}};
    const LogId direct{anna().id(), Epoch{7}, key_of(2).id()};
    for (const LogId& log : {open, direct}) {
        for (const Shared& shared :
             {Shared{log, 1, {}}, Shared{log, 9, hash_of("before")},
              Shared{log, 1, {}, Version::two}, Shared{log, 9, hash_of("before"), Version::two}}) {
            const std::string packed = pack(shared);
            CHECK(shared_from(packed) == shared);
            for (std::size_t size = 0; size < packed.size(); ++size) {
                const auto cut = shared_from(packed.substr(0, size));
                const bool is_without_reader = cut && cut->log == open && log == direct;
                const bool is_of_other_version = cut && cut->version != shared.version;
                CHECK((!cut || is_without_reader || is_of_other_version));
            }
            CHECK_FALSE(shared_from(packed + 'x'));
        }
    }
    CHECK_FALSE(shared_from(pack(Shared{open, 1, {}}) + std::string(32, '\0')));
    for (const char version : {'\0', '\1', '\2', '\4'})
        CHECK_FALSE(shared_from(version + pack(Shared{open, 1, {}, Version::two})));
}

TEST_CASE("what is signed is what the specification says") {
    CHECK(signed_blindly(part(*run_of(4), 0, 4), anna()).signature == run_of(4)->signature());
    const RunPtr later = run_of(2, 9);
    CHECK(signed_blindly(part(*later, 0, 2), anna()).signature == later->signature());
}

// Every way to change one byte of `bytes` a little.
template <class Check>
void with_each_byte_changed(std::string bytes, Check check) {
    for (char& byte : bytes) {
        for (const int change : {1, 0x80, 0xFF}) {
            byte = static_cast<char>(byte ^ change);
            check(bytes);
            byte = static_cast<char>(byte ^ change);
        }
    }
}

TEST_CASE("no byte of a run can be changed") {
    LogId direct{anna().id(), Epoch{77}, key_of(2).id()};
    for (const LogId& log : {LogId{anna().id(), Epoch{77}, {}}, direct}) {
        for (const Seq first : {Seq{1}, Seq{9}}) {
            auto entries = entries_of(anna(), first, 3);
            for (auto& entry : entries) entry.log = log;
            const Run good = unverified(*sign(entries, anna()));
            REQUIRE(verify(good));
            for (std::size_t n = 0; n < good.entries.size(); ++n) {
                with_each_byte_changed(std::string(good.entries[n]),
                                       [&](const std::string& changed) {
                                           Run bad = good;
                                           bad.entries.replace(n, changed);
                                           CHECK_FALSE(verify(std::move(bad)));
                                       });
                with_each_byte_changed(std::string(good.bodies[n]),
                                       [&](const std::string& changed) {
                                           Run bad = good;
                                           bad.bodies.replace(n, changed);
                                           CHECK_FALSE(verify(std::move(bad)));
                                       });
            }
            with_each_byte_changed(pack(*good.shared), [&](const std::string& changed) {
                Run bad = good;
                bad.shared = shared_from(changed);
                CHECK_FALSE(verify(std::move(bad)));
            });
        }
    }
}

TEST_CASE("no bit of a signature can be changed") {
    const Run good = unverified(*run_of(3));
    for (std::size_t bit = 0; bit < 8 * good.signature.bytes.size(); ++bit) {
        Run bad = good;
        bad.signature.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        CHECK_FALSE(verify(std::move(bad)));
    }
}

TEST_CASE("a body is that of one entry") {
    auto entries = entries_of(anna(), 1, 3);
    for (std::size_t n = 0; n < entries.size(); ++n) entries[n].text = std::to_string(n);
    const Run good = unverified(*sign(entries, anna()));
    REQUIRE(verify(good));

    Run swapped = good;
    swapped.bodies.replace(0, good.bodies[2]);
    swapped.bodies.replace(2, good.bodies[0]);
    CHECK_FALSE(verify(std::move(swapped)));
    const auto is_taken_with = [&good](std::string_view body) {
        Run run = good;
        run.bodies.replace(1, body);
        return static_cast<bool>(verify(std::move(run)));
    };
    CHECK(is_taken_with(good.bodies[1]));
    CHECK_FALSE(is_taken_with(good.bodies[0]));
    CHECK_FALSE(is_taken_with(""));
    CHECK_FALSE(is_taken_with(std::string(good.bodies[1]) + '\0'));
    Run moved = good;  // a byte from the end of one to the beginning of the other
    moved.bodies.replace(1, good.bodies[0].back() + std::string(good.bodies[1]));
    moved.bodies.replace(0, good.bodies[0].substr(0, good.bodies[0].size() - 1));
    CHECK_FALSE(verify(std::move(moved)));
}

TEST_CASE("there are as many bodies as entries") {
    const Run good = unverified(*run_of(3));
    Run fewer = good;
    fewer.bodies.pop_back();
    CHECK(verify(std::move(fewer)).why() == bad_length);
    Run more = good;
    more.bodies.push_back("");
    CHECK(verify(std::move(more)).why() == bad_length);
    Run none = good;
    none.bodies = {};
    CHECK(verify(std::move(none)).why() == bad_length);
    Run of_version_1 = good;
    of_version_1.shared.reset();
    CHECK(verify(std::move(of_version_1)).why() == bad_length);
}

// Without one of its entries.
Run without(Run run, std::size_t n) {
    run.entries.erase(n);
    run.bodies.erase(n);
    return run;
}

TEST_CASE("nothing can be put in, left out at the end or moved") {
    const Run good = unverified(*run_of(3));
    for (std::size_t n = 0; n < 3; ++n) CHECK_FALSE(verify(without(good, n)));

    Run longer = good;
    longer.entries.push_back(unverified(*run_of(4)).entries.back());
    longer.bodies.push_back(unverified(*run_of(4)).bodies.back());
    CHECK_FALSE(verify(std::move(longer)));

    Run swapped = good;
    for (Pieces Run::*part : {&Run::entries, &Run::bodies})
        swapped.*part = {(good.*part)[1], (good.*part)[0], (good.*part)[2]};
    CHECK_FALSE(verify(std::move(swapped)));

    Run padded = good;
    padded.entries.replace(2, std::string(good.entries.back()) + '\0');
    CHECK_FALSE(verify(std::move(padded)));
}

TEST_CASE("the end of a run is a run: its signature is over the whole log up to there") {
    Run end = without(unverified(*run_of(3)), 0);
    end.shared = Shared{run_of(1)->log(), 2, run_of(1)->head()};
    const auto run = verify(std::move(end));

    REQUIRE(run);
    CHECK((*run)->first() == 2);
    CHECK((*run)->before() == run_of(1)->head());
}

TEST_CASE("a signature is for one place of one log") {
    const Run good = unverified(*run_of(1));
    const auto is_taken = [&](auto change) {
        Run moved = good;
        change(*moved.shared);
        return verify(std::move(moved)).operator bool();
    };
    CHECK(is_taken([](Shared&) {}));
    CHECK_FALSE(is_taken([](Shared& place) { place.log.epoch = Epoch{78}; }));
    CHECK_FALSE(is_taken([](Shared& place) { place.log.device = key_of(2).id(); }));
    CHECK_FALSE(is_taken([](Shared& place) { place.log.to = key_of(2).id(); }));
    CHECK_FALSE(is_taken([](Shared& place) { place.first = 2; }));
    CHECK_FALSE(is_taken([](Shared& place) { place = {place.log, 2, hash_of("x")}; }));
}

TEST_CASE("an entry has something before it, unless it is the first") {
    const auto is_taken = [](Seq first, const Hash& before) {
        Entry entry = entry_of(anna(), first);
        entry.before = before;
        return verify(signed_blindly({entry}, anna())).operator bool();
    };
    CHECK(is_taken(1, {}));
    CHECK(is_taken(2, hash_of("x")));
    CHECK_FALSE(is_taken(1, hash_of("x")));
    CHECK_FALSE(is_taken(2, {}));
    CHECK_FALSE(is_taken(0, {}));
    CHECK_FALSE(is_taken(0, hash_of("x")));
}

TEST_CASE("entries cannot be replayed into another log or at another number") {
    const RunPtr run = run_of(1);
    const auto item = run->items().front();
    LogId other = run->log();
    other.epoch = Epoch{78};
    for (const Shared& place : {Shared{other, 1, {}}, Shared{run->log(), 2, hash_of("x")}}) {
        Run replayed =
            signed_blindly({std::string(item.bytes)}, {std::string(item.body)}, place, anna());
        REQUIRE(verify(replayed));
        replayed.signature = run->signature();
        CHECK_FALSE(verify(std::move(replayed)));
    }
}

TEST_CASE("nobody signs for somebody else") {
    const auto entries = part(*run_of(2), 0, 2);
    CHECK(verify(signed_blindly(entries, anna())));
    CHECK_FALSE(verify(signed_blindly(entries, key_of(2))));
}

TEST_CASE("even its author cannot sign an entry for itself alone") {
    auto entries = part(*run_of(4), 0, 4);
    for (auto& entry : entries) entry.log.to = anna().id();
    CHECK(verify(signed_blindly(entries, anna())).why() == "entry for its own author alone");
}

TEST_CASE("all entries of a run are for the device that it names, or for everybody") {
    for (const DeviceId& to : {DeviceId{}, key_of(2).id()}) {
        auto entries = entries_of(anna(), 1, 3);
        for (auto& entry : entries) entry.log.to = to;
        const auto run = verify(unverified(*sign(entries, anna())));
        REQUIRE(run);
        CHECK((*run)->log().to == to);
        for (const auto& item : (*run)->items()) CHECK(item.entry().log.to == to);
    }
}

TEST_CASE("clocks rise within a run") {
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

TEST_CASE("an invalid entry spoils its run, whoever signed it") {
    CHECK(fault_of_honestly_signed([](auto& entries) { entries.back().name.clear(); }) ==
          "entry with a bad name");
}

TEST_CASE("the greatest number has none after it") {
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
    CHECK_FALSE(verify(signed_blindly(entries, anna())));
    CHECK_FALSE(verify(signed_blindly({next}, anna())));
    next.seq = ~Seq{0};  // the one after it would be 0
    entries = {next, next};
    entries.back().clock.packed -= 1;
    std::swap(entries.front().clock, entries.back().clock);
    CHECK_FALSE(verify(signed_blindly(entries, anna())));
}

TEST_CASE("unknown fields of entries and bodies are kept, hashed and signed") {
    const Entry first = entry_of(anna(), 1);
    const Entry second = entry_of(anna(), 2);
    const std::string more = test::field(16, "later");
    const auto run = verify(signed_blindly({encode(first) + more, encode(second)},
                                           {encode_body(first), encode_body(second) + more},
                                           place_of(first), anna()));

    REQUIRE(run);
    CHECK((*run)->items().front().bytes == encode(first) + more);
    CHECK((*run)->items().back().body == encode_body(second) + more);
    CHECK((*run)->items().back().entry().text == second.text);
    CHECK(verify(unverified(**run)));
}

TEST_CASE("what makes no sense to us is taken, kept and relayed as it came, and is no line") {
    const Entry entry = entry_of(anna(), 1);
    const std::string short_of_salt(15, 's');
    std::vector<std::string> entries;
    for (Seq seq = 1; seq <= 3; ++seq) entries.push_back(encode(entry_of(anna(), seq)));
    entries[1] += test::varint_field(2, 7) + test::field(16, "later");
    const auto kept =
        verify(signed_blindly(entries, {short_of_salt, "what for?", ""}, place_of(entry), anna()));

    REQUIRE(kept);
    for (const auto& item : (*kept)->items()) {
        CHECK(item.entry().kind == EntryKind::other);
        CHECK_FALSE(item.entry().is_line());
    }
    const Run relayed = unverified(**kept);
    CHECK(relayed.entries == Pieces(entries.begin(), entries.end()));
    CHECK(relayed.bodies == Pieces{short_of_salt, "what for?", ""});
    CHECK((*verify(relayed))->head() == (*kept)->head());
}

TEST_CASE("a run has at most so many entries") {
    CHECK_FALSE(verify(Run{}));
    const RunPtr greatest = run_of(limits::run_entries_max);
    CHECK(verify(unverified(*greatest)));

    auto entries = part(*greatest, 0, limits::run_entries_max);
    Entry more = entry_of(anna(), limits::run_entries_max + 1);
    more.before = greatest->head();
    entries.push_back(more);
    CHECK(verify(signed_blindly(entries, anna())).why() == bad_length);
}

// A run of two entries with `bytes` bytes.
Run run_of_bytes(std::size_t bytes) {
    auto entries = part(*run_of(2), 0, 2);
    entries.back().text = std::string(40'000, 'x');
    std::size_t now = 0;
    for (const auto& entry : entries) now += encode(entry).size() + encode_body(entry).size();
    entries.back().text += std::string(bytes - now, 'x');
    return signed_blindly(entries, anna());
}

TEST_CASE("a run has at most so many bytes, unless it is one entry") {
    CHECK(verify(run_of_bytes(limits::run_bytes_max)));
    CHECK(verify(run_of_bytes(limits::run_bytes_max + 1)).why() == bad_length);

    const RunPtr large =
        sign(entries_of(anna(), 1, 1, std::string(limits::line_bytes_max, 'x')), anna());
    CHECK(large->byte_count() > limits::run_bytes_max);
    CHECK(verify(unverified(*large)));
    const auto one_of = [](std::size_t bytes) {
        return Run{{std::string(5, 'x')},
                   {},
                   Shared{run_of(1)->log(), 1, {}},
                   {std::string(bytes - 5, 'x')}};
    };
    CHECK(verify(one_of(limits::entry_bytes_max)).why() == "not an entry");
    CHECK(verify(one_of(limits::entry_bytes_max + 1)).why() == bad_length);
}

TEST_CASE("the length of a run is judged before its content") {
    const auto why = [](const Pieces& entries, const Pieces& bodies) {
        return verify(Run{entries, {}, Shared{run_of(1)->log(), 1, {}}, bodies}).why();
    };
    CHECK(why({"no", "entry"}, {"", ""}) == "not an entry");
    Pieces many;
    while (many.size() <= limits::run_entries_max) many.push_back("no entry");
    CHECK(why(many, many) == bad_length);
    CHECK(why({"no entry", "no entry"}, {"", std::string(limits::run_bytes_max, 'x')}) ==
          bad_length);
}

}  // namespace
}  // namespace lanchat::message_run_test
