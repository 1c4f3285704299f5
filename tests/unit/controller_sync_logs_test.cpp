// Logs at hand and at rest: nobody need know which are.
#include "controller/sync/logs.hpp"

#include <doctest/doctest.h>

#include "tests/unit/log_voice.hpp"

namespace lanchat::controller::controller_logs_test {
namespace {

constexpr std::size_t few = 4;

void take_and_store(Logs& logs, const RunPtr& run) {
    REQUIRE(logs.take(*run) == Logs::Verdict::fresh);
    logs.stored(*run);
    logs.tidy();
}

// `count` processes of one device say a line each.
std::vector<Voice> starts(std::uint64_t count) {
    std::vector<Voice> voices;
    for (std::uint64_t n = 1; n <= count; ++n) {
        voices.emplace_back(7, InstanceId{n}, WallTime{1'000});
        voices.back().say({"hi"});
    }
    return voices;
}

}  // namespace

TEST_CASE("logs to which nothing happens rest, and are found as they were") {
    auto voices = starts(100);
    Logs all;
    Logs some({}, {}, few);
    for (Voice& voice : voices) {
        take_and_store(all, voice.run(1, 1));
        take_and_store(some, voice.run(1, 1));
    }
    CHECK(all.at_hand().size() == voices.size());
    CHECK(some.at_hand().size() <= 3 * few);

    for (const Voice& voice : voices) {
        CHECK(some.extent(voice.log()) == all.extent(voice.log()));
        CHECK(some.stored_of(voice.log()) == all.stored_of(voice.log()));
        some.tidy();
    }
    CHECK(some.at_hand().size() <= 3 * few);
    CHECK(some.summary().all() == all.summary().all());
    CHECK(some.find({voices.front().device(), Epoch{999}, {}}) == nullptr);
}

TEST_CASE("a log goes on from where it rested, in any part of its life") {
    auto voices = starts(30);
    Logs logs({}, {}, few);
    for (Voice& voice : voices) take_and_store(logs, voice.run(1, 1));
    Voice& first = voices.front();

    CHECK(logs.take(*first.run(1, 1)) == Logs::Verdict::known);
    take_and_store(logs, first.say({"again"}));
    CHECK(logs.extent(first.log()).last() == 2);
    logs.trimmed(first.log(), 1, first.head(1));
    for (Voice& voice : voices) (void)logs.find(voice.log()), logs.tidy();
    for (Voice& voice : voices) (void)logs.find(voice.log()), logs.tidy();
    CHECK(logs.extent(first.log()).base == Stretch{1, first.head(1), 2, first.head(2)});
    CHECK(logs.extent(first.log()).floor == 1);
    CHECK(logs.take(*first.run(1, 2)) == Logs::Verdict::known);

    CHECK(logs.freeze(first.log(), 2));
    for (Voice& voice : voices) (void)logs.find(voice.log()), logs.tidy();
    CHECK(logs.at_hand().contains(first.log()));
    CHECK(logs.extent(first.log()).forked == 2);
}

TEST_CASE("what is not on the disk, incomplete or said to one device alone stays at hand") {
    Logs logs({}, {}, 1);
    Voice unflushed(InstanceId{1});
    Voice incomplete(InstanceId{2});
    Voice direct = Voice(InstanceId{3}).to(key_of(9).id());
    REQUIRE(logs.take(*unflushed.run(1, 1)) == Logs::Verdict::fresh);
    REQUIRE(logs.take(*incomplete.run(5, 6), true) == Logs::Verdict::fresh);
    logs.stored(*incomplete.run(5, 6));
    take_and_store(logs, direct.run(1, 1));
    for (Voice& voice : starts(20)) take_and_store(logs, voice.run(1, 1));

    for (const Voice* voice : {&unflushed, &incomplete, &direct})
        CHECK(logs.at_hand().contains(voice->log()));
}

TEST_CASE("a start with very many logs at rest is as one with all of them at hand") {
    constexpr std::uint64_t many = 20'000;
    Logs::Map held;
    Leaves resting;
    for (std::uint64_t n = 0; n < many; ++n) {
        LogId log;
        log.device.bytes.front() = static_cast<std::uint8_t>(n * 31);
        log.epoch = Epoch{~n};
        Extent extent;
        extent.base = {0, {}, n % 5 + 1, hash_of(std::to_string(n))};
        extent.newest = Clock{n};
        REQUIRE(may_rest(log, extent));
        held[log] = {extent, extent, false};
        resting.add(log, extent);
    }
    Logs at_hand(held, {}, 2 * many);
    Logs at_rest({}, std::move(resting));

    CHECK(at_hand.at_hand().size() == many);
    CHECK(at_rest.at_hand().empty());
    CHECK(at_rest.summary().all() == at_hand.summary().all());
    for (const auto& [log, known] : held) CHECK(*at_rest.find(log) == known);
    Voice next(InstanceId{1});
    CHECK(at_rest.take(*next.run(1, 1)) == Logs::Verdict::fresh);
}

}  // namespace lanchat::controller::controller_logs_test
