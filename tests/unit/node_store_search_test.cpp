// What a search costs: counted in steps of SQLite, which no busy machine changes.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "node/store/memory_store.hpp"
#include "node/store/words.hpp"
#include "node_stores.hpp"

namespace node_store_search_test {

using namespace lanchat;
using test::texts;

namespace {

// Of all databases that are opened while it lives.
class Steps {
  public:
    Steps() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
    ~Steps() { sqlite3_reset_auto_extension(); }
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;

    template <class Deed>
    static long of(const Deed& deed) {
        const long before = tens;
        deed();
        return 10 * (tens - before);
    }

  private:
    static int watch(sqlite3* database, const char**, const void*) {
        sqlite3_progress_handler(
            database, 10,
            [](void*) {
                ++tens;
                return 0;
            },
            nullptr);
        return SQLITE_OK;
    }
    static inline long tens = 0;
};

constexpr int lines = 5'000;

// Everybody says "lunch" in every line; Bob only once, in a room of his own.
struct Noon {
    Noon() {
        for (int n = 0; n < lines; n += 250)
            runs.push_back(anna.say(std::vector<std::string>(250, "lunch at noon")));
        runs.push_back(bob.say({"lunch alone", "nothing else"}, "den"));
        REQUIRE(store->append(runs, {5}));
        while (store->catch_up()) continue;
    }
    Steps steps;
    test::Folder folder;
    std::unique_ptr<store::Store> store = test::opened(folder.file());
    Voice anna{InstanceId{1}};
    Voice bob{InstanceId{2}};
    std::vector<RunPtr> runs;
};

}  // namespace

TEST_CASE("a search looks at no line that its filter leaves out") {
    Noon noon;
    const auto cost = [&](std::string_view query, const store::Filter& filter, std::size_t found) {
        return Steps::of(
            [&] { CHECK(texts(noon.store->search(query, filter, 10)).size() == found); });
    };

    CHECK(cost("lunch", {}, 10) > lines);  // many hits are looked at before the newest are known
    CHECK(cost("lunch", {.author = noon.bob.device()}, 1) < 500);
    CHECK(cost("lunch", {.room = "den"}, 1) < 500);
    CHECK(cost("noon", {.author = noon.bob.device()}, 0) < 500);
    CHECK(cost("noon", {.room = "den"}, 0) < 500);
    CHECK(cost("lunch", {.room = "den", .author = noon.anna.device()}, 0) < 500);
    CHECK(cost("lunch", {.room = "no such"}, 0) < 500);
    CHECK(cost("lunch", {.author = Voice(InstanceId{3}).device()}, 0) < 500);
}

TEST_CASE("of too many hits the last to arrive are looked at") {
    Noon noon;

    const auto hits = noon.store->search("lunch", {}, lines);

    REQUIRE(hits);
    CHECK(hits->size() == store::searched_max);
    for (const auto& line : *hits) CHECK(line.arrival > lines + 1 - store::searched_max);
}

namespace {

// Both stores hold the same lines; one of them has them in an index, or not yet.
struct Talk {
    explicit Talk(const std::vector<std::string>& texts) {
        const auto run = voice.say(texts);
        for (store::Store* each : all()) REQUIRE(each->append({run}, {5}));
        while (indexed->catch_up()) continue;
    }
    std::vector<store::Store*> all() const { return {indexed.get(), behind.get(), memory.get()}; }
    Voice voice{InstanceId{1}};
    test::Folder folder, other;
    std::unique_ptr<store::Store> indexed = test::opened(folder.file());
    std::unique_ptr<store::Store> behind =
        test::opened(other.file(), {.indexing = {0, 1, 1'000'000}});
    std::unique_ptr<store::Store> memory = std::make_unique<store::MemoryStore>(1);
};

}  // namespace

TEST_CASE("a word is found by its beginning, in all scripts that put blanks between them") {
    const Talk talk({"The Deployment-2 of Łódź failed: nice👍 brand™ 20° 50€", "Größe ΣΊΣΥΦΟΣ",
                     "İstanbul Вася café", "x redeploy"});
    for (store::Store* store : talk.all()) {
        const auto found = [&](std::string_view query) {
            return texts(store->search(query, {}, 9)).size();
        };
        for (const auto* query :
             {"deploy", "deployment", "d", "DEPLOY failed", "nice", "brand", "20", "Łódź", "50€",
              "gro", "grösse", "σίσυφος", "istanbul", "вас", "cafe\u0301", "caf", "👍", "20°"})
            CHECK_MESSAGE(found(query) == 1, query);
        for (const auto* query : {"loyment", "deployments", "deploy gro", "ąd"})
            CHECK_MESSAGE(found(query) == 0, query);
        CHECK(texts(store->search("re", {}, 9)).size() == 1);
    }
}

TEST_CASE("emoji, and words inside of what is written without blanks, are found") {
    const Talk talk({"done 🎉🎉!", "thumbs 👍🏽", "👨‍👩‍👧 and 🇩🇪",
                     "❤️ 🥹🫨", "ฉันอยู่ที่กรุงเทพมหานครครับ", "나는 대한민국에서 한국어를 배운다",
                     "قرأتُ والكِتاب اليوم", "मैं हिन्दी-भाषा बोलता हूँ", "東京タワーへ行く ガンダム",
                     "می‌خواهم بروم", "ភាសា\u200Bខ្មែរ", "שָׁלוֹם לך",
                     "\u1112\u1161\u11AB\u1100\u1173\u11AF", "तमिल தமிழ்நாடு", "ㅋㅋㅋㅋ"});
    const std::vector<std::pair<std::string, std::size_t>> cases{
        {"🎉", 0},       {"🎉🎉", 0},       {"👍", 1},      {"👍🏽", 1},  {"👧", 2},
        {"🇩🇪", 2},      {"❤", 3},        {"🫨", 3},   {"🥹🫨", 3},  {"กรุงเทพ", 4},
        {"ที่", 4},       {"ครับ", 4},      {"민국", 5},   {"한국어", 5},    {"배", 5},
        {"كتاب", 6},    {"قرات", 6},     {"اليوم", 6},  {"हिन्दी", 7},     {"भाषा", 7},
        {"हि", 7},      {"京タワー", 8}, {"行", 8},     {"ガン", 8},      {"می‌خواهم", 9},
        {"میخواهم", 9}, {"خواه", 9},     {"ខ្មែរ", 10},  {"ភាសាខ្មែរ", 10}, {"שלום", 11},
        {"한글", 12},   {"தமிழ்", 13},    {"மிழ்நா", 13}, {"ㅋㅋㅋ", 14}};
    for (store::Store* store : talk.all())
        for (const auto& wanted : cases) {
            const auto hits = store->search(wanted.first, {}, 9);
            REQUIRE(hits);
            CHECK_MESSAGE(hits->size() == 1, wanted.first);
            if (!hits->empty())
                CHECK_MESSAGE(hits->front().arrival == wanted.second + 1, wanted.first);
        }
    for (store::Store* store : talk.all())
        for (const auto* query : {"🎊", "🎉🎉🎉", "กรุงไทย", "한국인", "हीन्दी", "हिन्दू", "都", "ハン"})
            CHECK_MESSAGE(texts(store->search(query, {}, 9)).empty(), query);
}

TEST_CASE("what has all parts of a run and not the run itself is no hit") {
    const Talk talk({"กขค ขคง", "กขคง"});
    for (store::Store* store : talk.all())
        CHECK(texts(store->search("กขคง", {}, 9)) == std::vector<std::string>{"กขคง"});
}

TEST_CASE("a search for nothing, and for too much, is refused") {
    std::string words;
    for (std::size_t n = 0; n <= store::query_pieces_max; ++n)
        words += "w" + std::to_string(n) + ' ';
    for (const std::string query : {"", " ", "!!!", "\"", "*", "\u200D", "\u0301", "؟", "。"}) {
        REQUIRE(store::refuse_query(query));
        CHECK(store::refuse_query(query)->why.find("nothing to look for") != std::string::npos);
    }
    for (const std::string query : {"AND\"", "c++", "🎉", "€", "°", "字"})
        CHECK_FALSE(store::refuse_query(query));
    REQUIRE(store::refuse_query(words));
    CHECK(store::refuse_query(words)->why.find("32") != std::string::npos);
    CHECK_FALSE(store::refuse_query(words.substr(words.find(' ')) + " w2"));
}

TEST_CASE("no query is taken for FTS5's own words, and any text can be told and forgotten") {
    const std::vector<std::string> odd{"a OR b",
                                       "NEAR(a b)",
                                       "words: x",
                                       "\"quoted\" ^a -b +c (d)",
                                       "x* y**",
                                       "{a b}:c",
                                       std::string(40'000, 'q') + " tail",
                                       "\u0E33\u0E33",
                                       "\u0301\u0301x",
                                       "ก\u0301ข"};
    Talk talk(odd);
    for (std::size_t n = 0; n < odd.size(); ++n)
        for (store::Store* store : talk.all()) {
            const auto hits = store->search(odd[n], {}, 9);
            REQUIRE(hits);
            CHECK(std::ranges::any_of(
                *hits, [&](const store::Line& line) { return line.arrival == n + 1; }));
        }
    // The newest run of a log stays.
    REQUIRE(talk.indexed->append({talk.voice.say({"the last"})}, {50}));
    REQUIRE(talk.indexed->trim(~std::uint64_t{0}, WallTime{10}, store::all_runs)->lines ==
            odd.size());
    CHECK(texts(talk.indexed->search("a", {}, 9)).empty());
    CHECK(texts(talk.indexed->search("last", {}, 9)).size() == 1);
}

TEST_CASE("one room is searched, however its name is written") {
    test::Folder folder;
    const auto store = test::opened(folder.file());
    Voice anna{InstanceId{1}};
    REQUIRE(store->append({anna.say({"first"}, "Caf\u00E9"), anna.say({"second"}, "cafe\u0301"),
                           anna.say({"third"}, "CAFÉ  "), anna.say({"no"}, "cafe")},
                          {5}));
    CHECK(*store->rooms() == std::vector<std::string>{"cafe", "Caf\u00E9"});
    CHECK(texts(store->newest({.room = "café"}, 9)).size() == 3);
    CHECK(texts(store->arrived(1, {.room = "Café"}, 9)).size() == 2);
    CHECK(texts(store->search("second", {.room = "CAFÉ"}, 9)).size() == 1);
    // Who says it first in the order of all lines spells it, however late that comes.
    Voice early{2, InstanceId{2}, WallTime{1'000}};
    REQUIRE(store->append({early.say({"zeroth"}, "cAFÉ")}, {6}));
    CHECK(*store->rooms() == std::vector<std::string>{"cafe", "cAFÉ"});
}

TEST_CASE("no text can be taken for a room or an author") {
    test::Folder folder;
    const auto store = test::opened(folder.file());
    Voice anna{InstanceId{1}};
    REQUIRE(store->append({anna.say({"r1 a1", "\u00a7r1",
                                     "\u00a7"
                                     "a1"})},
                          {5}));
    REQUIRE(store->append({anna.say({"r1 elsewhere"}, "den")}, {5}));

    const auto found = [&](std::string_view query, const char* room) {
        return texts(store->search(query, {.room = room}, 9)).size();
    };
    CHECK(found("r1", "general") == 2);
    CHECK(found("\u00a7r1", "general") == 2);
    CHECK(found("r1", "den") == 1);
    CHECK(found("\u00a7r2", "general") == 0);
}

TEST_CASE("what is trimmed is found no more, whatever the filter") {
    Noon noon;
    REQUIRE(noon.store->append({noon.bob.say({"new"}, "den")}, {50}));
    REQUIRE(noon.store->trim(~std::uint64_t{0}, WallTime{10}, store::all_runs)->lines > 0);

    CHECK(texts(noon.store->search("lunch", {.author = noon.bob.device()}, 9)).empty());
    CHECK(texts(noon.store->search("lunch", {.room = "den"}, 9)).empty());
    CHECK(texts(noon.store->search("new", {.room = "den"}, 9)).size() == 1);
}

TEST_CASE("what the index does not hold yet is found, and a writer waits for what is too much") {
    const test::Folder folder;
    const auto store = test::opened(folder.file(), {.indexing = test::slow_index});
    Voice anna{InstanceId{1}};
    for (int n = 0; n < 5; ++n)
        REQUIRE(store->append({anna.say(std::vector<std::string>(40, "lunch"))}, {5}));

    CHECK(texts(store->search("lunch", {}, 999)).size() == 200);
    int parts = 1;
    while (store->catch_up()) ++parts;

    CHECK(parts == 1);  // of each 40 lines 34 were waited for: two stretches of 16 ms
    CHECK(texts(store->search("lunch", {}, 999)).size() == 200);
    CHECK_FALSE(store->catch_up());
}

TEST_CASE("what is trimmed before it is indexed was never there") {
    const test::Folder folder;
    const auto store = test::opened(folder.file(), {.indexing = {0, 1, 1'000}});
    Voice anna{InstanceId{1}};
    REQUIRE(store->append({anna.say({"lunch", "noon"}), anna.say({"dinner"})}, {5}));
    REQUIRE(store->trim(0, std::nullopt, 1)->lines == 2);

    while (store->catch_up()) continue;

    CHECK(texts(store->search("lunch", {}, 9)).empty());
    CHECK(texts(store->search("dinner", {}, 9)).size() == 1);
}

TEST_CASE("a few lines are indexed as they come, many when there is time") {
    const test::Folder folder;
    const auto store = test::opened(folder.file());
    Voice anna{InstanceId{1}};
    REQUIRE(store->append({anna.say({"lunch"})}, {5}));
    CHECK_FALSE(store->catch_up());

    REQUIRE(store->append(anna.runs(2, 5'000), {5}));
    int parts = 1;
    while (store->catch_up()) ++parts;

    CHECK(parts == 5);
    CHECK_FALSE(store->catch_up());
}

}  // namespace node_store_search_test
