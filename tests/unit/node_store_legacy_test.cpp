// Both stores keep what legacy peers said, many lines at once.
#include <doctest/doctest.h>

#include "node_stores.hpp"

namespace node_store_legacy_test {

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

constexpr std::uint64_t unlimited = ~std::uint64_t{0};
constexpr auto address = "10.0.0.1:4565";

struct Sqlite {
    std::unique_ptr<store::Store> make() { return test::opened(folder.file()); }
    test::Folder folder;
};
struct Memory {
    std::unique_ptr<store::Store> make() { return std::make_unique<store::MemoryStore>(7); }
};

// So many lines in one millisecond, "line 0" the first.
std::vector<store::Heard> paste(std::size_t count, WallTime when) {
    std::vector<store::Heard> lines;
    for (std::size_t n = 0; n < count; ++n)
        lines.push_back(
            {"l" + std::to_string(n), when, "general", address, "line " + std::to_string(n)});
    return lines;
}

}  // namespace

TEST_CASE_TEMPLATE("legacy lines are shown and are no part of a log", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(1, InstanceId{1}, WallTime{1'000});
    REQUIRE(store->append({anna.say({"signed"})}, {5}));
    const auto kept =
        store->append_legacy({{"abc:l1", {1'001}, "general", "10.0.0.1:4565", "from afar"}});
    REQUIRE(kept);
    CHECK(*kept == 2);
    const auto found = store->newest({}, 9);
    CHECK(texts(found) == Texts{"from afar", "signed"});
    CHECK(found->front().arrival == *kept);
    CHECK(found->front().id == "abc:l1");
    CHECK(found->back().id.empty());
    CHECK(found->front().entry.name == "10.0.0.1:4565");
    CHECK(texts(store->search("afar", {}, 9)) == Texts{"from afar"});
    CHECK(texts(store->newest({.author = DeviceId{}}, 9)).empty());
    CHECK(store->holdings()->size() == 1);
}

TEST_CASE_TEMPLATE("lines of a legacy peer are found by its address", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(1, InstanceId{1}, WallTime{1'000});
    REQUIRE(store->append({anna.say({"lunch, she said"})}, {5}));
    REQUIRE(store->append_legacy({{"l1", {1}, "general", "10.0.0.1:1", "lunch at one"},
                                  {"l2", {2}, "den", "10.0.0.1:11", "lunch at two"},
                                  {"l3", {3}, "den", "10.0.0.1:1", "lunch at three"}}));
    lanchat::store::Filter from{.legacy_author = "10.0.0.1:1"};

    CHECK(*store->legacy_authors() == Texts{"10.0.0.1:1", "10.0.0.1:11"});
    CHECK(texts(store->newest(from, 9)) == Texts{"lunch at one", "lunch at three"});
    CHECK(texts(store->arrived(0, from, 9)) == Texts{"lunch at one", "lunch at three"});
    CHECK(texts(store->search("lunch", from, 9)) == Texts{"lunch at one", "lunch at three"});
    CHECK(texts(store->newest({.author = anna.device()}, 9)) == Texts{"lunch, she said"});
    from.room = "den";
    CHECK(texts(store->search("lunch", from, 9)) == Texts{"lunch at three"});
    from.legacy_author = "10.0.0.2:1";
    CHECK(texts(store->newest(from, 9)).empty());
    CHECK(texts(store->search("lunch", from, 9)).empty());
    CHECK(store->trim(~std::uint64_t{0}, WallTime{2}, lanchat::store::all_runs)->lines == 1);
    CHECK(texts(store->search("at", {.legacy_author = "10.0.0.1:1"}, 9)) ==
          Texts{"lunch at three"});
}

TEST_CASE_TEMPLATE("legacy lines come in groups, each with its own arrival", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    Voice anna(1, InstanceId{1}, WallTime{1'000});
    REQUIRE(store->append({anna.say({"signed"})}, {5}));
    const auto first = store->append_legacy({{"l1", {1}, "general", "10.0.0.1:1", "one"},
                                             {"l2", {1}, "den", "10.0.0.2:1", "two"},
                                             {"l3", {1}, "general", "10.0.0.1:1", "three"}});
    REQUIRE(first);
    CHECK(*first == 2);
    CHECK(store->last() == 4);
    CHECK(texts(store->arrived(1, {}, 9)) == Texts{"one", "two", "three"});
    CHECK(texts(store->arrived(1, {.room = "den"}, 9)) == Texts{"two"});
    CHECK(texts(store->search("three", {}, 9)) == Texts{"three"});
    CHECK(*store->append_legacy({}) == 5);
    CHECK(store->last() == 4);
}

TEST_CASE_TEMPLATE("each line of a paste is found and is where it arrived", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    REQUIRE(store->append_legacy(paste(600, {1'000})));
    while (store->catch_up()) continue;

    CHECK(store->tally()->lines == 600);
    const auto from = store->arrived(298, {}, 3);
    CHECK(texts(from) == Texts{"line 298", "line 299", "line 300"});
    CHECK(from->front().arrival == 299);
    CHECK(from->front().id == "l298");
    CHECK(texts(store->newest({}, 2)) == Texts{"line 598", "line 599"});
    CHECK(texts(store->search("599", {.legacy_author = address}, 9)) == Texts{"line 599"});
    CHECK(texts(store->search("257", {}, 9)) == Texts{"line 257"});
}

TEST_CASE_TEMPLATE("lines of a paste are given up together", Made, Sqlite, Memory) {
    Made maker;
    const auto store = maker.make();
    REQUIRE(store->append_legacy(paste(3, {1'000})));
    REQUIRE(store->append_legacy(paste(2, {2'000})));

    const auto trimmed = store->trim(unlimited, WallTime{1'500}, store::all_runs);

    CHECK(trimmed->lines == 3);
    CHECK(store->tally()->lines == 2);
    CHECK(store->arrived(0, {}, 9)->front().arrival == 4);
    CHECK(texts(store->search("line", {}, 9)) == Texts{"line 0", "line 1"});
}

}  // namespace node_store_legacy_test
