// Cut power, failed flushes and full disks: what was acknowledged is there, and nothing invented.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "node_power_disk.hpp"
#include "node_stores.hpp"

namespace node_store_power_test {

using namespace lanchat;
using test::PowerDisk;
using Fault = PowerDisk::Fault;

namespace {

constexpr auto file = "log.db";

long scaled(const char* variable, long usual) {
    const char* set = std::getenv(variable);
    return set ? std::atol(set) : usual;
}

// Small checkpoints, so that the few writes of a test meet all there is.
store::SqliteOptions options(store::Flushing flushing = store::Flushing::every_commit) {
    return {PowerDisk::name, flushing, 16, test::slow_index};
}

std::unique_ptr<store::Store> reopened(const store::SqliteOptions& how) {
    auto store = store::open_sqlite(file, how);
    return store ? std::move(*store) : nullptr;
}

// What is said in each case: signed once, since signing costs more than storing.
const std::vector<RunPtr>& speech() {
    static const auto said = [] {
        std::vector<RunPtr> runs;
        Voice anna(InstanceId{1});
        for (std::size_t n = 0; n < 15; ++n)
            runs.push_back(anna.say(std::vector<std::string>(
                1 + n % 3, "number " + std::to_string(n) + std::string(n * 37 % 900, 'x'))));
        return runs;
    }();
    return said;
}

// Says all of it until the power fails; gives the last acknowledged number. Trims now and then.
Seq say_until_cut(store::Store& store, const PowerDisk& disk) {
    Seq acknowledged = 0;
    std::size_t said = 0;
    for (const auto& run : speech()) {
        if (disk.is_out_of_power()) break;
        if (store.append({run}, {5})) acknowledged = run->last();
        if (++said % 5 == 0) (void)store.catch_up();
        if (said % 7 == 0) (void)store.trim(4'000, std::nullopt, store::all_runs);
        if (said % 4 == 0) (void)store.join_runs({6}, store::all_runs);
    }
    return acknowledged;
}

struct Verdict {
    long lost = 0;
    long invented = 0;
    long unopened = 0;
};

// The store holds a beginning of what was said, at least to `acknowledged`, and its lines are
// those.
void judge(store::Store* store, Seq acknowledged, Verdict& verdict) {
    if (!store) {
        ++verdict.unopened;
        return;
    }
    const auto holdings = store->holdings();
    const Seq held = holdings->empty() ? 0 : holdings->front().extent.base.last;
    const Seq floor = holdings->empty() ? 0 : holdings->front().extent.base.after;
    if (held < acknowledged) ++verdict.lost;
    std::map<Seq, Entry> said;
    for (const auto& run : speech())
        for (const auto& item : run->items()) said[item.seq] = item.entry();
    const auto lines = store->newest({}, 1'000);
    if (!lines || lines->size() != held - floor) {
        ++verdict.lost;
        return;
    }
    const auto found = store->search("number", {}, 1'000);
    if (!found || found->size() != lines->size()) ++verdict.lost;
    for (const auto& line : *lines)
        if (test::placed(0, line.entry) != test::placed(0, said.at(line.entry.seq)))
            ++verdict.invented;
    const auto runs = store->runs(Voice(InstanceId{1}).log(), floor, 1'000, 1'000'000);
    if (!runs || (held > 0 && (runs->empty() || runs->back()->last() != held))) ++verdict.lost;
}

Verdict cut_power(store::Flushing flushing, long cuts, std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    Verdict verdict;
    PowerDisk disk;
    { const auto made = reopened(options(flushing)); }
    disk.lose_power(rng);
    const auto empty = disk.files();
    disk.arm(Fault::none, 0);
    {
        const auto store = reopened(options(flushing));
        say_until_cut(*store, disk);
    }
    const long operations = disk.operations();
    for (long cut = 0; cut < cuts; ++cut) {
        disk.files() = empty;
        disk.arm(Fault::power, cut % operations);
        auto store = reopened(options(flushing));
        const Seq acknowledged = store ? say_until_cut(*store, disk) : 0;
        store.reset();
        disk.lose_power(rng);
        store = reopened(options(flushing));
        judge(store.get(), acknowledged, verdict);
    }
    return verdict;
}

}  // namespace

TEST_CASE("a cut of power loses nothing acknowledged and invents nothing") {
    const auto seed = static_cast<std::uint64_t>(scaled("LANCHAT_POWER_SEED", 1));
    CAPTURE(seed);
    const auto verdict =
        cut_power(store::Flushing::every_commit, scaled("LANCHAT_POWER_CUTS", 20'000), seed);
    CHECK(verdict.lost == 0);
    CHECK(verdict.invented == 0);
    CHECK(verdict.unopened == 0);
}

TEST_CASE("the test of power cuts finds a store guilty that does not flush each commit") {
    CHECK(cut_power(store::Flushing::at_checkpoints, 300, 1).lost > 0);
}

TEST_CASE("after a failed flush nothing is acknowledged that a cut of power could take") {
    std::mt19937_64 rng(1);
    Verdict verdict;
    PowerDisk disk;
    long failures = 0;
    for (long at = 0;; ++at) {
        const int times = 1 + static_cast<int>(at % 3);
        disk.files().clear();
        disk.arm(Fault::none, 0);
        auto store = reopened(options());
        disk.arm(Fault::flush, at, times);
        Seq acknowledged = 0;
        for (const auto& run : speech()) {
            auto added = store->append({run}, {5});
            // As whoever sent it does, it is tried again.
            for (int tries = 0; !added && tries < times; ++tries) {
                ++failures;
                CHECK(store->holdings()->size() == (acknowledged > 0));
                added = store->append({run}, {5});
            }
            REQUIRE(added);
            CHECK(test::texts(added).size() == run->size());
            acknowledged = run->last();
        }
        const bool struck = disk.struck();
        disk.arm(Fault::power, 0);
        store.reset();
        disk.lose_power(rng);
        store = reopened(options());
        judge(store.get(), acknowledged, verdict);
        if (!struck) break;
    }
    CHECK(failures > 10);
    CHECK(verdict.lost == 0);
    CHECK(verdict.invented == 0);
    CHECK(verdict.unopened == 0);
}

TEST_CASE("a full disk refuses with a reason, and what was stored stays usable") {
    Verdict verdict;
    PowerDisk disk;
    long refusals = 0;
    for (long at = 0;; ++at) {
        disk.files().clear();
        disk.arm(Fault::none, 0);
        auto store = reopened(options());
        disk.arm(Fault::full, at);
        for (const auto& run : speech()) {
            auto added = store->append({run}, {5});
            if (!added) {
                ++refusals;
                CHECK(added.why().find("full") != std::string::npos);
                CHECK(store->newest({}, 5));
                added = store->append({run}, {5});  // there is space again
            }
            REQUIRE(added);
        }
        const bool struck = disk.struck();
        store.reset();
        store = reopened(options());
        judge(store.get(), speech().back()->last(), verdict);
        if (!struck) break;
    }
    CHECK(refusals > 10);
    CHECK(verdict.lost == 0);
    CHECK(verdict.unopened == 0);
}

}  // namespace node_store_power_test
