// The judge finds whatever belongs to one key and goes to another.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/sim/judge_scene.hpp"

namespace lanchat::sim {
namespace {

constexpr std::size_t mallory = 6;   // shows the instance of ben and has a key of her own
constexpr std::size_t whispers = 7;  // what anna says to ben alone

// The good one, with somebody who is linked with anna until the quiet time.
History history_with_impostor() {
    History history = good_history();
    for (const auto& [who, device] : {std::pair{anna, "A"}, {ben, "B"}, {carl, "C"}, {carla, "C"}})
        history.people[who].device = device;
    history.people.push_back({Kind::stranger, true, true, false, "mallory", "M", {}});
    Person log = history.people[anna];
    log.alive = false;
    log.page_of = anna;
    log.name = "letters";
    log.to = "B";
    history.people.push_back(log);
    return history;
}

Record between(What what, std::size_t node, std::size_t peer, std::size_t speaker) {
    return record(13s, what, node, peer, speaker);
}

void check_finds_key(const std::string& fault, const std::function<void(Records&)>& plant) {
    History history = history_with_impostor();
    CHECK(judge(history).empty());
    plant(history.records);
    const auto verdict = judge(history);
    CHECK(
        std::ranges::any_of(verdict, [&](const auto& words) { return words.starts_with(fault); }));
}

TEST_CASE("whoever has the place of another key is found") {
    check_finds_key("place of another key: at anna, about ben", [](Records& records) {
        records.push_back(between(What::placed, anna, ben, mallory));
    });
}

TEST_CASE("a process that has the place of another one of its key is no fault") {
    History history = history_with_impostor();
    history.records.push_back(between(What::placed, anna, carl, carla));

    CHECK(judge(history).empty());
}

TEST_CASE("a direct message that is sent to a wrong key is found") {
    check_finds_key("told to a wrong key: at anna", [](Records& records) {
        records.push_back(between(What::told, anna, whispers, ben));
        records.push_back(between(What::told, anna, whispers, mallory));
    });
}

TEST_CASE("a direct message that is sent to whom it is for, or back to its author, is no fault") {
    History history = history_with_impostor();
    history.records.push_back(between(What::told, anna, whispers, ben));
    history.records.push_back(between(What::told, ben, whispers, anna));

    CHECK(judge(history).empty());
}

TEST_CASE("a receipt that is sent to a wrong key is found") {
    check_finds_key("receipt to a wrong key: at anna, about ben", [](Records& records) {
        records.push_back(between(What::carried, anna, ben, ben));
        records.push_back(between(What::carried, anna, ben, mallory));
    });
}

TEST_CASE("an acknowledgement that somebody else gave is found, unless it was its own") {
    History history = history_with_impostor();
    auto& records = history.records;
    auto told = record(13s, What::delivered, anna, anna, 20);
    told.delivered = 3;  // ben and carla have it on their disks
    records.push_back(told);
    const auto verdict = judge(history);
    CHECK(std::ranges::any_of(verdict, [](const auto& words) {
        return words.starts_with("delivered and not stored: at anna");
    }));

    records.insert(records.begin(), record(1s, What::up, anna, mallory, 0));
    CHECK(judge(history).empty());
}

}  // namespace
}  // namespace lanchat::sim
