// Both stores keep the contract of store.hpp.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "node_stores.hpp"

namespace node_store_test {

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

std::vector<std::string> refused_words() {
    return {"",
            "\"",
            "'",
            "*",
            "-",
            "AND",
            "NEAR(",
            "a*b",
            "^x",
            "{a b}: c",
            "(",
            ")",
            "\\",
            "a\"b",
            "words:hello",
            std::string("nul\0here", 8),
            "\xff\xfe",
            std::string(70'000, 'x')};
}

}  // namespace

TEST_CASE_TEMPLATE("a store keeps what chains and skips what it has", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    const auto first = anna.say({"one", "two"});
    const auto second = anna.say({"three"});
    const auto third = anna.say({"four"});

    CHECK(texts(store->append({first}, {5})) == Texts{"one", "two"});
    CHECK(texts(store->append({first, first}, {5})).empty());
    CHECK(texts(store->append({second, third, second}, {5})) == Texts{"three", "four"});

    const auto held = store->holdings();
    REQUIRE(held->size() == 1);
    CHECK(held->front().log == anna.log());
    CHECK(held->front().extent.base == Stretch{0, {}, 4, third->head()});
}

TEST_CASE_TEMPLATE("what is said to one device alone is told only who asks for it", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(1, InstanceId{1}, WallTime{1'000});
    Voice bob(2, InstanceId{2}, WallTime{1'010});
    Voice to_bob = Voice(1, InstanceId{1}, WallTime{1'020}).to(bob.device());
    Voice to_anna = Voice(2, InstanceId{2}, WallTime{1'030}).to(anna.device());
    Voice to_carl = Voice(1, InstanceId{1}, WallTime{1'040}).to(key_of(3).id());
    REQUIRE(store->append({anna.say({"lunch?"}), to_bob.say({"lunch, us two?"}),
                           to_anna.say({"lunch at one"}, "den"), to_carl.say({"lunch is off"})},
                          {5}));
    const auto both = store::conversation_of(anna.device(), bob.device());
    CHECK(both == store::conversation_of(bob.device(), anna.device()));
    const Texts all{"lunch?", "lunch, us two?", "lunch at one", "lunch is off"};
    const Texts conversation{"lunch, us two?", "lunch at one"};

    CHECK(texts(store->newest({}, 9)) == Texts{"lunch?"});
    CHECK(texts(store->arrived(0, {}, 9)) == Texts{"lunch?"});
    CHECK(texts(store->search("lunch", {}, 9)) == Texts{"lunch?"});
    CHECK(texts(store->newest({.room = "den"}, 9)).empty());
    CHECK(texts(store->newest({.direct_too = true}, 9)) == all);
    CHECK(texts(store->arrived(0, {.direct_too = true}, 9)) == all);
    CHECK(texts(store->search("lunch", {.direct_too = true}, 9)) == all);
    CHECK(texts(store->newest({.room = "general", .direct_too = true}, 9)) == Texts{"lunch?"});
    CHECK(texts(store->newest({.conversation = both}, 9)) == conversation);
    CHECK(texts(store->arrived(0, {.conversation = both}, 9)) == conversation);
    CHECK(texts(store->search("lunch", {.conversation = both}, 9)) == conversation);
    CHECK(texts(store->newest({.author = bob.device(), .conversation = both}, 9)) ==
          Texts{"lunch at one"});
    CHECK(*store->rooms() == Texts{"general"});
    CHECK(store->tally()->lines == 4);
    CHECK(store->holdings()->size() == 4);
    CHECK(store->runs(to_bob.log(), 0, 9, 9'999)->front()->log() == to_bob.log());
    CHECK(store->runs(anna.log(), 0, 9, 9'999)->size() == 1);
}

TEST_CASE("whom a log is for survives a restart, and damage") {
    const test::Folder folder;
    Voice anna(1, InstanceId{1}, WallTime{1'000});
    Voice to_bob = Voice(1, InstanceId{1}, WallTime{1'020}).to(key_of(2).id());
    const auto both = store::conversation_of(anna.device(), key_of(2).id());
    {
        const auto store = test::opened(folder.file());
        REQUIRE(
            store->append({anna.say({"one"}), to_bob.say({"two"}), to_bob.say({"three"})}, {5}));
    }
    {
        const auto store = test::opened(folder.file());
        CHECK(store->holdings()->size() == 2);
        CHECK(texts(store->newest({.conversation = both}, 9)) == Texts{"two", "three"});
        REQUIRE(store->append({to_bob.say({"four"})}, {5}));
    }
    std::ofstream(store::suspicion_of(folder.file())) << ' ';
    {
        const auto file = folder.file();
        std::fstream damaged(file, std::ios::in | std::ios::out | std::ios::binary);
        damaged << "no database";
    }
    const auto mended = store::open_or_recover(folder.file());

    REQUIRE(mended);
    CHECK_FALSE(mended->report.empty());
    CHECK(texts(mended->store->newest({.conversation = both}, 9)) == Texts{"two", "three", "four"});
    CHECK(texts(mended->store->newest({}, 9)) == Texts{"one"});
}

TEST_CASE_TEMPLATE("a run of another cut gives what is new of it", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    const auto first = anna.say({"one", "two"});
    const auto second = anna.say({"three"});
    REQUIRE(store->append({first}, {5}));
    const auto added = store->append({anna.run(1, 3)}, {5});
    REQUIRE(texts(added) == Texts{"three"});
    CHECK(added->front().arrival == 3);
    CHECK(added->front().first == 2);
    CHECK(added->front().last() == 3);
    CHECK(texts(store->newest({}, 9)) == Texts{"one", "two", "three"});
    CHECK(store->runs(anna.log(), 2, 9, 9'999)->size() == 1);
    CHECK(store->runs(anna.log(), 3, 9, 9'999)->empty());
}

TEST_CASE_TEMPLATE("a run that contradicts what is held is left out", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    Voice twin(InstanceId{1});
    REQUIRE(store->append({anna.say({"one"})}, {5}));
    CHECK(texts(store->append({twin.say({"another", "two"})}, {5})).empty());
    CHECK(store->holdings()->front().extent.last() == 1);
}

TEST_CASE_TEMPLATE("the newest can come first, and what is between them later", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    std::vector<RunPtr> runs;
    for (const char* text : {"a", "b", "c", "d", "e", "f"}) runs.push_back(anna.say({text}));
    const auto kept = [&](std::size_t n) { return texts(store->append({runs[n]}, {5})); };
    const auto extent = [&] { return store->holdings()->front().extent; };

    CHECK(kept(1) == Texts{"b"});
    CHECK(kept(4) == Texts{"e"});
    CHECK(extent().base == Stretch{1, anna.head(1), 2, anna.head(2)});
    CHECK(extent().tail == Stretch{4, anna.head(4), 5, anna.head(5)});
    CHECK(extent().newest == runs[4]->items().back().clock);
    CHECK(kept(0) == Texts{"a"});
    CHECK(kept(5) == Texts{"f"});
    CHECK(texts(store->append({anna.run(2, 5)}, {5})) == Texts{"c", "d"});
    CHECK(extent().base == Stretch{0, {}, 6, anna.head(6)});
    CHECK_FALSE(extent().tail);
    CHECK(texts(store->newest({}, 9)) == Texts{"a", "b", "c", "d", "e", "f"});
    Texts back;
    const auto found = store->runs_back_from(anna.log(), 5, 99, 99'999);
    for (const RunPtr& run : *found) back.push_back(run->items().back().entry().text);
    CHECK(back == Texts{"e", "e", "b"});  // that of a is joined to that of b
}

TEST_CASE("a tail outlasts a restart") {
    test::Folder folder;
    Voice anna(InstanceId{1});
    const auto first = anna.say({"one"});
    anna.say({"two"});
    const auto third = anna.say({"three"});
    Extent before;
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({first, third}, {5}));
        before = store->holdings()->front().extent;
    }
    const auto store = test::opened(folder.file());
    CHECK(store->holdings()->front().extent == before);
    CHECK(before.tail);
    CHECK(texts(store->append({anna.run(2, 2)}, {6})) == Texts{"two"});
    CHECK_FALSE(store->holdings()->front().extent.tail);
}

TEST_CASE_TEMPLATE("runs come whole, in order, within the maxima", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    std::vector<RunPtr> said;
    for (int n = 0; n < 5; ++n) said.push_back(anna.say({"a", "b"}));
    REQUIRE(store->append(said, {5}));
    const auto last_of = [&](Seq after, std::size_t entries, std::size_t bytes) {
        const auto found = store->runs(anna.log(), after, entries, bytes);
        REQUIRE(found);
        return found->empty() ? 0 : found->back()->last();
    };
    CHECK(last_of(0, 99, 99'999) == 10);
    CHECK(last_of(0, 5, 99'999) == 4);
    CHECK(last_of(0, 0, 0) == 2);
    CHECK(last_of(3, 99, said[1]->byte_count()) == 4);
    CHECK(last_of(10, 99, 99'999) == 0);
    CHECK(store->runs(anna.log(), 3, 2, 99'999)->front()->signature() == said[1]->signature());
    CHECK(store->runs(anna.log(), 3, 99, 99'999)->front()->signature() == said[4]->signature());
    CHECK(store->runs(Voice(InstanceId{2}).log(), 0, 99, 99'999)->empty());
}

TEST_CASE_TEMPLATE("after the greatest numbers there is nothing", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    REQUIRE(store->append({anna.say({"one", "two"})}, {5}));

    for (const Seq after : {Seq{2}, (Seq{1} << 63) - 1, Seq{1} << 63, ~Seq{0}}) {
        CAPTURE(after);
        const auto runs = store->runs(anna.log(), after, 9, 9'000);
        REQUIRE(runs);
        CHECK(runs->empty());
        CHECK(texts(store->arrived(after, {}, 9)).empty());
    }
}

TEST_CASE_TEMPLATE("lines come in the order of all nodes, or as they arrived", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Voice late(1, InstanceId{1}, WallTime{2'000});
    Voice early(2, InstanceId{1}, WallTime{1'000});
    REQUIRE(store->append({late.say({"c", "d"}, "den")}, {5}));
    REQUIRE(store->append({early.say({"a", "b"})}, {5}));
    CHECK(texts(store->newest({}, 3)) == Texts{"b", "c", "d"});
    CHECK(texts(store->newest({}, 0)).empty());
    CHECK(texts(store->arrived(0, {}, 3)) == Texts{"c", "d", "a"});
    CHECK(texts(store->arrived(3, {}, 3)) == Texts{"b"});
    CHECK(texts(store->newest({.room = "den"}, 9)) == Texts{"c", "d"});
    CHECK(texts(store->newest({.room = "no such"}, 9)).empty());
    CHECK(texts(store->newest({.author = early.device()}, 1)) == Texts{"b"});
    CHECK(texts(store->newest({.room = "den", .author = early.device()}, 9)).empty());
    CHECK(texts(store->newest({.since = WallTime{1'002}, .until = WallTime{2'001}}, 9)) ==
          Texts{"b", "c"});
    CHECK(texts(store->newest({.until = WallTime{-1}}, 9)).empty());
    CHECK(texts(store->newest({.since = WallTime{INT64_MAX}}, 9)).empty());
    CHECK(texts(store->arrived(0, {.room = "general"}, 9)) == Texts{"a", "b"});
    CHECK(*store->rooms() == Texts{"den", "general"});
    const store::Filter without_early{.hidden = {early.device()}};
    CHECK(texts(store->newest(without_early, 9)) == Texts{"c", "d"});
    CHECK(texts(store->arrived(0, without_early, 9)) == Texts{"c", "d"});
    CHECK(texts(store->arrived(0, {.hidden = {late.device(), early.device()}}, 9)).empty());
    CHECK(texts(store->search("a", without_early, 9)).empty());
    CHECK(texts(store->search("c", without_early, 9)) == Texts{"c"});
    REQUIRE(store->append_legacy({{"id", WallTime{9}, "den", "127.0.0.1:1", "e"}}));
    CHECK(texts(store->newest(without_early, 9)) == Texts{"e", "c", "d"});
}

TEST_CASE_TEMPLATE("the highest clock comes last", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice far(1, InstanceId{1}, WallTime{(std::int64_t{1} << 48) - 10});
    Voice near(2, InstanceId{1}, WallTime{1'000});
    REQUIRE(store->append({far.say({"far"})}, {5}));
    REQUIRE(store->append({near.say({"near"})}, {5}));
    CHECK(texts(store->newest({}, 1)) == Texts{"far"});
}

TEST_CASE_TEMPLATE("search finds words whatever their case and accents", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    REQUIRE(store->append({anna.say({"Der Fluß fließt", "CAFÉ au lait", "東京に行く", "x-ray y2k",
                                     "the cafe is closed"})},
                          {5}));
    const auto hits = [&](std::string_view query) { return texts(store->search(query, {}, 9)); };
    CHECK(hits("cafe") == Texts{"CAFÉ au lait", "the cafe is closed"});
    CHECK(hits("Café LAIT") == Texts{"CAFÉ au lait"});
    CHECK(hits("fluss") == Texts{"Der Fluß fließt"});
    CHECK(hits("京") == Texts{"東京に行く"});
    CHECK(hits("ray x") == Texts{"x-ray y2k"});
    CHECK(hits("caf") == hits("cafe"));
    CHECK(hits("afe").empty());
    CHECK(texts(store->search("cafe", {}, 1)) == Texts{"the cafe is closed"});
    CHECK(texts(store->search("cafe", {.room = "den"}, 9)).empty());
}

TEST_CASE_TEMPLATE("any text is a valid query", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    REQUIRE(store->append({anna.say({"a AND b", "near NEAR (c)"})}, {5}));
    for (const auto& query : refused_words()) CHECK(store->search(query, {}, 9));
    CHECK(texts(store->search("\"and\" *", {}, 9)) == Texts{"a AND b"});
    CHECK(texts(store->search("?!", {}, 9)).empty());
}

TEST_CASE_TEMPLATE("a line is found by the id it was said with", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    REQUIRE(store->append({anna.say({"by anna"}, "general", "7"), bob.say({"by bob"}, "den", "7"),
                           bob.say({"without"})},
                          {5}));
    CHECK((*store->said(bob.device(), "7"))->entry.text == "by bob");
    CHECK_FALSE(*store->said(bob.device(), "8"));
    CHECK_FALSE(*store->said(bob.device(), ""));
    CHECK_FALSE(*store->said(Voice(InstanceId{3}).device(), "7"));
}

TEST_CASE_TEMPLATE("a trim in steps ends where one trim ends", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    for (int n = 0; n < 5; ++n) REQUIRE(store->append({anna.say({"a"}), bob.say({"b"})}, {n}));

    std::size_t steps = 0;
    while (store->trim(0, std::nullopt, 3)->lines > 0) ++steps;

    CHECK(steps == 3);
    CHECK(texts(store->arrived(0, {}, 99)) == Texts{"a", "b"});
    CHECK(store->last() == 10);
}

TEST_CASE("a trim in steps is planned once, while lines come") {
    test::Folder folder;
    const auto store = test::opened(folder.file());
    Voice anna(InstanceId{1});
    for (int n = 0; n < 60; ++n) REQUIRE(store->append({anna.say({"a"})}, {n}));
    const auto& retention = dynamic_cast<store::SqliteStore&>(*store).retention();

    std::size_t lines = 0;
    for (std::size_t step = 1; step > 0; lines += step) {
        const auto gone = store->trim(unlimited, WallTime{60}, 4);
        REQUIRE(gone);
        step = gone->lines;
        REQUIRE(store->append({anna.say({"b"})}, {100}));
    }

    CHECK(lines == 60);
    CHECK(retention.plans() == 3);  // the second had one more to give up, the third none
}

TEST_CASE_TEMPLATE("what comes below the runs that are to go makes a trim begin anew", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    const auto below = anna.say({"1", "2"});
    for (int n = 0; n < 4; ++n) REQUIRE(store->append({anna.say({"a"})}, {n}));
    REQUIRE(store->trim(unlimited, WallTime{60}, 0));
    REQUIRE(store->append({below}, {50}));

    while (store->trim(unlimited, WallTime{60}, 1)->lines > 0) {
    }

    CHECK(texts(store->arrived(0, {}, 9)) == Texts{"a"});
    CHECK(store->holdings()->front().extent.floor == 5);
}

TEST_CASE_TEMPLATE("trimming raises floors of the old, then of the greatest", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    const auto old = anna.say({"old", "older"});
    REQUIRE(store->append({old}, {10}));
    REQUIRE(store->append({anna.say({"young"}), bob.say({std::string(9'000, 'b')})}, {20}));
    REQUIRE(store->append({bob.say({"bob"}), bob.say({"bobby"})}, {30}));

    CHECK(store->trim(unlimited, WallTime{10}, lanchat::store::all_runs)->lines == 0);
    CHECK(store->trim(unlimited, WallTime{11}, lanchat::store::all_runs)->lines == 2);
    CHECK(store->holdings()->size() == 2);
    const auto holdings = store->holdings();
    for (const auto& held : *holdings) {
        if (held.log != anna.log()) continue;
        CHECK(held.extent.floor == 2);
        CHECK(held.extent.base.before == old->head());
        CHECK(held.extent.last() == 3);
    }
    CHECK(texts(store->search("old", {}, 9)).empty());
    CHECK(store->trim(5'000, std::nullopt, lanchat::store::all_runs)->lines == 1);
    CHECK(texts(store->arrived(0, {}, 9)) == Texts{"young", "bob", "bobby"});
    CHECK(store->trim(0, WallTime{1'000}, 0)->lines == 0);
    CHECK(store->trim(0, WallTime{1'000}, lanchat::store::all_runs)->lines ==
          1);  // the newest of each log stays
    CHECK(texts(store->arrived(0, {}, 9)) == Texts{"young", "bobby"});
    CHECK(store->runs(bob.log(), 0, 9, 9'999)->front()->first() == 3);
    CHECK(texts(store->append({anna.say({"next"})}, {40})) == Texts{"next"});
}

TEST_CASE_TEMPLATE("a store tells how much it holds", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(1, InstanceId{1}, WallTime{2'000});
    Voice bob(2, InstanceId{1}, WallTime{3'000});
    const auto held = [&] {
        const auto tally = store->tally();
        REQUIRE(tally);
        return *tally;
    };
    CHECK(held().lines == 0);
    CHECK_FALSE(held().oldest);

    REQUIRE(store->append({anna.say({"a", "b"}), bob.say({std::string(9'000, 'c')})}, {10}));
    CHECK(held().lines == 3);
    CHECK(held().logs == 2);
    CHECK(held().oldest == WallTime{2'001});
    CHECK(held().bytes >= 9'000);
    REQUIRE(store->append_legacy({{"l1", {1'000}, "general", "10.0.0.1:4565", "from afar"}}));
    CHECK(held().lines == 4);
    CHECK(held().oldest == WallTime{1'000});
    REQUIRE(store->append({anna.say({"d"})}, {20}));
    CHECK(store->trim(unlimited, WallTime{1'001}, lanchat::store::all_runs)->lines == 2);
    CHECK(held().lines == 3);
    CHECK(held().trimmed == 2);
    CHECK(held().logs == 2);
}

TEST_CASE("a store on disk has an id, an owner and one user") {
    test::Folder folder;
    test::Folder other;
    std::uint64_t id = 0;
    {
        const auto store = test::opened(folder.file());
        id = store->id();
        CHECK(test::opened(other.file())->id() != id);
        const auto second = store::open_sqlite(folder.file());
        REQUIRE_FALSE(second);
        CHECK(second.why().find("in use") != std::string::npos);
        CHECK_FALSE(store::open_or_recover(folder.file()));  // and is not taken for damage
        Voice anna(InstanceId{1});
        REQUIRE(store->append({anna.say({"hi"})}, {5}));
        for (const auto* part : {"", "-wal"}) {
            struct stat status {};
            REQUIRE(::stat((folder.file() + part).c_str(), &status) == 0);
            CHECK((status.st_mode & 0777) == 0600);
        }
    }
    CHECK(test::opened(folder.file())->id() == id);
    CHECK_FALSE(store::open_sqlite(folder.path() + "/no/such"));
}

}  // namespace node_store_test
