// Entries that say nothing to us, in both stores: kept and given as they came, shown to nobody.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "message/limits.hpp"
#include "node_stores.hpp"
#include "tests/unit/message_runs.hpp"

namespace node_store_kinds_test {

using namespace lanchat;
using test::field;
using test::texts;
using test::varint_field;
using Texts = std::vector<std::string>;

namespace {

struct Sqlite {
    std::unique_ptr<store::Store> made() { return test::opened(folder.file()); }
    test::Folder folder;
};
struct Memory {
    std::unique_ptr<store::Store> made() { return std::make_unique<store::MemoryStore>(7); }
};

struct Strange {
    std::string more;  // behind the bytes of an entry that says a line
    std::string body;
};

// All that a later version may say, and all that nobody can make sense of.
std::vector<Strange> strange() {
    const std::string salt(16, 's');
    const auto with_via = [&](const std::string& via) {
        return salt + field(1, "tea") + field(3, via);
    };
    std::string passed;
    for (std::size_t n = 0; n <= limits::via_passed_max; ++n) passed += test::fixed64_field(3, n);
    return {
        {varint_field(2, 7) + field(16, "later") + field(99, "tea"), "tea for what?"},
        {varint_field(2, 7), ""},
        {varint_field(2, 1) + field(6, "nobody"), ""},
        {"", ""},
        {"", "tea"},
        {"", salt},
        {"", salt + field(1, "")},
        {"", salt + field(1, "tea \xff")},
        {"", salt + field(1, std::string(limits::line_bytes_max + 1, 't'))},
        {"", salt + field(1, "tea") + field(2, std::string(limits::said_id_bytes_max + 1, 'i'))},
        {"", with_via(field(1, "a\xff") + field(2, "irc"))},
        {"", with_via(field(1, "Zoë") + field(2, "irc") + passed)}};
}

// A line, then all that, then a line.
struct Speech {
    Voice voice{InstanceId{7}};
    std::vector<RunPtr> runs;
    Speech() {
        runs.push_back(voice.say({"tea at four"}));
        for (const auto& [more, body] : strange()) runs.push_back(voice.utter(more, body));
        runs.push_back(voice.say({"no tea at five"}));
    }
};

void check_shows_lines_only(store::Store& store, const Speech& said) {
    const Texts lines{"tea at four", "no tea at five"};
    CHECK(texts(store.newest({}, 99)) == lines);
    CHECK(texts(store.newest({.author = said.voice.device()}, 99)) == lines);
    CHECK(texts(store.arrived(0, {}, 99)) == lines);
    CHECK(texts(store.search("tea", {}, 99)) == lines);
    CHECK(store.tally()->lines == 2);
    CHECK(store.met()->empty());
    CHECK(store.lacking()->empty());
    const auto all = store.newest({.met_too = true}, 99);
    REQUIRE(all->size() == said.runs.size());
    for (const auto& line : *all) CHECK(line.entry.is_line() == !line.entry.text.empty());
}

// What is given to others is what came.
void check_gives_all(store::Store& store, const Speech& said) {
    const auto given = store.runs(said.voice.log(), 0, 999, 9'999'999);
    REQUIRE(given);
    const auto fewer = joined(said.runs);
    REQUIRE(given->size() == fewer.size());
    for (std::size_t n = 0; n < given->size(); ++n) {
        const Run before = unverified(*fewer[n]);
        const Run now = unverified(*(*given)[n]);
        CHECK(now.entries == before.entries);
        CHECK(now.bodies == before.bodies);
        CHECK(now.signature == before.signature);
        CHECK(now.shared == before.shared);
        CHECK(now.apart.empty());
    }
}

// How many rows a table of a store has.
int rows_of(const std::string& file, const std::string& table) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    int rows = -1;
    const auto take = [](void* out, int, char** values, char**) {
        *static_cast<int*>(out) = std::atoi(values[0]);
        return 0;
    };
    CHECK(sqlite3_exec(database, ("SELECT count(*) FROM " + table).c_str(), take, &rows, nullptr) ==
          SQLITE_OK);
    sqlite3_close(database);
    return rows;
}

}  // namespace

TEST_CASE_TEMPLATE("what says nothing to us is kept, given as it came, and shown to nobody", Made,
                   Sqlite, Memory) {
    Made maker;
    const Speech said;
    const auto store = maker.made();
    for (const RunPtr& run : said.runs) {
        const auto added = store->append({run}, {5});
        REQUIRE(added);
        CHECK(test::places(added).size() == 1);
    }

    check_shows_lines_only(*store, said);
    check_gives_all(*store, said);
    CHECK(store->last() == said.runs.size());
    CHECK(store->holdings()->front().extent.base ==
          Stretch{0, {}, said.runs.size(), said.runs.back()->head()});
}

TEST_CASE("what says nothing to us survives a restart") {
    const test::Folder folder;
    const Speech said;
    REQUIRE(test::opened(folder.file())->append(said.runs, {5}));

    const auto store = test::opened(folder.file());
    check_shows_lines_only(*store, said);
    check_gives_all(*store, said);
}

TEST_CASE("in stores of both kinds the same is held, and told alike") {
    const test::Folder folder;
    const Speech said;
    const auto on_disk = test::opened(folder.file());
    store::MemoryStore in_memory{7};
    REQUIRE(on_disk->append(said.runs, {5}));
    REQUIRE(in_memory.append(said.runs, {5}));

    CHECK(*on_disk->holdings() == *in_memory.holdings());
    CHECK(test::places(on_disk->newest({.met_too = true}, 99)) ==
          test::places(in_memory.newest({.met_too = true}, 99)));
    CHECK(on_disk->tally()->oldest == in_memory.tally()->oldest);
}

TEST_CASE("what says nothing to us is trimmed like lines, with all that was noted of it") {
    const test::Folder folder;
    const Speech said;
    {
        const auto store = test::opened(folder.file());
        for (const RunPtr& run : said.runs)
            REQUIRE(store->append({run}, {run == said.runs.back() ? 50 : 5}));
    }
    CHECK(rows_of(folder.file(), "other") == static_cast<int>(strange().size()));
    {
        const auto store = test::opened(folder.file());
        const auto trimmed = store->trim(~std::uint64_t{0}, WallTime{10}, store::all_runs);
        REQUIRE(trimmed);
        CHECK(trimmed->lines == said.runs.size() - 1);
        CHECK(store->tally()->lines == 1);
        CHECK(texts(store->newest({.met_too = true}, 99)) == Texts{"no tea at five"});
    }
    CHECK(rows_of(folder.file(), "other") == 0);
    CHECK(rows_of(folder.file(), "run") == 1);
}

TEST_CASE_TEMPLATE("a body that comes late, and in which there is nothing to read, makes no line",
                   Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.made();
    Voice voice{InstanceId{7}};
    const RunPtr first = voice.say({"tea"});
    const RunPtr late = voice.utter("", std::string(16, 's') + field(1, "tea \xff"));
    REQUIRE(store->append({first, without_body(late, 2)}, {5}));
    CHECK(*store->lacking() == std::vector<LineId>{{voice.log(), 2}});

    const auto filled = store->fill(voice.log(), {{2, std::string(late->items().front().body)}});
    REQUIRE(filled);
    CHECK(filled->empty());

    CHECK(store->lacking()->empty());
    CHECK(texts(store->newest({}, 9)) == Texts{"tea"});
    CHECK(texts(store->search("tea", {}, 9)) == Texts{"tea"});
    CHECK(store->tally()->lines == 1);
    CHECK(unverified(*store->runs(voice.log(), 1, 9, 9'999)->front()).bodies ==
          unverified(*late).bodies);
}

TEST_CASE_TEMPLATE("lines of version 1 and what follows them of today are one log", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.made();
    Voice voice = Voice(InstanceId{7}).of_version_1();
    const RunPtr first = voice.say({"one", "two"}, "den", "an id");
    const RunPtr met = voice.meet(key_of(2).id());
    voice.learn_newest();
    const RunPtr last = voice.say({"three"});
    REQUIRE(store->append({first, last}, {5}));  // the last waits for the one before it
    REQUIRE(store->append({met}, {6}));
    REQUIRE(store->append({last}, {6}));

    CHECK(store->holdings()->front().extent.base == Stretch{0, {}, 4, last->head()});
    CHECK(texts(store->newest({}, 9)) == Texts{"one", "two", "three"});
    CHECK(texts(store->newest({.room = "den"}, 9)) == Texts{"one", "two"});
    CHECK(texts(store->search("two", {}, 9)) == Texts{"two"});
    CHECK(store->tally()->lines == 3);
    CHECK(store->met()->front() == Met{key_of(2).id(), {voice.log(), 3}});
    CHECK((*store->said(voice.device(), "an id"))->entry.text == "one");
    const auto runs = store->runs(voice.log(), 0, 9, 9'999);
    REQUIRE(runs->size() == 2);
    CHECK(runs->front()->is_of_version_1());
    CHECK(unverified(*runs->front()).entries == unverified(*joined({first, met}).front()).entries);
    CHECK_FALSE(runs->back()->is_of_version_1());
}

TEST_CASE_TEMPLATE("lines of version 2 are held, found and given as they came", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.made();
    Voice voice{InstanceId{7}};
    const RunPtr old = test::in_version_2(*voice.say({"one", "two"}), key_of(7));
    std::vector<Entry> more = test::part(*voice.say({"three"}), 0, 1);
    more.front().before = old->head();
    const RunPtr next = sign(more, key_of(7));
    REQUIRE(store->append({without_body(old, 2)}, {5}));
    REQUIRE(store->append({next}, {6}));
    CHECK(store->lacking()->size() == 1);
    REQUIRE(store->fill(voice.log(), {{2, std::string(old->items()[1].body)}}));

    CHECK(store->lacking()->empty());
    CHECK(texts(store->newest({}, 9)) == Texts{"one", "two", "three"});
    CHECK(texts(store->search("two", {}, 9)) == Texts{"two"});
    const auto runs = store->runs(voice.log(), 0, 9, 9'999);
    REQUIRE(runs->size() == 2);
    CHECK(unverified(*runs->front()).bodies == unverified(*old).bodies);
    CHECK(runs->front()->shared() == old->shared());
    CHECK(runs->back()->version() == Version::three);
}

TEST_CASE_TEMPLATE("a run of version 1 and one of today prove a fork of their log", Made, Sqlite,
                   Memory) {
    Made maker;
    const auto store = maker.made();
    Voice old = Voice(InstanceId{7}).of_version_1();
    Voice twin = Voice(InstanceId{7}).of_version_1();
    REQUIRE(store->append({old.run(1, 4)}, {5}));
    twin.run(1, 2);
    twin.learn_newest();
    const RunPtr otherwise = twin.run(3, 4);  // the same lines
    const auto proof = fork_between(old.run(1, 4), otherwise);
    REQUIRE(proof);
    CHECK(proof->seq == 3);

    REQUIRE(store->freeze(*proof));

    CHECK(store->holdings()->front().extent.forked == 3);
    CHECK(store->holdings()->front().extent.base.last == 2);
    const auto kept = store->proof_of(old.log());
    REQUIRE((kept && *kept));
    CHECK((*kept)->seq == 3);
    CHECK((*kept)->a->is_of_version_1() != (*kept)->b->is_of_version_1());
}

}  // namespace node_store_kinds_test
