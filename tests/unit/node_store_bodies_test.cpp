// Bodies in both stores: what is taken back is nowhere any more, and what comes late is in its
// place.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "node_stores.hpp"

namespace node_store_bodies_test {

using namespace lanchat;
using store::Line;
using test::texts;
using Texts = std::vector<std::string>;
using News = std::vector<BodyNews>;

namespace {

constexpr std::uint64_t author = 7;
constexpr WallTime began{1'600'000'000'000};

struct Sqlite {
    std::unique_ptr<store::Store> make() { return test::opened(folder.file()); }
    test::Folder folder;
};
struct Memory {
    std::unique_ptr<store::Store> make() { return std::make_unique<store::MemoryStore>(7); }
};

Voice anna() { return Voice(author, InstanceId{author}, began); }

RunPtr takes_back(const LineId& line, const Hash& head, std::uint64_t who = author) {
    return test::takes_back(line, head, who, {began.ms + 1'000'000});
}

std::vector<Line> newest(store::Store& store) { return *store.newest({}, 99); }

// The bodies of the entries that a store gives to others.
Texts given(store::Store& store, const LogId& log) {
    Texts all;
    const auto runs = store.runs(log, 0, 999, 999'999);
    REQUIRE(runs);
    for (const RunPtr& run : *runs)
        for (const auto& item : run->items())
            all.push_back(item.is_apart() ? "apart" : item.entry().text);
    return all;
}

std::size_t hits(store::Store& store, const std::string& word) {
    return store.search(word, {}, 99)->size();
}

// As somebody who does not have these bodies gives it.
RunPtr bare(RunPtr run, const std::vector<Seq>& entries) {
    for (const Seq seq : entries) run = without_body(run, seq);
    auto again = verify(unverified(*run));
    REQUIRE(again);
    return *again;
}

Body body_of(const RunPtr& run, Seq seq) { return {seq, std::string(run->at(seq).body)}; }

void check_is_gone(store::Store& store, const LineId& line) {
    CHECK(texts(store.newest({}, 99)) == Texts{"one", "", "three"});
    CHECK(newest(store)[1].body == BodyState::dropped);
    CHECK(given(store, line.log) == Texts{"one", "apart", "three"});
    CHECK(store.bodies(line.log, {1, 2, 3}, 9'999)->size() == 2);
    CHECK(hits(store, "secret") == 0);
    CHECK(hits(store, "one") == 1);
    CHECK(store.lacking()->empty());
}

}  // namespace

TEST_CASE_TEMPLATE("a line that is taken back is nowhere any more, and its log is whole", Where,
                   Sqlite, Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna();
    const RunPtr said = voice.say({"one", "secret", "three"});
    REQUIRE(store->append({said}, began));
    const LineId line{voice.log(), 2};
    CHECK(hits(*store, "secret") == 1);

    REQUIRE(store->append({takes_back(line, voice.head(2))}, began));

    CHECK(store->take_body_news() == News{{line, BodyState::dropped}});
    CHECK(store->take_body_news().empty());
    check_is_gone(*store, line);
    CHECK(store->holdings()->size() == 2);
    CHECK((*store->runs(voice.log(), 0, 9, 9'999)).front()->head() == said->head());
    CHECK(store->tally()->lines == 3);
}

TEST_CASE_TEMPLATE("a line may be taken back before it comes, and twice", Where, Sqlite, Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna();
    const RunPtr said = voice.say({"one", "secret", "three"});
    const LineId line{voice.log(), 2};
    const RunPtr again = takes_back({{voice.device(), voice.log().epoch, {}}, 2}, voice.head(2));

    REQUIRE(store->append({takes_back(line, voice.head(2))}, began));
    CHECK(store->take_body_news().empty());
    REQUIRE(store->append({said}, began));
    REQUIRE(store->append({again}, began));

    CHECK(store->take_body_news().empty());
    check_is_gone(*store, line);
    CHECK(store->fill(line.log, {body_of(said, 2)})->empty());
    check_is_gone(*store, line);
}

TEST_CASE_TEMPLATE("nobody takes back the line of another key, nor one that was never said", Where,
                   Sqlite, Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna();
    REQUIRE(store->append({voice.say({"one", "two", "three"})}, began));
    const LineId line{voice.log(), 2};

    REQUIRE(store->append({takes_back(line, voice.head(2), author + 1)}, began));
    REQUIRE(store->append({takes_back(line, voice.head(3))}, began));

    CHECK(store->take_body_news().empty());
    CHECK(texts(store->newest({}, 99)) == Texts{"one", "two", "three"});
    CHECK(given(*store, voice.log()) == Texts{"one", "two", "three"});
}

TEST_CASE_TEMPLATE("what was taken back of version 1 is hidden", Where, Sqlite, Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna().of_version_1();
    REQUIRE(store->append({voice.say({"one", "secret", "three"})}, began));
    const LineId line{voice.log(), 2};

    REQUIRE(store->append({takes_back(line, voice.head(2))}, began));

    CHECK(texts(store->newest({}, 99)) == Texts{"one", "", "three"});
    CHECK(newest(*store)[1].body == BodyState::dropped);
    CHECK(hits(*store, "secret") == 0);
    CHECK(given(*store, voice.log()) == Texts{"one", "secret", "three"});
}

TEST_CASE_TEMPLATE("a body that comes late is in its place", Where, Sqlite, Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna();
    const RunPtr said = voice.say({"one", "two words", "three"});
    const LogId& log = voice.log();
    REQUIRE(store->append({bare(said, {1, 2})}, began));
    CHECK(store->take_body_news() ==
          News{{{log, 1}, BodyState::lacking}, {{log, 2}, BodyState::lacking}});
    CHECK(*store->lacking() == std::vector<LineId>{{log, 1}, {log, 2}});
    CHECK(texts(store->newest({}, 99)) == Texts{"", "", "three"});
    CHECK(newest(*store)[0].body == BodyState::lacking);
    CHECK(hits(*store, "words") == 0);

    SUBCASE("but nothing that its entry has not signed") {
        CHECK(
            store->fill(log, {{2, body_of(said, 1).bytes}, {3, body_of(said, 1).bytes}})->empty());
        CHECK(store->fill(log, {{9, "x"}})->empty());
        CHECK(store->fill({log.device, Epoch{5}, {}}, {{1, "x"}})->empty());
        CHECK(store->lacking()->size() == 2);
        return;
    }
    const auto filled = store->fill(log, {body_of(said, 2)});

    CHECK(texts(filled) == Texts{"two words"});
    CHECK(filled->front().arrival == 2);
    CHECK(store->take_body_news() == News{{{log, 2}, BodyState::here}});
    CHECK(texts(store->newest({}, 99)) == Texts{"", "two words", "three"});
    CHECK(hits(*store, "words") == 1);
    CHECK(*store->lacking() == std::vector<LineId>{{log, 1}});
    CHECK(store->fill(log, {body_of(said, 2)})->empty());
    CHECK(given(*store, log) == Texts{"apart", "two words", "three"});
    CHECK(*store->bodies(log, {1, 2, 3}, 9'999) ==
          std::vector<Body>{body_of(said, 2), body_of(said, 3)});
    CHECK(store->bodies(log, {1, 2, 3}, 1)->size() == 1);
}

TEST_CASE_TEMPLATE("what is lacking may be taken back, and is asked of nobody then", Where, Sqlite,
                   Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna();
    const RunPtr said = voice.say({"one", "secret", "three"});
    const LineId line{voice.log(), 2};
    REQUIRE(store->append({bare(said, {2})}, began));
    REQUIRE(store->append({takes_back(line, voice.head(2))}, began));

    CHECK(store->take_body_news() == News{{line, BodyState::lacking}, {line, BodyState::dropped}});
    check_is_gone(*store, line);
}

TEST_CASE_TEMPLATE("an entry of a direct log is taken back for the two of them", Where, Sqlite,
                   Memory) {
    Where where;
    const auto store = where.make();
    Voice voice = anna().to(key_of(9).id());
    REQUIRE(store->append({voice.say({"secret"})}, began));
    LineId line{voice.log(), 1};
    CHECK(given(*store, voice.log()) == Texts{"secret"});

    REQUIRE(store->append({takes_back(line, voice.head(1))}, began));

    CHECK(given(*store, voice.log()) == Texts{"apart"});
}

TEST_CASE("a store on disk keeps what was taken back and what is lacking") {
    test::Folder folder;
    Voice voice = anna();
    const RunPtr said = voice.say({"one", "secret", "three", "four"});
    {
        const auto store = test::opened(folder.file());
        REQUIRE(store->append({bare(said, {4})}, began));
        REQUIRE(store->append({takes_back({voice.log(), 2}, voice.head(2))}, began));
        while (store->catch_up()) {
        }
    }
    auto opened = store::SqliteStore::open(folder.file(), {});
    REQUIRE(opened.store);
    auto& store = *opened.store;
    CHECK(store.is_intact());
    CHECK(*store.lacking() == std::vector<LineId>{{voice.log(), 4}});
    CHECK(texts(store.newest({}, 99)) == Texts{"one", "", "three", ""});
    CHECK(texts(store.fill(voice.log(), {body_of(said, 4)})) == Texts{"four"});
    CHECK(hits(store, "four") == 1);
    CHECK(store.is_intact());

    // The index is told the words that it was told before.
    REQUIRE(store.append({voice.say({"five"})}, began));
    REQUIRE(store.trim(0, {}, store::all_runs));
    CHECK(texts(store.newest({}, 99)) == Texts{"five"});
    CHECK(hits(store, "one") == 0);
    CHECK(store.is_intact());
}

}  // namespace node_store_bodies_test
