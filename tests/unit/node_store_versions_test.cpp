// Stores that an older lanchat made are brought to today's version with all that is in them.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "node_stores.hpp"

namespace node_store_versions_test {

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

// As version 12 would have left it: what people wrote is in what vouches for it.
const std::string to_version_12 = R"(
ALTER TABLE store DROP COLUMN joined;
ALTER TABLE run DROP COLUMN shared;
ALTER TABLE run DROP COLUMN bodies;
ALTER TABLE parked DROP COLUMN shared;
ALTER TABLE parked DROP COLUMN bodies;
ALTER TABLE fork DROP COLUMN shared;
ALTER TABLE fork DROP COLUMN bodies;
ALTER TABLE fork DROP COLUMN other_shared;
ALTER TABLE fork DROP COLUMN other_bodies;
DROP TABLE other;
DROP TABLE dropped;
DROP TABLE gone;
DROP TABLE lacking;
UPDATE store SET version=12;
PRAGMA user_version=12;
)";

// As version 8 would have left it: a row for each spelling of a room.
const std::string to_version_8 = to_version_12 + R"(
ALTER TABLE room RENAME TO today;
CREATE TABLE room(room INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO room SELECT room, name FROM today;
DROP TABLE today;
ALTER TABLE store DROP COLUMN indexed_as;
DROP TABLE era;
ALTER TABLE log DROP COLUMN state;
UPDATE store SET version=8;
PRAGMA user_version=8;
)";

// As version 1 would have left it: without ids of legacy lines, rooms and authors among the words.
const std::string to_version_1 = to_version_8 + R"(
ALTER TABLE legacy DROP COLUMN id;
ALTER TABLE store DROP COLUMN last;
ALTER TABLE store DROP COLUMN indexed;
ALTER TABLE log DROP COLUMN trimmed;
ALTER TABLE log DROP COLUMN tail_after;
ALTER TABLE log DROP COLUMN tail_before;
ALTER TABLE log DROP COLUMN tail_seq;
ALTER TABLE log DROP COLUMN tail_head;
ALTER TABLE line DROP COLUMN lines;
ALTER TABLE log DROP COLUMN forked;
DROP TABLE fork;
DROP TABLE met;
UPDATE line SET author=NULL WHERE run IS NULL;
DELETE FROM author WHERE length(device)<32;
INSERT INTO word(word) VALUES('delete-all');
INSERT INTO word(rowid, words)
    VALUES(1, 'lunch today'), (2, 'lunch tomorrow'), (3, 'lunch from afar');
UPDATE store SET version=1;
PRAGMA user_version=1;
)";

struct Version1 {
    Version1() {
        {
            const auto store = test::opened(folder.file());
            REQUIRE(store->append({anna.say({"lunch today"}), bob.say({"lunch tomorrow"}, "den")},
                                  {5}));
            REQUIRE(
                store->append_legacy({{"", {7}, "general", "10.0.0.1:4565", "lunch from afar"}}));
        }
        test::run_sql(folder.file(), to_version_1);
    }
    test::Folder folder;
    Voice anna = Voice(InstanceId{1}).of_version_1();
    Voice bob = Voice(2, InstanceId{2}, WallTime{1'700'000'000'000}).of_version_1();
};

}  // namespace

TEST_CASE("a store of version 12 keeps all it holds, and what follows is said as today") {
    const test::Folder folder;
    Voice anna = Voice(InstanceId{1}).of_version_1();
    Voice bob = Voice(InstanceId{2}).of_version_1();
    Voice twin = Voice(InstanceId{2}).of_version_1();
    const auto carol = Voice(InstanceId{3}).device();
    std::vector<store::Holding> held;
    std::vector<Met> met;
    test::Places lines;
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append(
            {anna.say({"one", "two"}, "den", "an id"), anna.meet(carol), bob.say({"said to you"})},
            {5}));
        REQUIRE(store->append_legacy({{"abc:l1", {7}, "general", "10.0.0.1:4565", "from afar"}}));
        REQUIRE(store->freeze(*fork_between(bob.run(1, 1), twin.say({"said to me"}))));
        held = *store->holdings();
        met = *store->met();
        lines = test::places(store->newest({.met_too = true}, 99));
        REQUIRE(lines.size() == 5);
    }
    test::run_sql(folder.file(), to_version_12);

    anna.learn_newest();
    const auto store = test::opened(folder.file());
    CHECK(*store->holdings() == held);
    CHECK(*store->met() == met);
    CHECK(test::places(store->newest({.met_too = true}, 99)) == lines);
    CHECK(texts(store->search("two", {}, 9)) == Texts{"two"});
    CHECK((*store->proof_of(bob.log()))->seq == 1);
    CHECK(store->tally()->lines == 4);
    const auto runs = store->runs(anna.log(), 0, 99, 99'999);
    REQUIRE(runs->size() == 1);
    CHECK(runs->front()->is_of_version_1());
    CHECK(runs->front()->last() == 3);
    REQUIRE(store->append({anna.say({"three"})}, {9}));
    const auto now = *store->holdings();
    const auto grown = std::ranges::find(now, anna.log(), &store::Holding::log);
    REQUIRE(grown != now.end());
    CHECK(grown->extent.base == Stretch{0, {}, 4, anna.head(4)});
    CHECK_FALSE(store->runs(anna.log(), 3, 9, 9'999)->front()->is_of_version_1());
    CHECK(texts(store->newest({.room = "den"}, 9)) == Texts{"one", "two"});
    CHECK(texts(store->search("three", {}, 9)) == Texts{"three"});
}

TEST_CASE("a damaged store of version 12 is mended with all that is in it") {
    const test::Folder folder;
    Voice anna = Voice(InstanceId{1}).of_version_1();
    Voice bob = Voice(InstanceId{2}).of_version_1();
    Voice twin = Voice(InstanceId{2}).of_version_1();
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({anna.say({"one", "two"}), bob.say({"said to you"})}, {5}));
        REQUIRE(store->freeze(*fork_between(bob.run(1, 1), twin.say({"said to me"}))));
    }
    test::run_sql(folder.file(), to_version_12 + "UPDATE run SET head=zeroblob(32) WHERE run=1");
    std::ofstream(store::suspicion_of(folder.file())) << ' ';

    const auto mended = store::open_or_recover(folder.file());

    REQUIRE(mended);
    CHECK_FALSE(mended->report.empty());
    CHECK(texts(mended->store->newest({}, 9)) == Texts{"said to you", "one", "two"});
    CHECK((*mended->store->proof_of(bob.log()))->seq == 1);
}

TEST_CASE("a store of version 1 becomes one of today") {
    Version1 old;
    const auto store = test::opened(old.folder.file());

    CHECK(texts(store->newest({}, 9)) == Texts{"lunch from afar", "lunch today", "lunch tomorrow"});
    CHECK(store->newest({}, 9)->front().id.empty());
    const auto heard = store->append_legacy({{"abc:l1", {8}, "general", "10.0.0.1:4565", "again"}});
    REQUIRE(heard);
    CHECK(store->arrived(3, {}, 9)->front().id == "abc:l1");
    REQUIRE(store->append({old.anna.say({"next"})}, {9}));
}

TEST_CASE("what was named before there were eras is proven as far as the store has come then") {
    Version1 old;
    store::Position before;
    store::Position beyond;
    {
        const auto store = test::opened(old.folder.file());
        before = {store->id(), store->last()};
        beyond = {store->id(), store->last() + 1};
        CHECK(*store->proves(before));
        CHECK(*store->proves({store->id(), 0}));
        CHECK_FALSE(*store->proves(beyond));
        CHECK_FALSE(*store->proves({store->id() + 1, 1}));
        CHECK(*store->proves(store->eras().at(3)));
        REQUIRE(store->append({old.anna.say({"next"})}, {9}));
    }
    const auto store = test::opened(old.folder.file());
    CHECK(*store->proves(before));
    CHECK_FALSE(*store->proves(beyond));
    CHECK(*store->proves(store->eras().at(store->last())));
}

TEST_CASE("lines of legacy peers in a store of version 1 are found by their addresses") {
    Version1 old;
    const auto store = test::opened(old.folder.file());
    const lanchat::store::Filter from{.legacy_author = "10.0.0.1:4565"};

    CHECK(*store->legacy_authors() == Texts{"10.0.0.1:4565"});
    CHECK(texts(store->newest(from, 9)) == Texts{"lunch from afar"});
    CHECK(texts(store->search("lunch", from, 9)) == Texts{"lunch from afar"});
    CHECK(texts(store->search("lunch", {.author = old.anna.device()}, 9)) == Texts{"lunch today"});
}

TEST_CASE("a store of version 1 is searched by room and author, and forgets what is trimmed") {
    Version1 old;
    const auto store = test::opened(old.folder.file());

    CHECK(texts(store->search("lunch", {.room = "den"}, 9)) == Texts{"lunch tomorrow"});
    CHECK(texts(store->search("lunch", {.author = old.anna.device()}, 9)) == Texts{"lunch today"});
    CHECK(texts(store->search("afar", {.room = "general"}, 9)) == Texts{"lunch from afar"});
    REQUIRE(store->append({old.anna.say({"lunch is over"})}, {99}));
    REQUIRE(store->trim(~std::uint64_t{0}, WallTime{10}, lanchat::store::all_runs)->lines == 1);
    CHECK(texts(store->search("lunch", {.author = old.anna.device()}, 9)) ==
          Texts{"lunch is over"});
    CHECK(texts(store->search("lunch", {}, 9)).size() == 3);
}

TEST_CASE("a store of version 10 reads the ends of its logs once, and never again") {
    const test::Folder folder;
    Voice anna = Voice(InstanceId{1}).of_version_1();
    std::vector<store::Holding> before;
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({anna.say({"one"}), anna.say({"two"})}, {5}));
        REQUIRE(store->append({Voice(InstanceId{2}).of_version_1().run(1, 3)}, {6}));
        before = *store->holdings();
    }
    test::run_sql(folder.file(),
                  to_version_12 +
                      "ALTER TABLE log DROP COLUMN state; UPDATE store SET version=10;"
                      "PRAGMA user_version=10");

    CHECK(*test::opened(folder.file())->holdings() == before);
    // The insertion fails unless all have a state.
    test::run_sql(folder.file(),
                  "CREATE TABLE without(logs CHECK(logs=0));"
                  "INSERT INTO without SELECT count(*) FROM log WHERE state=x''");
}

TEST_CASE("a row of a log that the disk altered is not believed") {
    const test::Folder folder;
    Voice anna{InstanceId{1}};
    REQUIRE(test::opened(folder.file())->append({anna.say({"one"})}, {5}));
    test::run_sql(folder.file(), "UPDATE log SET state=zeroblob(length(state))");

    const auto recovered = store::open_or_recover(folder.file());
    REQUIRE(recovered);

    CHECK_FALSE(recovered->report.empty());
    CHECK(recovered->store->holdings()->front().extent.last() == 1);
}

TEST_CASE("a store of version 4, with a row for each line, goes on with one for many") {
    const test::Folder folder;
    Voice anna = Voice(InstanceId{1}).of_version_1();
    {
        const auto store = test::opened(folder.file());  // lines with ids have rows of their own
        REQUIRE(store->append({anna.say({"one", "two", "three"}, "general", "an id")}, {5}));
    }
    test::run_sql(folder.file(),
                  to_version_8 +
                      "ALTER TABLE line DROP COLUMN lines; ALTER TABLE store DROP COLUMN indexed;"
                      "ALTER TABLE log DROP COLUMN forked; DROP TABLE fork;"
                      "DROP TABLE met;"
                      "UPDATE store SET version=4; PRAGMA user_version=4");

    const auto store = test::opened(folder.file());
    REQUIRE(store->append({anna.say({"four", "five"})}, {9}));

    CHECK(store->last() == 5);
    CHECK(store->tally()->lines == 5);
    CHECK(texts(store->newest({}, 4)) == Texts{"two", "three", "four", "five"});
    CHECK(texts(store->arrived(1, {}, 3)) == Texts{"two", "three", "four"});
    CHECK(texts(store->search("five", {}, 9)) == Texts{"five"});
    REQUIRE(store->trim(~std::uint64_t{0}, WallTime{6}, store::all_runs)->lines == 3);
    CHECK(texts(store->newest({}, 9)) == Texts{"four", "five"});
    CHECK(texts(store->search("two", {}, 9)).empty());
}

TEST_CASE("a store of version 8 has one room for all spellings of its name, and finds all again") {
    const test::Folder folder;
    Voice anna = Voice(1, InstanceId{1}, WallTime{2'000}).of_version_1();
    Voice bob = Voice(2, InstanceId{2}, WallTime{1'000}).of_version_1();
    const auto dan = Voice(InstanceId{4}).device();
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({anna.say({"lunch at noon"}, "Caf\u00E9"),
                               anna.say({"deployment of สวัสดีครับ"}, "general"),
                               Voice(InstanceId{3}).to(dan).of_version_1().say({"lunch for two"}),
                               bob.say({"lunch 🎉"}, "cafe\u0301")},
                              {5}));
        while (store->catch_up()) continue;
    }
    // Two rows of one name, as they were made; and an index that knows words of other kinds.
    test::run_sql(folder.file(),
                  to_version_8 +
                      "UPDATE room SET name='Caf' || char(233) WHERE name='cafe' || char(769);"
                      "INSERT INTO room(name) VALUES('cafe' || char(769));"
                      "UPDATE line SET room=last_insert_rowid() WHERE arrival=4;"
                      "INSERT INTO word(word) VALUES('delete-all');"
                      "INSERT INTO word(rowid, words) VALUES(1, 'lunch');");

    const auto store = test::opened(folder.file(), {.indexing = {0, 1, 1'000}});
    const auto check = [&] {
        CHECK(*store->rooms() == Texts{"cafe\u0301", "general"});  // bob's clock is behind
        for (const std::string room : {"café", "CAFÉ", "cafe\u0301 "}) {
            CHECK(texts(store->newest({.room = room}, 9)) == Texts{"lunch 🎉", "lunch at noon"});
            CHECK(texts(store->search("lunch", {.room = room}, 9)).size() == 2);
        }
        CHECK(texts(store->search("lun", {.direct_too = true}, 9)).size() == 3);
        CHECK(texts(store->search("🎉", {}, 9)) == Texts{"lunch 🎉"});
        CHECK(texts(store->search("สวัสดี deploy", {}, 9)).size() == 1);
    };
    check();
    int parts = 1;
    while (store->catch_up()) {
        ++parts;
        check();
    }
    CHECK(parts == 4);  // a line each
    check();
    REQUIRE(store->append({anna.say({"new"})}, {50}));
    REQUIRE(store->trim(~std::uint64_t{0}, WallTime{10}, lanchat::store::all_runs)->lines == 2);
    CHECK(texts(store->search("lunch", {.room = "café"}, 9)) == Texts{"lunch 🎉"});
    CHECK(texts(store->search("deploy", {}, 9)).empty());
}

TEST_CASE(
    "an index that was told otherwise than today is told anew, and nobody waits for all of it") {
    const test::Folder folder;
    Voice anna{InstanceId{1}};
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({anna.say(std::vector<std::string>(200, "lunch"))}, {5}));
        while (store->catch_up()) continue;
    }
    test::run_sql(folder.file(), "UPDATE store SET indexed_as='1, Unicode 1.1'");

    const auto store = test::opened(folder.file(), {.indexing = {1, 2, 10}});
    REQUIRE(store->append({anna.say({"lunch", "lunch"})}, {5}));
    CHECK(texts(store->search("lunch", {}, 999)).size() == 202);
    int parts = 1;
    while (store->catch_up()) ++parts;

    CHECK(parts > 5);
    CHECK(texts(store->search("lunch", {}, 999)).size() == 202);
}

TEST_CASE("a damaged store of version 1 is mended with all that is in it") {
    const Version1 old;
    std::ofstream(store::suspicion_of(old.folder.file())) << ' ';
    test::run_sql(old.folder.file(), "UPDATE run SET head=zeroblob(32) WHERE run=1");

    const auto mended = store::open_or_recover(old.folder.file());

    REQUIRE(mended);
    CHECK_FALSE(mended->report.empty());
    CHECK(texts(mended->store->newest({}, 9)) ==
          Texts{"lunch from afar", "lunch today", "lunch tomorrow"});
}

TEST_CASE("a store of a later version is refused") {
    const test::Folder folder;
    test::opened(folder.file());
    test::run_sql(folder.file(), "UPDATE store SET version=99; PRAGMA user_version=99");

    const auto refused = store::open_sqlite(folder.file());

    REQUIRE_FALSE(refused);
    CHECK(refused.why().find("newer lanchat (version 99)") != std::string::npos);
}

}  // namespace node_store_versions_test
