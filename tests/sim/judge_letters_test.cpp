// The judge finds what is wrong with direct messages.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/sim/judge_scene.hpp"

namespace lanchat::sim {
namespace {

constexpr std::size_t letters = 6;  // what anna says to ben alone

// The good one, and one direct message in it.
History history_with_letters() {
    History history = good_history();
    for (const auto& [who, device] : {std::pair{anna, "A"}, {ben, "B"}, {carl, "C"}, {carla, "C"}})
        history.people[who].device = device;
    Person log = history.people[anna];
    log.alive = false;
    log.page_of = anna;
    log.name = "letters";
    log.to = "B";
    history.people.push_back(log);
    auto& all = history.records;
    all.push_back(record(12s, What::said, anna, letters, 1));
    all.push_back(record(12s, What::shown, ben, letters, 1));
    for (const std::size_t node : {anna, ben}) {
        all.push_back(record(12s, What::stored, node, letters, 1));
        all.push_back(record(30s, What::holds, node, letters, 1));
    }
    return history;
}

// Whether the judge finds nothing without the mutation, and this with it.
void check_finds_in_letters(const std::string& fault, const std::function<void(History&)>& mutate) {
    History history = history_with_letters();
    CHECK(judge(history).empty());
    mutate(history);
    const auto verdict = judge(history);
    CHECK(
        std::ranges::any_of(verdict, [&](const auto& words) { return words.starts_with(fault); }));
}

TEST_CASE("whoever shows or keeps what is said to another alone is found") {
    for (const What what : {What::shown, What::stored, What::loaded, What::holds})
        check_finds_in_letters("overheard: at carla", [what](History& history) {
            history.records.push_back(record(13s, what, carla, letters, 1));
        });
}

TEST_CASE("a legacy peer that hears what is said to another alone is found") {
    check_finds_in_letters("overheard: at oldie", [](History& history) {
        auto heard = record(13s, What::shown, oldie, anna, 0);
        heard.text = text_of(letters, 1);
        history.records.push_back(heard);
    });
}

TEST_CASE("a direct message that its reader never gets is found") {
    check_finds_in_letters("lost: at ben", [](History& history) {
        history.records.erase(find(history.records, What::shown, ben, letters, 1));
    });
}

TEST_CASE("two who hold different direct messages are found") {
    check_finds_in_letters("diverged", [](History& history) {
        history.records.erase(find(history.records, What::holds, ben, letters, 1));
    });
}

TEST_CASE("a direct message that waits for who is out of reach is no fault") {
    History history = history_with_letters();
    auto& records = history.records;
    for (const What what : {What::shown, What::stored, What::holds})
        records.erase(find(records, what, ben, letters, 1));
    history.people[ben].alive = false;
    std::erase_if(records,
                  [](const Record& one) { return one.what == What::holds && one.node == ben; });

    const auto verdict = judge(history);

    CHECK(std::ranges::none_of(verdict, [](const std::string& words) {
        return words.starts_with("lost: at ben, about letters");
    }));
}

}  // namespace
}  // namespace lanchat::sim
