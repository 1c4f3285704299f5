// A place in a store proves itself, also of stores that were copied and put back.
#include <doctest/doctest.h>

#include <filesystem>

#include "node_stores.hpp"

namespace node_store_places_test {

using namespace lanchat;

namespace {

// A store that is opened again and again, and put back from copies.
struct Copied {
    test::Folder folder;
    Voice anna{InstanceId{1}};
    std::vector<store::Position> named;

    // As a node that starts, hears so many lines and names the place of each.
    void live(int lines) {
        const auto store = test::opened(folder.file());
        for (int n = 0; n < lines; ++n) {
            REQUIRE(store->append({anna.say({"line"})}, {5}));
            named.push_back(store->eras().at(store->last()));
        }
        if (lines == 0) named.push_back(store->eras().at(store->last()));
    }
    void copy_to(const test::Folder& other) const {
        std::filesystem::copy_file(folder.file(), other.file(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
    std::string proven() const {
        const auto store = test::opened(folder.file());
        std::string all;
        for (const auto& place : named) all += *store->proves(place) ? 'y' : 'n';
        return all;
    }
};

}  // namespace

TEST_CASE(
    "a place is proven after restarts, with and without lines, and once its line is trimmed") {
    Copied store;
    for (const int lines : {0, 3, 0, 2, 1}) store.live(lines);

    CHECK(store.proven() == "yyyyyyyy");
    const auto trimmed = test::opened(store.folder.file())
                             ->trim(~std::uint64_t{0}, WallTime{6}, lanchat::store::all_runs);
    REQUIRE(trimmed->lines > 0);
    CHECK(store.proven() == "yyyyyyyy");
    CHECK_FALSE(*test::opened(store.folder.file())->proves({store.named.back().era, 7}));
    CHECK_FALSE(*test::opened(store.folder.file())->proves({1, 1}));
    CHECK(*test::opened(store.folder.file())->proves({1, 0}));
}

TEST_CASE("of a store that was put back no place is proven that was named after the copy") {
    Copied store;
    const test::Folder backup;
    store.live(2);
    store.copy_to(backup);
    store.live(2);
    std::filesystem::copy_file(backup.file(), store.folder.file(),
                               std::filesystem::copy_options::overwrite_existing);

    CHECK(store.proven() == "yynn");
    store.anna = Voice(InstanceId{2});
    store.live(3);
    CHECK(store.proven() == "yynnyyy");
}

TEST_CASE(
    "of two stores that were one each proves what was named before they parted, and its own") {
    Copied one;
    Copied other;
    one.live(2);
    one.copy_to(other.folder);
    one.live(2);
    other.anna = Voice(InstanceId{2});
    other.live(2);

    one.named.insert(one.named.end(), other.named.begin(), other.named.end());
    other.named = one.named;
    CHECK(one.proven() == "yyyynn");
    CHECK(other.proven() == "yynnyy");
}

}  // namespace node_store_places_test
