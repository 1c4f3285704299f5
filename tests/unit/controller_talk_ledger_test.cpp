// The ledger: against a model that keeps everything, and at its bounds.
#include "controller/talk/ledger.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::controller::controller_ledger_test {
namespace {

constexpr std::uint64_t self = 7;
const LogId own_log{key_of(self).id(), Epoch{99}};

Ledger make_ledger(std::optional<Ended> previous = std::nullopt) {
    return Ledger(own_log, shared_key_of(self), OwnClock(Clock{}), previous, Salts({}));
}

// As Room makes them.
Entry line(std::string text) {
    Entry entry;
    entry.room = general_room;
    entry.name = "me";
    entry.text = std::move(text);
    return entry;
}

void say(Ledger& ledger, std::string text) {
    if (ledger.is_full()) ledger.seal();
    constexpr WallTime noon{1'700'000'000'000};
    ledger.append(Believed{noon, noon, noon}, line(std::move(text)));
}

TEST_CASE("what was said comes back in order, in runs that verify and chain") {
    Rng rng(5);
    Ledger ledger = make_ledger();
    std::vector<std::string> said;
    Seq reached = 0;
    Hash head;
    for (int i = 0; i < 3'000; ++i) {
        const std::size_t size = rng.below(400) == 0 ? rng.below(60'000) : rng.below(300);
        said.push_back(std::string(1 + size, static_cast<char>('a' + i % 26)));
        say(ledger, said.back());
        if (rng.below(40) > 0 && i < 2'999) continue;
        while (ledger.has_unsealed()) ledger.seal();
        REQUIRE(ledger.sealed() == said.size());
        REQUIRE(reached >= ledger.base());
        while (reached < ledger.head()) {
            const RunPtr run = ledger.run_after(reached).run;
            REQUIRE(run->first() == reached + 1);
            REQUIRE(run->before() == head);
            for (const auto& item : run->items()) REQUIRE(item.entry().text == said[item.seq - 1]);
            REQUIRE(verify(unverified(*run)));
            reached = run->last();
            head = run->head();
        }
    }
    CHECK(reached == said.size());
}

TEST_CASE("an empty ledger has nothing to give") {
    Ledger ledger = make_ledger();

    CHECK(ledger.head() == 0);
    CHECK(ledger.base() == 0);
    CHECK(ledger.seal() == nullptr);
    CHECK(ledger.bytes_after(0) == 0);
}

TEST_CASE("lines said together are signed together, up to a full run") {
    Ledger ledger = make_ledger();
    for (std::size_t i = 0; i < limits::run_entries_max; ++i) {
        CHECK_FALSE(ledger.is_full());
        ledger.append({}, line("x"));
    }
    CHECK(ledger.is_full());

    const RunPtr run = ledger.seal();

    CHECK(run->size() == limits::run_entries_max);
    CHECK_FALSE(ledger.has_unsealed());
    CHECK(ledger.seal() == nullptr);
}

TEST_CASE("a line that does not fit begins the next run") {
    Ledger ledger = make_ledger();
    const std::string longest(limits::line_bytes_max, 'x');
    for (int i = 0; i < 2; ++i) ledger.append({}, line("short"));
    ledger.append({}, line(longest));
    ledger.append({}, line(longest));

    CHECK(ledger.seal()->last() == 2);
    CHECK(ledger.seal()->last() == 3);
    CHECK(ledger.seal()->last() == 4);
    CHECK(ledger.bytes_after(3) > longest.size());
}

TEST_CASE("the first entry names where this device's log before ended, no other does") {
    Ledger ledger = make_ledger(Ended{Epoch{5}, 12, hash_of("head")});
    say(ledger, "one");
    say(ledger, "two");
    const RunPtr run = ledger.seal();

    CHECK(run->items()[0].entry().previous == Ended{Epoch{5}, 12, hash_of("head")});
    CHECK_FALSE(run->items()[1].entry().previous);
}

TEST_CASE("no more lines are kept at hand than the limit, give or take a run") {
    Ledger ledger = make_ledger();
    for (std::size_t i = 0; i < 2 * limits::ledger_lines_max; ++i) say(ledger, "x");
    while (ledger.has_unsealed()) ledger.seal();

    CHECK(ledger.head() - ledger.base() <= limits::ledger_lines_max);
    CHECK(ledger.head() - ledger.base() + limits::run_entries_max > limits::ledger_lines_max);
    CHECK(ledger.at(ledger.base() + 1).seq == ledger.base() + 1);
    CHECK(ledger.bytes_after(3) == ledger.bytes_after(ledger.base()));
    CHECK(ledger.bytes_after(ledger.head()) == 0);
    CHECK(ledger.bytes_after(ledger.head() + 5) == 0);
}

TEST_CASE("no more bytes are kept at hand than the limit") {
    Ledger ledger = make_ledger();
    const std::string longest(limits::line_bytes_max, 'x');
    while (ledger.base() == 0) say(ledger, longest);
    while (ledger.has_unsealed()) ledger.seal();

    CHECK(ledger.bytes_after(0) <= limits::ledger_bytes_max);
    CHECK(ledger.bytes_after(0) + 2 * limits::entry_bytes_max > limits::ledger_bytes_max);
}

TEST_CASE("bytes are counted by line, signed or not") {
    Ledger ledger = make_ledger();
    say(ledger, "one");
    const std::size_t one = ledger.bytes_after(0);
    ledger.seal();
    say(ledger, "two");

    CHECK(ledger.bytes_after(0) == 2 * one);
    CHECK(ledger.bytes_after(1) == one);
    CHECK(ledger.at(2).text == "two");
}

TEST_CASE(
    "after a page is turned lines go on in their places, in a log that names the one before") {
    Ledger ledger = make_ledger();
    for (const auto* text : {"one", "two"}) say(ledger, text);
    const RunPtr first = ledger.seal();
    ledger.turn_page(Epoch{100});
    say(ledger, "three");
    const RunPtr second = ledger.seal();

    CHECK(ledger.head() == 3);
    CHECK(ledger.log() == LogId{own_log.device, Epoch{100}});
    CHECK(second->log() == ledger.log());
    CHECK(second->first() == 1);
    CHECK(second->before() == Hash{});
    CHECK(second->items()[0].entry().previous == Ended{own_log.epoch, 2, first->head()});
    CHECK(ledger.run_after(1).last == 2);
    CHECK(ledger.run_after(2).run == second);
    CHECK(ledger.at(2).text == "two");
    CHECK(ledger.at(3).text == "three");
    CHECK(ledger.next_line() == LineId{ledger.log(), 2});
}

TEST_CASE("every line of a page has a place, and none beyond its end") {
    Ledger ledger = make_ledger();
    for (const auto* text : {"one", "two"}) say(ledger, text);
    ledger.seal();
    ledger.turn_page(Epoch{100});
    say(ledger, "three");

    CHECK(ledger.place_of(own_log, 0) == 0);
    CHECK(ledger.place_of(own_log, 2) == 2);
    CHECK_FALSE(ledger.place_of(own_log, 3));
    CHECK(ledger.place_of(ledger.log(), 0) == 2);
    CHECK(ledger.place_of(ledger.log(), 1) == 3);
    CHECK_FALSE(ledger.place_of(ledger.log(), 2));
    CHECK_FALSE(ledger.place_of({own_log.device, Epoch{5}}, 0));
}

TEST_CASE("a new page is dated anew, and old pages are forgotten one day") {
    Ledger ledger = make_ledger();
    ledger.append(Believed{WallTime{900'000}, WallTime{900'000}, WallTime{900'000}}, line("late"));
    const Believed now{WallTime{1'000}, WallTime{2'000}, WallTime{2'000}};
    CHECK(ledger.clock().is_ahead(now));
    for (std::uint64_t page = 100; page < 200; ++page) {
        ledger.seal();
        ledger.turn_page(Epoch{page});
        CHECK(ledger.append(now, line("x")).clock == Clock::at(now.time));
        CHECK_FALSE(ledger.clock().is_ahead(now));
    }
    CHECK_FALSE(ledger.place_of(own_log, 1));
    CHECK(ledger.place_of({own_log.device, Epoch{190}}, 1) == 92);
}

}  // namespace
}  // namespace lanchat::controller::controller_ledger_test
