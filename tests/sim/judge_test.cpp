// The judge is judged: each planted fault must be found, and by its name.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/sim/judge_scene.hpp"

namespace lanchat::sim {
namespace {

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

TEST_CASE("a new line that is taken for history is found") {
    check_finds("present as history", [](History& history) {
        find(history.records, What::shown, ben, anna, 12)->history = true;
    });
}

TEST_CASE("a line from before the start that is taken for a new one is found") {
    check_finds("history as present",
                [](History& history) { history.people[carla].born = Instant{} + 9s; });
}

TEST_CASE("a line shown twice is found") {
    check_finds("duplicate", [](History& history) {
        const auto line = *find(history.records, What::shown, ben, anna, 5);
        history.records.push_back(line);
    });
}

TEST_CASE("two lines in the wrong order are found") {
    check_finds("inverted", [](History& history) {
        auto& records = history.records;
        const auto early = find(records, What::shown, ben, anna, 5);
        std::rotate(early, early + 1, find(records, What::shown, ben, anna, 6) + 1);
    });
}

TEST_CASE("a line dropped from the middle is found where the next one is shown") {
    check_finds("inverted", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, 5));
    });
}

TEST_CASE("a line lost although its author is alive is found") {
    check_finds("lost: at ben", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, lines));
    });
}

TEST_CASE("a line that one has and another has not is found although its author is dead") {
    check_finds("lost: at ben", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, carl, carls_lines));
    });
}

TEST_CASE("a line of the dead that nobody has is no fault") {
    History history = good_history();
    history.records.insert(find(history.records, What::down, anna, carl, 0),
                           record(4s, What::said, carl, carl, carls_lines + 1));

    CHECK(judge(history).empty());
}

TEST_CASE("a line that only its living author has is found") {
    check_finds("lost: at anna", [](History& history) {
        history.records.push_back(record(20s, What::said, ben, ben, lines + 1));
    });
}

TEST_CASE("a line shown before and after a restart is found") {
    check_finds("duplicate", [](History& history) {
        auto again = *find(history.records, What::shown, carl, anna, 2);
        again.node = carla;
        history.records.push_back(again);
    });
}

TEST_CASE("a line that was not flushed before the crash may be shown again after it") {
    History history = good_history();
    auto& records = history.records;
    records.erase(find(records, What::stored, carl, anna, carls_lines));
    find(records, What::loaded, carla, anna, carls_lines)->number = carls_lines - 1;
    auto again = *find(records, What::shown, carl, anna, carls_lines);
    again.node = carla;
    records.insert(find(records, What::up, carla, anna, 0), again);

    CHECK(judge(history).empty());
}

TEST_CASE("what was flushed and is not there after a restart is found") {
    check_finds("flushed and forgotten", [](History& history) {
        find(history.records, What::loaded, carla, carl, carls_lines)->number = 1;
    });
}

TEST_CASE("a restored backup may hold less than was flushed") {
    History history = good_history();
    auto& records = history.records;
    history.people[carla].follows.reset();
    find(records, What::loaded, carla, carl, carls_lines)->number = carls_lines - 1;
    auto again = record(5s, What::shown, carla, carl, carls_lines);
    records.insert(find(records, What::up, carla, anna, 0), again);

    CHECK(judge(history).empty());
}

TEST_CASE("a line on the disk that nobody said is found") {
    check_finds("phantom", [](History& history) {
        find(history.records, What::loaded, carla, carl, carls_lines)->number = carls_lines + 1;
    });
}

TEST_CASE("a line that is stored and never shown is found") {
    check_finds("stored and not shown", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, anna, lines));
    });
}

TEST_CASE("a line with a number that was never given is found") {
    check_finds("phantom", [](History& history) {
        history.records.push_back(record(21s, What::shown, ben, anna, lines + 1));
    });
}

TEST_CASE("a number given to two lines is found") {
    check_finds("number said twice", [](History& history) {
        history.records.push_back(record(21s, What::said, anna, anna, 5));
    });
}

TEST_CASE("a line that is dated wrongly where most clocks are right is found") {
    for (const std::int64_t off : {-3'600'000, 3'600'000}) {
        const auto date = [off](History& history) {
            find(history.records, What::said, anna, anna, 15)->ahead_ms = off;
        };
        check_finds("dated wrongly: at anna", [&](History& history) {
            date(history);
            find(history.records, What::said, anna, anna, 15)->clocks_agree = true;
        });
        History history = good_history();
        date(history);
        CHECK(judge(history).empty());
    }
}

TEST_CASE("a line that is dated before one that it may answer is found") {
    const auto date_back = [](History& history) {
        find(history.records, What::said, ben, ben, lines)->clock = 18;  // long ago
    };
    check_finds("answered before it was asked: at ben", date_back);
    // Whoever sees others, or has not told its clock yet, goes by other clocks.
    const auto is_found = [&](const Record& change) {
        History history = good_history();
        date_back(history);
        const auto after = std::ranges::find_if(
            history.records, [&](const Record& r) { return r.when > change.when; });
        history.records.insert(after, change);
        history.people[eve].alive = true;
        const auto faults = judge(history);
        return std::ranges::any_of(faults, [](const std::string& fault) {
            return fault.starts_with("answered before it was asked");
        });
    };
    CHECK(is_found(record(1s, What::clock_set, anna, anna, 0)));
    CHECK_FALSE(is_found(record(10s, What::clock_set, anna, anna, 0)));
    CHECK_FALSE(is_found(record(10s, What::up, anna, eve, 0)));
}

// Anna is told that `delivered` have her line, and `missing` have not.
void deliver(History& history, std::uint64_t number, std::uint32_t delivered,
             std::uint32_t missing) {
    Record told = record(number * 1s, What::delivered, anna, anna, number);
    told.delivered = delivered;
    told.missing = missing;
    const auto after =
        std::ranges::find_if(history.records, [&](const Record& r) { return r.when > told.when; });
    history.records.insert(after, told);
}

TEST_CASE("a line that is counted where it is not is found") {
    const auto meet_eve = [](History& history) {
        meet(history.records, 2s, anna, eve);
        history.records.push_back(record(3s, What::down, anna, eve, 0));
        history.records.push_back(record(3s, What::down, eve, anna, 0));
        std::ranges::stable_sort(history.records, {}, &Record::when);
    };
    History history = good_history();
    meet_eve(history);
    deliver(history, 15, 2 + 1, 0);  // whatever eve says, she may have it
    CHECK(judge(history).empty());
    check_finds("delivered and not stored: at anna", [&](History& changed) {
        meet_eve(changed);
        deliver(changed, 15, 2 + 2, 0);
    });
}

TEST_CASE("a line that is counted where its body is not is found") {
    History history = good_history();
    history.records.push_back(record(14s, What::lacks, ben, anna, 15));
    History filled = history;
    filled.records.push_back(record(14s, What::filled, ben, anna, 15));
    for (History* each : {&history, &filled}) {
        std::ranges::stable_sort(each->records, {}, &Record::when);
        deliver(*each, 15, 2, 0);
    }
    CHECK_FALSE(judge(history).empty());
    CHECK(judge(filled).empty());
}

TEST_CASE("a line of the quiet time that is not known to be everywhere is found") {
    check_finds("everywhere and not known to be: at anna", [](History& history) {
        history.all_is_told = true;
        deliver(history, 15, 1, 1);
    });
    History history = good_history();
    history.all_is_told = true;
    deliver(history, 5, 1, 1);  // said before
    deliver(history, 15, 1, 1);
    deliver(history, 15, 2, 0);
    CHECK(judge(history).empty());
}

TEST_CASE("a second log of one process is another author's, and reports of it are the process's") {
    History history = good_history();
    Person page = history.people[anna];
    page.alive = false;
    page.page_of = anna;
    page.name = "page";
    const std::size_t author = history.people.size();
    history.people.push_back(page);
    auto& all = history.records;
    all.push_back(record(8s, What::said, anna, author, 1));
    for (const std::size_t reader : {ben, carla})
        all.push_back(record(8s, What::shown, reader, author, 1));
    for (const std::size_t node : {anna, ben, carla})
        all.push_back(record(30s, What::holds, node, author, 1));
    CHECK(judge(history).empty());

    std::erase_if(all, [&](const Record& r) {
        return r.node == ben && r.peer == author && r.what == What::shown;
    });
    const auto verdict = judge(history);
    CHECK(std::ranges::any_of(
        verdict, [](const auto& words) { return words.starts_with("lost: at ben, about page"); }));
}

TEST_CASE("a log that ends in another head at one node is found") {
    check_finds("diverged: at ben", [](History& history) {
        find(history.records, What::holds, ben, anna, lines)->text = 1;
    });
}

TEST_CASE("a log that ends earlier at one node is found") {
    check_finds("diverged: at ben", [](History& history) {
        find(history.records, What::holds, ben, anna, lines)->number = lines - 1;
    });
}

TEST_CASE("a log that one node does not hold is found") {
    check_finds("diverged", [](History& history) {
        history.records.erase(find(history.records, What::holds, ben, carl, carls_lines));
    });
}

// All know that Eve forked her log at its fourth line.
void fork_eve(History& history) {
    for (const std::size_t node : {anna, ben, carla}) {
        history.records.push_back(record(30s, What::holds, node, eve, 3));
        history.records.push_back(record(30s, What::forked, node, eve, 4));
    }
}

TEST_CASE("a log that is forked at the same place everywhere is good") {
    History history = good_history();
    fork_eve(history);

    CHECK(judge(history).empty());
}

TEST_CASE("a log that is forked elsewhere, or not known to be, at one node is found") {
    check_finds("forked apart: at ben", [](History& history) {
        fork_eve(history);
        find(history.records, What::forked, ben, eve, 4)->number = 5;
    });
    check_finds("forked apart: at ben", [](History& history) {
        fork_eve(history);
        history.records.erase(find(history.records, What::forked, ben, eve, 4));
    });
}

TEST_CASE("a forked log that ends in another head at one node is found") {
    check_finds("forked apart: at ben", [](History& history) {
        fork_eve(history);
        find(history.records, What::holds, ben, eve, 3)->text = 1;
    });
}

TEST_CASE("nodes that never stop to exchange are found") {
    check_finds("stuck", [](History& history) {
        history.records.push_back(record(26s, What::exchanged, ben, ben, 0));
    });
}

TEST_CASE("two who cannot reach each other need not meet") {
    History history = good_history();
    auto& records = history.records;
    records.erase(find(records, What::up, anna, ben, 0));
    records.erase(find(records, What::up, ben, anna, 0));
    history.apart.insert({anna, ben});

    CHECK(judge(history).empty());
}

// Anna leaves in good order at the end, and Ben lacks her last line.
History farewell() {
    History history = good_history();
    auto& records = history.records;
    history.people[anna].alive = false;
    std::erase_if(records, [](const Record& r) {
        const bool last_line = r.peer == anna && r.number == lines && r.node != anna &&
                               r.what != What::said && r.node != oldie;
        return last_line || (r.what == What::holds && r.node == anna);
    });
    for (const std::size_t node : {ben, carla})
        records.push_back(record(30s, What::holds, node, anna, lines - 1));
    history.quiet_from = history.still_from = Instant::max();
    for (const std::size_t node : {ben, carla})
        records.push_back(record(31s, What::down, node, anna, 0));
    return history;
}

TEST_CASE("who leaves and does not report what others lack is found") {
    check_finds("lost and not reported", [](History& history) { history = farewell(); });
}

TEST_CASE("who leaves and reports what others lack is good") {
    History history = farewell();
    for (const std::size_t node : {ben, carla})
        history.records.push_back(record(32s, What::undelivered, anna, node, 1));

    CHECK(judge(history).empty());
}

TEST_CASE("a report of fewer lines than were lost is found") {
    check_finds("lost and not reported: at ben", [](History& history) {
        history = farewell();
        history.records.push_back(record(32s, What::undelivered, anna, carla, 1));
    });
}

TEST_CASE("a report of more lines than were said is found") {
    check_finds("reported more than was said", [](History& history) {
        history.records.push_back(record(30s, What::undelivered, anna, ben, lines + 1));
    });
}

TEST_CASE("a line that nobody said is found") {
    check_finds("phantom", [](History& history) {
        find(history.records, What::shown, ben, anna, 5)->text = fingerprint("other words");
    });
}

TEST_CASE("a line that comes through others while its author is away is good") {
    History history = good_history();
    auto& records = history.records;
    const auto down = find(records, What::down, ben, carl, 0);
    const Record late = *find(records, What::shown, ben, carl, carls_lines);
    records.insert(down + 1, late);
    records.erase(find(records, What::shown, ben, carl, carls_lines));
    records.erase(find(records, What::stored, ben, carl, carls_lines));

    CHECK(judge(history).empty());
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

TEST_CASE("a hostile member may stay") {
    History history = good_history();
    history.people[eve].alive = true;
    history.records.push_back(record(20s, What::up, anna, eve, 0));

    CHECK(judge(history).empty());
}

TEST_CASE("a peer who never came is found") {
    check_finds("missing", [](History& history) {
        history.people.push_back({Kind::lanchat, true, true, false, "late", {}, {}});
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

}  // namespace
}  // namespace lanchat::sim
