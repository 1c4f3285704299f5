// Damaged, truncated and missing stores: they open or recover, and never show what was not said.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "node_stores.hpp"

namespace node_store_recovery_test {

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

struct Said {
    std::map<LineId, Entry> lines;
    std::vector<RunPtr> runs;
    std::string file;  // the bytes of the store

    Said() {
        test::Folder folder;
        {
            const auto store = test::opened(folder.file());
            for (std::uint8_t who = 1; who < 4; ++who) {
                Voice author{InstanceId{who}};
                if (who == 2) author = Voice(InstanceId{who}).of_version_1();
                for (int n = 0; n < 20; ++n)
                    add(*store, author.say({"a line",
                                            std::string(static_cast<std::size_t>(n) * 30 + 1, 'y'),
                                            "number " + std::to_string(n)}));
            }
            if (!store->append_legacy({{"abc:l1", {5}, "general", "10.0.0.1:4565", "from afar"}}))
                std::abort();
        }
        file = content(folder.file());
    }

    void add(store::Store& store, const RunPtr& run) {
        if (!store.append({run}, {5})) std::abort();
        note(run);
    }
    void note(const RunPtr& run) {
        runs.push_back(run);
        for (const auto& item : run->items()) lines[{run->log(), item.seq}] = item.entry();
    }

    // How many lines are shown; all of them were said.
    std::size_t shown_by(store::Store& store) const {
        std::size_t shown = 0;
        const auto all = store.newest({}, 10'000);
        for (const auto& line : all ? *all : std::vector<store::Line>{}) {
            if (line.legacy) {
                CHECK(line.entry.text == "from afar");
                continue;
            }
            const auto found = lines.find({line.entry.log, line.entry.seq});
            REQUIRE(found != lines.end());
            CHECK(test::placed(0, line.entry) == test::placed(0, found->second));
            ++shown;
        }
        (void)store.search("line", {}, 50);
        (void)store.arrived(0, {}, 1'000);
        const auto holdings = store.holdings();
        if (!holdings) return shown;  // the next start mends that
        for (const auto& held : *holdings)
            (void)store.runs(held.log, held.extent.base.after, 1'000, 1'000'000);
        return shown;
    }
};

const Said& said() {
    static const Said once;
    return once;
}

std::string damaged(std::string bytes, std::mt19937_64& rng) {
    const auto at = rng() % bytes.size();
    const auto size = std::min<std::size_t>(bytes.size() - at, 1 + rng() % 600);
    switch (rng() % 4) {
        case 0:
            bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 << rng() % 8));
            break;
        case 1:
            std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, '\0');
            break;
        case 2:
            for (std::size_t n = 0; n < size; ++n) bytes[at + n] = static_cast<char>(rng());
            break;
        default:
            bytes.resize(at);
    }
    return bytes;
}

}  // namespace

TEST_CASE("a store damaged anywhere opens or recovers and shows only what was said") {
    const char* set = std::getenv("LANCHAT_CORRUPTIONS");
    const int count = set ? std::atoi(set) : 1'000;
    std::size_t shown = 0;
    for (int seed = 0; seed < count; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 rng(static_cast<std::uint64_t>(seed));
        test::Folder folder;
        write(folder.file(), damaged(said().file, rng));
        for (int start = 0; start < 2; ++start) {
            const auto opened = store::open_or_recover(folder.file());
            REQUIRE_MESSAGE(opened, opened.why());
            if (start < 1) {
                said().shown_by(*opened->store);
                continue;
            }
            // Nobody is stuck: what was lost is taken in again.
            const auto restored = opened->store->append(said().runs, {6});
            CHECK_MESSAGE(restored, restored.why());
            shown += said().shown_by(*opened->store);
        }
    }
    CHECK(shown > static_cast<std::size_t>(count) * said().lines.size() * 9 / 10);
}

TEST_CASE("damage to the first page costs nothing but the old id") {
    test::Folder folder;
    auto bytes = said().file;
    bytes.replace(0, 3'000, 3'000, 'z');
    write(folder.file(), bytes);
    const auto opened = store::open_or_recover(folder.file());
    REQUIRE_MESSAGE(opened, opened.why());
    CHECK(opened->report.find("60 runs") != std::string::npos);
    CHECK(said().shown_by(*opened->store) == said().lines.size());
    CHECK(content(folder.file() + ".broken-1") == bytes);
}

TEST_CASE("a damaged line is not shown, its run not given, and the next start repairs") {
    test::Folder folder;
    std::uint64_t id = 0;
    auto bytes = said().file;
    const auto at = bytes.find("number 11");
    REQUIRE(at != std::string::npos);
    bytes[at] = 'N';
    write(folder.file(), bytes);
    {
        const auto opened = store::open_or_recover(folder.file());
        REQUIRE(opened);
        CHECK(opened->report.empty());
        id = opened->store->id();
        CHECK(said().shown_by(*opened->store) == said().lines.size() - 1);
    }
    const auto opened = store::open_or_recover(folder.file());
    REQUIRE(opened);
    CHECK(opened->report.find("59 runs") != std::string::npos);
    CHECK(opened->report.find("wait") != std::string::npos);
    CHECK(opened->store->id() != id);
    CHECK(said().shown_by(*opened->store) < said().lines.size() - 3);
    // The missing run brings back those after it.
    REQUIRE(opened->store->append(said().runs, {6}));
    CHECK(said().shown_by(*opened->store) == said().lines.size());
}

TEST_CASE("a damaged signature costs what it alone vouched for, and the next start looks closely") {
    test::Folder folder;
    Voice anna(InstanceId{1});
    {
        const auto store = test::opened(folder.file());
        for (const char* text : {"one", "two", "three"})
            REQUIRE(store->append({anna.say({text})}, {5}));
    }
    const auto last_given = [&](const std::string& damaged_run) {
        test::run_sql(folder.file(),
                      "UPDATE run SET signature=zeroblob(64) WHERE run=" + damaged_run);
        const auto store = test::opened(folder.file());
        const auto runs = store->runs(anna.log(), 0, 99, 99'999);
        return runs ? runs->back()->last() : 0;
    };
    CHECK(last_given("2") == 3);  // the last one vouches for all
    CHECK_FALSE(std::filesystem::exists(store::suspicion_of(folder.file())));
    CHECK(last_given("3") == 1);
    CHECK(std::filesystem::exists(store::suspicion_of(folder.file())));
}

TEST_CASE("where no run is damaged but what leads to them, nobody is stuck") {
    for (const std::string harm : {
             "DELETE FROM store",
             "DELETE FROM word_config",
             "UPDATE word_config SET v=0",
             "UPDATE word_data SET block=zeroblob(9) WHERE id=10",
             "UPDATE word_data SET block=zeroblob(30) WHERE id>10",
             "DELETE FROM word_data",
             "PRAGMA writable_schema=ON;"
             "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM sqlite_schema AS other"
             " WHERE other.name='run_by_log') WHERE name='line_by_clock'",
             "PRAGMA writable_schema=ON;"
             "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM sqlite_schema AS other"
             " WHERE other.name='line_by_clock') WHERE name='run_by_log'",
             "DELETE FROM room",
             "DELETE FROM author",
             "UPDATE room SET name='elsewhere', key='elsewhere'",
         }) {
        CAPTURE(harm);
        test::Folder folder;
        write(folder.file(), said().file);
        test::run_sql(folder.file(), harm);
        Said with_late = said();
        Voice late(InstanceId{99});
        bool is_kept = true;
        for (int start = 0; start < 6; ++start) {
            CAPTURE(start);
            with_late.note(late.say({"a late line"}));
            const auto opened = store::open_or_recover(folder.file());
            REQUIRE_MESSAGE(opened, opened.why());
            // Damage may be met late, but the start after that has mended it.
            const auto kept = opened->store->append(with_late.runs, {7});
            CHECK((kept || is_kept));
            is_kept = static_cast<bool>(kept);
            while (opened->store->catch_up()) {
            }
            const auto shown = with_late.shown_by(*opened->store);
            CHECK((shown == with_late.lines.size() || start < 2 || !is_kept));
        }
    }
}

// Of one line each.
std::vector<RunPtr> three_runs_in(const test::Folder& folder) {
    Voice anna(InstanceId{1});
    std::vector<RunPtr> runs;
    for (const char* text : {"zeroth", "first", "second"}) runs.push_back(anna.say({text}));
    REQUIRE(test::opened(folder.file())->append(runs, {5}));
    return runs;
}

TEST_CASE("a log whose first run is damaged begins after it until peers bring it back") {
    test::Folder folder;
    const auto runs = three_runs_in(folder);
    auto bytes = content(folder.file());
    const auto at = bytes.find("zeroth");
    REQUIRE(at != std::string::npos);
    bytes[at] = 'Z';
    write(folder.file(), bytes);
    {
        const auto opened = store::open_or_recover(folder.file());
        REQUIRE(opened);
        CHECK(opened->store->arrived(0, {}, 10)->size() == 2);  // reading leaves the suspicion
    }

    const auto opened = store::open_or_recover(folder.file());

    REQUIRE_MESSAGE(opened, opened.why());
    CHECK(opened->store->holdings()->front().extent.floor == 0);
    CHECK(opened->store->holdings()->front().extent.base.after == 1);
    CHECK(texts(opened->store->append({runs.front()}, {6})) == Texts{"zeroth"});
    CHECK(texts(opened->store->newest({}, 9)) == Texts{"zeroth", "first", "second"});
}

TEST_CASE("where nothing tells what was trimmed, what is missing is wanted back") {
    test::Folder folder;
    const auto runs = three_runs_in(folder);
    test::run_sql(folder.file(), "DELETE FROM run WHERE first=1; DELETE FROM log");
    write(folder.file() + ".suspect", "");

    const auto opened = store::open_or_recover(folder.file());

    REQUIRE_MESSAGE(opened, opened.why());
    REQUIRE(opened->store->holdings()->size() == 1);
    CHECK(opened->store->holdings()->front().extent.floor == 0);
    CHECK(texts(opened->store->append({runs.front()}, {6})) == Texts{"zeroth"});
}

TEST_CASE("a deleted store is a new one, an emptied one is told") {
    test::Folder folder;
    { CHECK(test::opened(folder.file())); }
    fs::remove(folder.file());
    CHECK(store::open_or_recover(folder.file())->report.empty());
    fs::resize_file(folder.file(), 0);
    CHECK_FALSE(store::open_or_recover(folder.file())->report.empty());
}

TEST_CASE("a trimmed log keeps its floor through recovery") {
    test::Folder folder;
    Voice anna(InstanceId{1});
    {
        const auto store = test::opened(folder.file());
        for (int n = 0; n < 5; ++n) REQUIRE(store->append({anna.say({"a", "b"})}, {n}));
        REQUIRE(store->trim(~std::uint64_t{0}, WallTime{3}, store::all_runs)->lines == 6);
    }
    auto bytes = content(folder.file());
    bytes.replace(0, 100, 100, '\0');
    write(folder.file(), bytes);
    const auto opened = store::open_or_recover(folder.file());
    REQUIRE_MESSAGE(opened, opened.why());
    const auto held = opened->store->holdings();
    REQUIRE(held->size() == 1);
    CHECK(held->front().extent.floor == 6);
    CHECK(held->front().extent.last() == 10);
    CHECK(texts(opened->store->append({anna.say({"c"})}, {6})) == Texts{"c"});
}

TEST_CASE("a store that was emptied is told, kept aside, and never silently new") {
    test::Folder folder;
    write(folder.file(), "");
    const auto opened = store::open_or_recover(folder.file());
    REQUIRE(opened);
    CHECK(opened->report.find("it is empty") != std::string::npos);
    CHECK(std::filesystem::exists(folder.file() + ".broken-1"));
    REQUIRE(opened->store->append({said().runs.front()}, {5}));
    CHECK(opened->store->last() > 0);
}

}  // namespace node_store_recovery_test
