// Runs that rest in a store are joined, and no answer changes for that.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "message/limits.hpp"
#include "node_stores.hpp"
#include "tests/unit/message_runs.hpp"

namespace node_store_join_test {

using namespace lanchat;
using test::places;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

constexpr auto unlimited = ~std::uint64_t{0};
constexpr WallTime much_later{24 * 3'600'000};

struct Sqlite {
    std::unique_ptr<store::Store> make() { return test::opened(folder.file()); }
    test::Folder folder;
};
struct Memory {
    std::unique_ptr<store::Store> make() { return std::make_unique<store::MemoryStore>(7); }
};

// Two who take turns, with an entry now and then that is no line.
struct Talk {
    Voice anna{1, InstanceId{1}, WallTime{1'000}};
    Voice bob{2, InstanceId{2}, WallTime{1'000}};

    void hold(store::Store& store, int turns) {
        for (int n = 0; n < turns; ++n) {
            const auto number = std::to_string(n);
            REQUIRE(store.append({anna.say({"tea " + number}, "general", "id" + number)}, {n}));
            REQUIRE(store.append({n % 5 == 4 ? bob.meet(key_of(9).id()) : bob.say({"milk"})}, {n}));
        }
    }
};

// How many runs a store gives up one by one before none but the newest are left.
std::size_t given_up(store::Store& store) {
    std::size_t runs = 0;
    while (store.trim(0, std::nullopt, 1)->lines > 0) ++runs;
    return runs;
}

}  // namespace

TEST_CASE_TEMPLATE("a talk is joined, and tells what it told before", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Talk talk;
    talk.hold(*store, 20);
    const auto newest = places(store->newest({}, 99));
    const auto arrived = places(store->arrived(5, {.met_too = true}, 99));
    const auto found = places(store->search("tea", {}, 99));
    const auto holdings = *store->holdings();

    CHECK_FALSE(*store->join_runs(much_later, store::all_runs));

    CHECK(places(store->newest({}, 99)) == newest);
    CHECK(places(store->arrived(5, {.met_too = true}, 99)) == arrived);
    CHECK(places(store->search("tea", {}, 99)) == found);
    CHECK((*store->said(talk.anna.device(), "id7"))->entry.text == "tea 7");
    CHECK(*store->holdings() == holdings);
    CHECK(store->met()->size() == 4);
    const auto runs = store->runs(talk.anna.log(), 0, 99, 99'999);
    CHECK(runs->front()->first() == 1);
    CHECK(runs->back()->last() == 20);
    CHECK(given_up(*store) == 2);  // one of each, and their newest stay
    CHECK(texts(store->newest({}, 99)) == Texts{"tea 19"});
}

TEST_CASE_TEMPLATE("of what lies between each other one is given up alone", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Talk talk;
    talk.hold(*store, 10);
    const auto lines = store->tally()->lines;
    REQUIRE_FALSE(*store->join_runs(much_later, store::all_runs));

    const auto gone = store->trim(0, std::nullopt, 1);

    CHECK(gone->lines == 9);
    CHECK(gone->raised.size() == 1);
    const bool is_anna = gone->raised.front().log == talk.anna.log();
    CHECK(store->tally()->lines == lines - (is_anna ? 9 : 8));
    CHECK(store->met()->size() == (is_anna ? 2 : 1));
    CHECK(store->search("tea", {}, 99)->size() == (is_anna ? 1 : 10));
    CHECK(store->search("milk", {}, 99)->size() == (is_anna ? 8 : 0));
    CHECK(store->arrived(0, {}, 99)->size() == (is_anna ? 9 : 10));
}

TEST_CASE_TEMPLATE("what is young, far apart, long or the last is not joined", Made, Sqlite,
                   Memory) {
    const auto runs_of = [](const std::vector<std::int64_t>& arrivals, WallTime before,
                            std::size_t bytes) {
        Made maker;
        const auto store = maker.make();
        Voice anna(InstanceId{1});
        for (const auto at : arrivals)
            REQUIRE(store->append({anna.say({std::string(bytes, 'a')})}, {at}));
        REQUIRE_FALSE(*store->join_runs(before, store::all_runs));
        return given_up(*store) + 1;
    };
    const auto hour = limits::rest_after.count();
    CHECK(runs_of({1, 2, 3, 4}, {9}, 1) == 2);
    CHECK(runs_of({1, 2, 3, 4}, {3}, 1) == 3);
    CHECK(runs_of({1, 2 + hour, 3 + hour, 4 + hour}, much_later, 1) == 3);
    CHECK(runs_of({1, 1 + hour, 3 + hour, 4 + hour}, much_later, 1) == 3);
    CHECK(runs_of({1, 2}, {9}, 1) == 2);
    CHECK(runs_of({1, 2, 3, 4}, {9}, limits::rest_bytes_max / 2) == 4);
    CHECK(runs_of(std::vector<std::int64_t>(limits::rest_entries_max + 2, 1), {9}, 1) == 3);
}

TEST_CASE_TEMPLATE("what lies far from each other is not joined", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    REQUIRE(store->append({anna.say({"a"})}, {1}));
    REQUIRE(store->append(bob.runs(1, limits::rest_arrivals_max), {1}));
    for (int n = 0; n < 3; ++n) REQUIRE(store->append({anna.say({"a"})}, {1}));

    CHECK_FALSE(*store->join_runs(much_later, store::all_runs));

    const auto runs = store->runs(anna.log(), 0, 1, 99'999);
    CHECK(runs->front()->size() == 1);
    CHECK(store->runs(anna.log(), 1, 1, 99'999)->front()->size() == 2);
}

TEST_CASE_TEMPLATE("each run is looked at once", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    for (int n = 0; n < 7; ++n) REQUIRE(store->append({anna.say({"a"})}, {n}));

    CHECK(*store->join_runs(much_later, 3));
    CHECK(*store->join_runs(much_later, 3));
    CHECK_FALSE(*store->join_runs(much_later, 3));

    CHECK(given_up(*store) == 2);
}

TEST_CASE_TEMPLATE("what is disputed is not joined", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    std::vector<RunPtr> said;
    for (int n = 0; n < 6; ++n) {
        said.push_back(anna.say({"a"}));
        REQUIRE(store->append({said.back()}, {n}));
    }
    auto entries = test::part(*said[3], 0, 1);
    entries.front().text = "b";
    REQUIRE(store->freeze(*fork_between(said[3], sign(std::move(entries), key_of(1)))));

    CHECK_FALSE(*store->join_runs(much_later, store::all_runs));

    CHECK(given_up(*store) + 1 == 5);  // two of those before it are one
}

TEST_CASE_TEMPLATE("a line of a joined run is taken back", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Talk talk;
    talk.hold(*store, 10);
    REQUIRE_FALSE(*store->join_runs(much_later, store::all_runs));
    const auto whole = store->runs(talk.anna.log(), 2, 1, 99'999)->front();

    REQUIRE(store->append(
        {test::takes_back({talk.anna.log(), 3}, talk.anna.head(3), 1, {2'000'000})}, {50}));

    CHECK(store->search("tea", {}, 99)->size() == 9);
    CHECK(store->search("milk", {}, 99)->size() == 8);
    const auto bare = store->runs(talk.anna.log(), 2, 1, 99'999)->front();
    CHECK(whole->at(3).body.size() > 0);
    CHECK(bare->at(3).body.empty());
}

TEST_CASE("joined runs are there after a restart, and fewer bytes") {
    test::Folder folder;
    Talk talk;
    const auto free_pages = [&] {
        long pages = 0;
        sqlite3* database = nullptr;
        REQUIRE(sqlite3_open(folder.file().c_str(), &database) == SQLITE_OK);
        const auto note = [](void* to, int, char** values, char**) {
            *static_cast<long*>(to) = std::stol(values[0]);
            return 0;
        };
        sqlite3_exec(database, "PRAGMA freelist_count", note, &pages, nullptr);
        sqlite3_close(database);
        return pages;
    };
    {
        const auto store = test::opened(folder.file());
        talk.hold(*store, 300);
    }
    const auto before = free_pages();
    Texts told;
    {
        const auto store = test::opened(folder.file());
        told = texts(store->newest({}, 999));
        while (*store->join_runs(much_later, 100)) {
        }
    }
    CHECK(free_pages() > before + 20);
    const auto store = test::opened(folder.file());
    CHECK(texts(store->newest({}, 999)) == told);
    CHECK(dynamic_cast<store::SqliteStore&>(*store).is_intact());
    CHECK_FALSE(std::filesystem::exists(store::suspicion_of(folder.file())));
}

TEST_CASE("what is damaged is not joined, and noted") {
    test::Folder folder;
    {
        const auto store = test::opened(folder.file());
        Voice anna(InstanceId{1});
        for (int n = 0; n < 5; ++n) REQUIRE(store->append({anna.say({"a"})}, {n}));
    }
    test::run_sql(folder.file(), "UPDATE run SET signature=zeroblob(64) WHERE last=4");
    const auto store = test::opened(folder.file());

    CHECK_FALSE(*store->join_runs(much_later, store::all_runs));

    CHECK(given_up(*store) == 4);
    CHECK(std::filesystem::exists(store::suspicion_of(folder.file())));
}

}  // namespace node_store_join_test
