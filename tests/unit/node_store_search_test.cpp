// What a search costs: counted in steps of SQLite, which no busy machine changes.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "node/store/words.hpp"
#include "node_stores.hpp"

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

TEST_CASE("of too many words the first are looked for") {
    test::Folder folder;
    const auto store = test::opened(folder.file());
    Voice anna{InstanceId{1}};
    std::string text;
    for (std::size_t n = 0; n < lanchat::store::query_words_max; ++n)
        text += "word" + std::to_string(n) + ' ';
    REQUIRE(store->append({anna.say({text})}, {5}));

    CHECK(texts(store->search(text + "absent", {}, 9)).size() == 1);
    CHECK(texts(store->search("absent " + text, {}, 9)).empty());
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
