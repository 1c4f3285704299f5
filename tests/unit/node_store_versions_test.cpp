// Stores that an older lanchat made are brought to today's version with all that is in them.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>

#include "node_stores.hpp"

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

void run(const std::string& file, const std::string& statements) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    char* why = nullptr;
    sqlite3_exec(database, statements.c_str(), nullptr, nullptr, &why);
    CAPTURE((why ? why : ""));
    CHECK(why == nullptr);
    sqlite3_free(why);
    sqlite3_close(database);
}

// As version 1 would have left it: without ids of legacy lines, rooms and authors among the words.
constexpr auto to_version_1 = R"(
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
            REQUIRE(store->append_legacy({"", {7}, "general", "10.0.0.1:4565", "lunch from afar"}));
        }
        run(folder.file(), to_version_1);
    }
    test::Folder folder;
    Voice anna{InstanceId{1}};
    Voice bob{2, InstanceId{2}, WallTime{1'700'000'000'000}};
};

}  // namespace

TEST_CASE("a store of version 1 becomes one of today") {
    Version1 old;
    const auto store = test::opened(old.folder.file());

    CHECK(texts(store->newest({}, 9)) == Texts{"lunch from afar", "lunch today", "lunch tomorrow"});
    CHECK(store->newest({}, 9)->front().id.empty());
    const auto heard = store->append_legacy({"abc:l1", {8}, "general", "10.0.0.1:4565", "again"});
    REQUIRE(heard);
    CHECK(store->arrived(3, {}, 9)->front().id == "abc:l1");
    REQUIRE(store->append({old.anna.say({"next"})}, {9}));
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

TEST_CASE("a store of version 4, with a row for each line, goes on with one for many") {
    const test::Folder folder;
    Voice anna{InstanceId{1}};
    {
        const auto store = test::opened(folder.file());  // lines with ids have rows of their own
        REQUIRE(store->append({anna.say({"one", "two", "three"}, "general", "an id")}, {5}));
    }
    run(folder.file(),
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

TEST_CASE("a damaged store of version 1 is mended with all that is in it") {
    const Version1 old;
    std::ofstream(store::suspicion_of(old.folder.file())) << ' ';
    run(old.folder.file(), "UPDATE run SET head=zeroblob(32) WHERE run=1");

    const auto mended = store::open_or_recover(old.folder.file());

    REQUIRE(mended);
    CHECK_FALSE(mended->report.empty());
    CHECK(texts(mended->store->newest({}, 9)) ==
          Texts{"lunch from afar", "lunch today", "lunch tomorrow"});
}

TEST_CASE("a store of a later version is refused") {
    const test::Folder folder;
    test::opened(folder.file());
    run(folder.file(), "UPDATE store SET version=99; PRAGMA user_version=99");

    const auto refused = store::open_sqlite(folder.file());

    REQUIRE_FALSE(refused);
    CHECK(refused.why().find("newer lanchat (version 99)") != std::string::npos);
}
