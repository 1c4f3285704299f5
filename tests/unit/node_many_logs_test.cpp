// A store after very many starts, and what begins with it.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>

#include "controller/sync/logs.hpp"
#include "node_stores.hpp"

namespace node_many_logs_test {

using namespace lanchat;

namespace {

bool is_full() { return std::getenv("LANCHAT_FULL") != nullptr; }

// More than anybody starts in a life where LANCHAT_FULL is set; LANCHAT_STARTS says another count.
std::uint64_t starts() {
    if (const char* set = std::getenv("LANCHAT_STARTS")) return std::strtoull(set, nullptr, 10);
    return is_full() ? 1'000'000 : 100'000;
}

RunPtr first_line_of(std::uint64_t device, std::uint64_t process) {
    static std::map<std::uint64_t, DeviceKey> keys;
    const DeviceKey& key = keys.try_emplace(device, key_of(device)).first->second;
    Entry entry;
    entry.log = log_of(key.id(), InstanceId{process});
    entry.seq = 1;
    entry.clock = Clock::at({static_cast<std::int64_t>(1'000 + process)});
    entry.room = general_room;
    entry.name = "build";
    entry.text = "up";
    return sign({entry}, key);
}

void start_often(store::Store& store, std::uint64_t devices, std::uint64_t starts) {
    std::vector<RunPtr> runs;
    const auto flush = [&] {
        REQUIRE(store.append(runs, {1}));
        runs.clear();
    };
    for (std::uint64_t process = 1; process <= starts; ++process)
        for (std::uint64_t device = 1; device <= devices; ++device) {
            runs.push_back(first_line_of(device, process));
            if (runs.size() == 1'024) flush();
        }
    flush();
}

// What a room is given that begins with the store.
controller::Logs logs_in(store::Store& store) {
    controller::Logs::Map held;
    controller::Leaves resting;
    const auto failure = store.each_holding([&](const store::Holding& holding) {
        REQUIRE(controller::may_rest(holding.log, holding.extent));
        resting.add(holding.log, holding.extent);
    });
    REQUIRE_FALSE(failure);
    return controller::Logs(held, std::move(resting));
}

void check_after_starts(std::uint64_t devices, std::uint64_t starts) {
    test::Folder folder;
    start_often(*test::opened(folder.file()), devices, starts);
    const auto began = std::chrono::steady_clock::now();
    const auto store = test::opened(folder.file());
    auto logs = logs_in(*store);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (is_full()) MESSAGE("begins with ", devices * starts, " logs in ", took.count(), " s");
    const auto& on_disk = dynamic_cast<store::SqliteStore&>(*store);

    CHECK(on_disk.at_hand() <= store::logs_at_hand);
    CHECK(logs.at_hand().empty());
    CHECK(store->tally()->logs == devices * starts);
    CHECK(store->trim(~std::uint64_t{0}, std::nullopt, 4'096)->lines == 0);
    CHECK(on_disk.retention().plans() == 0);

    const RunPtr again = first_line_of(1, 1);
    const RunPtr next = first_line_of(1, starts + 1);
    CHECK(logs.take(*again) == controller::Logs::Verdict::known);
    CHECK(logs.take(*next) == controller::Logs::Verdict::fresh);
    CHECK(logs.at_hand().size() == 2);
    CHECK(store->append({again}, {2})->empty());
    CHECK(store->append({next}, {2})->size() == 1);
    CHECK(store->runs(again->log(), 0, 9, 9'999)->front()->head() == again->head());
    CHECK(on_disk.at_hand() <= store::logs_at_hand);
}

}  // namespace

TEST_CASE("one device that started very often is started with, and its next start taken") {
    check_after_starts(1, starts());
}

TEST_CASE("many devices that started often are started with, and their next starts taken") {
    check_after_starts(1'000, starts() / 1'000);
}

TEST_CASE("a log that was not looked at for long goes on though the disk altered its row") {
    test::Folder folder;
    constexpr std::uint64_t enough = store::logs_at_hand;
    start_often(*test::opened(folder.file()), 1, enough);
    test::run_sql(folder.file(), "UPDATE log SET state=zeroblob(length(state)) WHERE log=1");
    const RunPtr first = first_line_of(1, 1);
    {
        const auto store = test::opened(folder.file());
        CHECK(store->runs(first->log(), 0, 9, 9'999)->size() == 1);
        CHECK(store->append({first}, {2})->empty());
        CHECK(store->append({first_line_of(1, enough + 1)}, {2})->size() == 1);
        CHECK_FALSE(store->holdings());
    }

    const auto recovered = store::open_or_recover(folder.file());

    REQUIRE(recovered);
    CHECK_FALSE(recovered->report.empty());
    CHECK(recovered->store->holdings()->size() == enough + 1);
}

}  // namespace node_many_logs_test
