// The judge is judged: each planted fault must be found, and by its name.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/sim/history.hpp"

namespace lanchat::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t anna = 0;
constexpr std::size_t ben = 1;
constexpr std::size_t eve = 2;     // a stranger
constexpr std::size_t oldie = 3;   // the original program
constexpr std::size_t lines = 20;  // of each

std::uint64_t text_of(std::size_t author, std::uint64_t number) {
    return fingerprint(std::to_string(author) + ":" + std::to_string(number));
}

Record record(Duration when, What what, std::size_t node, std::size_t peer, std::uint64_t number) {
    const bool line = what == What::said || what == What::shown;
    const std::uint64_t shown_number = peer == oldie && line ? 0 : number;
    return {Instant{} + when, what, node, peer, shown_number, line ? text_of(peer, number) : 0,
            DownReason::lost};
}

// Two nodes and an original talk; half of it in the quiet time.
History good_history() {
    History history;
    history.people = {{Kind::lanchat, true, true, false, "anna"},
                      {Kind::lanchat, true, true, false, "ben"},
                      {Kind::stranger, false, true, false, "eve"},
                      {Kind::legacy, true, true, false, "oldie"}};
    history.quiet_from = Instant{} + 10s;
    auto& all = history.records;
    all = {record(1s, What::up, anna, ben, 0), record(1s, What::up, ben, anna, 0),
           record(1s, What::up, anna, oldie, 0), record(1s, What::up, ben, oldie, 0)};
    for (std::uint64_t i = 1; i <= lines; ++i)
        for (const std::size_t author : {anna, ben, oldie}) {
            const Duration when = i * 1s;
            all.push_back(record(when, What::said, author, author, i));
            for (const std::size_t reader : {anna, ben, oldie})
                if (reader != author) all.push_back(record(when, What::shown, reader, author, i));
        }
    return history;
}

using Records = std::vector<Record>;

Records::iterator find(Records& records, What what, std::size_t node, std::size_t peer,
                       std::uint64_t number) {
    return std::ranges::find_if(records, [&](const Record& r) {
        return r.what == what && r.node == node && r.peer == peer &&
               (r.number == number || r.text == text_of(peer, number));
    });
}

// Whether the judge finds exactly what it should after the mutation.
void check_finds(const std::string& fault, const std::function<void(History&)>& mutation) {
    History history = good_history();
    mutation(history);
    const auto verdict = judge(history);
    INFO("expected: " << fault);
    REQUIRE_FALSE(verdict.empty());
    CHECK(
        std::ranges::any_of(verdict, [&](const auto& words) { return words.starts_with(fault); }));
}

TEST_CASE("a history without fault passes") { CHECK(judge(good_history()).empty()); }

TEST_CASE("a line shown twice is found") {
    check_finds("duplicate", [](History& history) {
        const auto line = *find(history.records, What::shown, ben, anna, 5);
        history.records.push_back(line);
    });
}

TEST_CASE("two lines in the wrong order are found") {
    check_finds("inversion", [](History& history) {
        auto& records = history.records;
        const auto early = find(records, What::shown, ben, anna, 5);
        std::rotate(early, early + 1, find(records, What::shown, ben, anna, 6) + 1);
    });
}

TEST_CASE("a line lost without a report is found") {
    check_finds("lost and not reported", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, 5));
    });
}

TEST_CASE("a lost line that its author reported passes") {
    History history = good_history();
    history.records.erase(find(history.records, What::shown, ben, anna, 5));
    history.records.push_back(record(30s, What::undelivered, anna, ben, 1));

    CHECK(judge(history).empty());
}

TEST_CASE("a report of fewer lines than were lost is found") {
    check_finds("lost and not reported", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, 5));
        history.records.erase(find(history.records, What::shown, ben, anna, 6));
        history.records.push_back(record(30s, What::undelivered, anna, ben, 1));
    });
}

TEST_CASE("a report of more lines than were said is found") {
    check_finds("reported more than was said", [](History& history) {
        history.records.push_back(record(30s, What::undelivered, anna, ben, lines + 1));
    });
}

TEST_CASE("a line lost in the quiet time is found although it was reported") {
    check_finds("lost in the quiet time", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, 15));
        history.records.push_back(record(30s, What::undelivered, anna, ben, 1));
    });
}

TEST_CASE("a line that nobody said is found") {
    check_finds("phantom", [](History& history) {
        find(history.records, What::shown, ben, anna, 5)->text = fingerprint("other words");
    });
}

TEST_CASE("a line from somebody who is not up is found") {
    check_finds("line from who is not up", [](History& history) {
        history.records.erase(find(history.records, What::up, ben, anna, 0));
    });
}

TEST_CASE("a peer who is still listed after its end is found") {
    check_finds("ghost", [](History& history) { history.people[ben].alive = false; });
}

TEST_CASE("a stranger who is still listed is found") {
    check_finds("ghost", [](History& history) {
        history.records.push_back(record(9s, What::up, anna, eve, 0));
        std::ranges::stable_sort(history.records, {}, &Record::when);
    });
}

TEST_CASE("a peer who never came is found") {
    check_finds("missing", [](History& history) {
        history.people.push_back({Kind::lanchat, true, true, false, "late"});
    });
}

TEST_CASE("a peer who came twice is found") {
    check_finds("up twice", [](History& history) {
        history.records.insert(history.records.begin(), record(1s, What::up, anna, ben, 0));
    });
}

TEST_CASE("a peer who went without having come is found") {
    check_finds("down without up", [](History& history) {
        history.records.insert(history.records.begin(), record(1s, What::down, anna, ben, 0));
    });
}

TEST_CASE("a peer who goes and comes in the quiet time is found") {
    check_finds("flap", [](History& history) {
        history.records.push_back(record(25s, What::down, anna, ben, 0));
        history.records.push_back(record(26s, What::up, anna, ben, 0));
    });
}

TEST_CASE("a legacy peer that misses a quiet line is found") {
    check_finds("lost in the quiet time", [](History& history) {
        history.records.erase(find(history.records, What::shown, oldie, anna, 15));
    });
}

TEST_CASE("a legacy peer's line shown twice is found") {
    check_finds("duplicate", [](History& history) {
        history.records.push_back(*find(history.records, What::shown, anna, oldie, 15));
    });
}

TEST_CASE("what died with a killed author need not be reported") {
    History history = good_history();
    history.people.push_back({Kind::lanchat, false, true, true, "victim"});
    auto& records = history.records;
    records.insert(records.begin() + 4,
                   {record(1s, What::up, anna, 4, 0), record(1s, What::up, 4, anna, 0),
                    record(1s, What::said, 4, 4, 1), record(1s, What::down, anna, 4, 0)});

    CHECK(judge(history).empty());
}

}  // namespace
}  // namespace lanchat::sim
