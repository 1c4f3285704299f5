// Forked logs in both stores: the proof is kept, and what lies behind it stays as disputed.
#include <doctest/doctest.h>

#include <fstream>

#include "node_stores.hpp"

namespace node_store_forks_test {

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

constexpr std::uint64_t unlimited = ~std::uint64_t{0};

struct Sqlite {
    std::unique_ptr<store::Store> make() { return test::opened(folder.file()); }
    test::Folder folder;
};
struct Memory {
    std::unique_ptr<store::Store> make() { return std::make_unique<store::MemoryStore>(7); }
};

// Two branches of one log that part behind line 4, and a third that parts behind line 2.
struct Branches {
    Voice a{InstanceId{7}};
    Voice b{InstanceId{7}};
    Voice c{InstanceId{7}};
    Branches() {
        a.run(1, 4);
        b.run(1, 4);
        c.run(1, 2);
        a.say({"a 5", "a 6", "a 7", "a 8"});
        b.say({"b 5", "b 6", "b 7", "b 8"});
        c.say({"c 3", "c 4", "c 5"});
    }
    Fork fork(Seq first = 1) { return *fork_between(a.run(first, 8), b.run(first, 8)); }
    Fork lower() { return *fork_between(a.run(1, 8), c.run(1, 5)); }
};

// Of the lines that are shown, those that are disputed.
Texts disputed(const Result<std::vector<store::Line>>& lines) {
    Texts found;
    for (const auto& line : *lines)
        if (line.disputed) found.push_back(line.entry.text);
    return found;
}

std::vector<std::pair<Seq, Seq>> cuts(const Result<std::vector<RunPtr>>& runs) {
    std::vector<std::pair<Seq, Seq>> found;
    for (const RunPtr& run : *runs) found.emplace_back(run->first(), run->last());
    return found;
}

void check_is_frozen(store::Store& store, Branches& said) {
    const Extent held = store.holdings()->front().extent;
    CHECK(held.base == Stretch{0, {}, 4, said.a.head(4)});
    CHECK(held.forked == 5);
    CHECK(held.newest == said.a.run(4, 4)->items()[0].clock);
    const auto proof = store.proof_of(said.a.log());
    REQUIRE((proof && *proof));
    CHECK((*proof)->seq == 5);
}

}  // namespace

TEST_CASE_TEMPLATE(
    "a forked log ends before the fork, and what lies behind it is shown as disputed", Made, Sqlite,
    Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->append({said.a.run(1, 3), said.a.run(4, 6), said.a.run(7, 8)}, {5}));

    const auto left = store->freeze(said.fork());

    REQUIRE(left);
    CHECK(*left == store->holdings()->front().extent);
    check_is_frozen(*store, said);
    const Texts behind{"a 5", "a 6", "a 7", "a 8"};
    CHECK(texts(store->newest({}, 9)).size() == 8);
    CHECK(disputed(store->newest({}, 9)) == behind);
    CHECK(disputed(store->arrived(0, {}, 9)) == behind);
    CHECK(disputed(store->search("a", {}, 9)) == behind);
}

TEST_CASE_TEMPLATE("of a forked log the runs are given that hold something before the fork", Made,
                   Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->append({said.a.run(1, 3), said.a.run(4, 6), said.a.run(7, 8)}, {5}));
    REQUIRE(store->freeze(said.fork()));

    using Cuts = std::vector<std::pair<Seq, Seq>>;
    CHECK(cuts(store->runs(said.a.log(), 0, 99, 99'999)) == Cuts{{1, 3}, {4, 6}});
    CHECK(cuts(store->runs_back_from(said.a.log(), 99, 99, 99'999)) == Cuts{{4, 6}, {1, 3}});
    CHECK(store->runs(said.a.log(), 6, 99, 99'999)->empty());
}

TEST_CASE_TEMPLATE("a forked log grows up to the fork and no further", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->freeze(said.fork()));
    CHECK(store->holdings()->front().extent.size() == 0);

    CHECK(texts(store->append({said.a.run(1, 2), said.a.run(2, 6), said.a.run(7, 8)}, {5})) ==
          Texts{"line 1", "line 2", "line 3", "line 4"});
    check_is_frozen(*store, said);
    CHECK(texts(store->append({said.b.run(5, 8), said.b.run(1, 8)}, {5})).empty());
}

TEST_CASE_TEMPLATE("only a lower place than the one that is known changes anything", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->append({said.a.run(1, 8)}, {5}));
    REQUIRE(store->freeze(said.fork(6)));
    CHECK(store->holdings()->front().extent.last() == 5);
    REQUIRE(store->freeze(said.lower()));
    CHECK(store->holdings()->front().extent.base == Stretch{0, {}, 2, said.a.head(2)});

    const auto left = store->freeze(said.fork());

    REQUIRE(left);
    CHECK(left->forked == 3);
    CHECK((*store->proof_of(said.a.log()))->seq == 3);
    CHECK(disputed(store->newest({}, 9)).size() == 6);
}

TEST_CASE_TEMPLATE("both parts of a log are cut, or go", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->append({said.a.run(1, 2), said.a.run(4, 5), said.a.run(6, 8)}, {5}));
    REQUIRE(store->freeze(said.fork(6)));
    CHECK(store->holdings()->front().extent.tail == Stretch{3, said.a.head(3), 5, said.a.head(5)});
    REQUIRE(store->freeze(said.lower()));
    CHECK_FALSE(store->holdings()->front().extent.tail);
    CHECK(store->holdings()->front().extent.base.last == 2);
    CHECK(store->holdings()->front().extent.newest == said.a.run(2, 2)->items()[0].clock);
}

TEST_CASE_TEMPLATE("a forked log is trimmed from its beginning, and its disputed lines last", Made,
                   Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Branches said;
    REQUIRE(store->append({said.a.run(1, 3)}, {5}));
    REQUIRE(store->append({said.a.run(4, 6)}, {6}));
    REQUIRE(store->append({said.a.run(7, 7)}, {7}));
    REQUIRE(store->append({said.a.run(8, 8)}, {8}));
    REQUIRE(store->freeze(said.fork()));

    REQUIRE(store->trim(unlimited, WallTime{6}, store::all_runs));
    CHECK(store->holdings()->front().extent.base.after == 3);
    REQUIRE(store->trim(unlimited, WallTime{99}, store::all_runs));

    const Extent held = store->holdings()->front().extent;
    CHECK(held.floor == 4);
    CHECK(held.size() == 0);
    CHECK(held.newest == Clock{});
    CHECK(texts(store->newest({}, 9)) == Texts{"a 8"});
    CHECK(texts(store->append({said.a.run(1, 6)}, {9})).empty());
}

TEST_CASE("a store that is opened again knows of forks") {
    Sqlite maker;
    Branches said;
    REQUIRE(maker.make()->append({said.a.run(1, 3), said.a.run(4, 8)}, {5}));
    REQUIRE(maker.make()->freeze(said.fork()));
    const auto store = maker.make();
    check_is_frozen(*store, said);
    CHECK(disputed(store->newest({}, 9)).size() == 4);
}

TEST_CASE("a log that is forked at its first line is opened again with its proof alone") {
    Sqlite maker;
    Voice a(InstanceId{7});
    Voice b(InstanceId{7}, "other");
    REQUIRE(maker.make()->freeze(*fork_between(a.run(1, 2), b.run(1, 2))));
    const auto store = maker.make();
    REQUIRE(store->holdings()->size() == 1);
    CHECK(store->holdings()->front().extent.forked == 1);
    CHECK((*store->proof_of(a.log()))->seq == 1);
    CHECK(texts(store->append({a.run(1, 2)}, {5})).empty());
}

TEST_CASE("a forked log of a damaged store is as forked in the new one") {
    Sqlite maker;
    Branches said;
    {
        const auto store = maker.make();
        REQUIRE(store->append({said.a.run(1, 3), said.a.run(4, 8)}, {5}));
        REQUIRE(store->append({Voice(InstanceId{8}).run(1, 2)}, {5}));
        REQUIRE(store->freeze(said.fork()));
    }
    test::run_sql(maker.folder.file(), "UPDATE run SET head=zeroblob(32) WHERE run=9");
    std::ofstream(store::suspicion_of(maker.folder.file())) << ' ';

    const auto mended = store::open_or_recover(maker.folder.file());

    REQUIRE(mended);
    CHECK_FALSE(mended->report.empty());
    const auto proof = mended->store->proof_of(said.a.log());
    REQUIRE((proof && *proof));
    CHECK((*proof)->seq == 5);
    CHECK(disputed(mended->store->newest({}, 99)).size() == 4);
    const auto holdings = mended->store->holdings();
    for (const auto& [log, extent] : *holdings)
        CHECK(extent.forked == (log == said.a.log() ? 5U : 0U));
}

TEST_CASE("a damaged proof is not given to anybody") {
    Sqlite maker;
    Branches said;
    REQUIRE(maker.make()->freeze(said.fork()));
    test::run_sql(maker.folder.file(),
                  "UPDATE fork SET entries=other_entries, signature=other_signature");

    CHECK_FALSE(maker.make()->proof_of(said.a.log()));
    CHECK(std::filesystem::exists(store::suspicion_of(maker.folder.file())));
}

}  // namespace node_store_forks_test
