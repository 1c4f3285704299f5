// Lines of legacy peers go to the disk in groups, hold reading back, and outlast a refusal.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "message/limits.hpp"
#include "node/legacy_lines.hpp"
#include "node/store/memory_store.hpp"

namespace node_legacy_lines_test {

using namespace lanchat;

namespace {

constexpr std::size_t lines_max = limits::legacy_unwritten_lines_max;

// Notes how large the groups are that it gets, and refuses them while told to.
class Noting : public store::MemoryStore {
  public:
    explicit Noting(std::atomic<bool>& refuses) : MemoryStore(1), refuses_(refuses) {}
    Result<store::Arrival> append_legacy(const std::vector<store::Heard>& heard) override {
        groups.push_back(heard.size());
        if (refuses_) return Failure{"no space"};
        return MemoryStore::append_legacy(heard);
    }

    std::vector<std::size_t> groups;

  private:
    std::atomic<bool>& refuses_;
};

struct Scene {
    asio::io_context loop;
    std::atomic<bool> refuses = false;
    Noting* kept = new Noting(refuses);
    std::unique_ptr<store::Disk> disk =
        std::make_unique<store::Disk>(loop.get_executor(), std::unique_ptr<store::Store>(kept));
    std::vector<bool> holds;
    std::vector<std::pair<std::string, store::Arrival>> placed;
    std::vector<std::string> refusals;
    LegacyLines lines{loop,
                      *disk,
                      {[this](bool on) { holds.push_back(on); },
                       [this](const std::string& id, store::Arrival arrival) {
                           placed.emplace_back(id, arrival);
                       },
                       [](store::Arrival, std::size_t) {},
                       [this](const std::string& why) { refusals.push_back(why); }}};
    std::size_t heard = 0;

    void hear(std::size_t count, std::size_t bytes = 1) {
        for (std::size_t n = 0; n < count; ++n)
            lines.add({std::to_string(++heard), WallTime{1}, "general", "10.0.0.1:1",
                       std::string(bytes, 'x')});
        lines.write();
    }
    // The disk is busy until the promise is kept.
    std::promise<void> hold_disk() {
        std::promise<void> gate;
        disk->read([held = gate.get_future().share()](store::Store&) { held.wait(); });
        return gate;
    }
    void run_until(const std::function<bool()>& done) {
        loop.restart();
        const auto work = asio::make_work_guard(loop);
        while (!done()) loop.run_one();
    }
};

}  // namespace

TEST_CASE("legacy lines that come while a group is written are the next groups") {
    Scene scene;
    auto gate = scene.hold_disk();
    scene.hear(1);
    for (int n = 0; n < 2'000; ++n) scene.hear(1);
    gate.set_value();
    scene.run_until([&] { return scene.placed.size() == 2'001; });

    CHECK(scene.kept->groups == std::vector<std::size_t>{1, store::commit_entries_max, 976});
    for (std::size_t n = 0; n < scene.placed.size(); ++n) {
        CHECK(scene.placed[n].first == std::to_string(n + 1));
        CHECK(scene.placed[n].second == n + 1);
    }
    CHECK(scene.holds.empty());
}

TEST_CASE("of a paste that is slower than the disk many lines share a commit") {
    Scene scene;
    auto gate = scene.hold_disk();
    scene.hear(1);
    scene.hear(8);
    gate.set_value();
    scene.run_until([&] { return scene.placed.size() == 9; });

    for (int n = 0; n < 4; ++n) scene.hear(64);
    scene.run_until([&] { return scene.placed.size() == 265; });

    CHECK(scene.kept->groups == std::vector<std::size_t>{1, 8, 256});
}

TEST_CASE("a group of legacy lines is bounded in bytes") {
    Scene scene;
    auto gate = scene.hold_disk();
    scene.hear(1);
    scene.hear(2, store::commit_bytes_max * 2 / 3);
    gate.set_value();
    scene.run_until([&] { return scene.placed.size() == 3; });

    CHECK(scene.kept->groups == std::vector<std::size_t>{1, 1, 1});
}

TEST_CASE("reading from legacy peers waits while too much of theirs is unwritten") {
    for (const bool in_bytes : {false, true}) {
        CAPTURE(in_bytes);
        Scene scene;
        const std::size_t bytes = in_bytes ? limits::line_bytes_max : 1;
        const std::size_t most =
            in_bytes ? limits::legacy_unwritten_bytes_max / limits::line_bytes_max : lines_max;
        auto gate = scene.hold_disk();
        scene.hear(1);  // is under way
        scene.hear(most, bytes);
        CHECK(scene.holds.empty());
        scene.hear(1, bytes);
        CHECK(scene.holds == std::vector{true});
        scene.hear(5, bytes);  // was read already
        CHECK(scene.holds.size() == 1);

        gate.set_value();
        scene.run_until([&] { return scene.placed.size() == most + 7; });

        CHECK(scene.holds == std::vector{true, false});
        for (const auto& [id, arrival] : scene.placed) CHECK(id == std::to_string(arrival));
    }
}

TEST_CASE("legacy lines that a disk refuses are kept for it, so many") {
    Scene scene;
    scene.refuses = true;
    scene.hear(3);
    scene.run_until([&] { return !scene.refusals.empty(); });
    CHECK(scene.refusals == std::vector<std::string>{"no space"});
    CHECK(scene.placed.empty());

    scene.hear(lines_max);  // three too many: the chat goes on, these are not kept

    CHECK(scene.holds.empty());
    REQUIRE(scene.placed.size() == 3);
    for (const auto& [id, arrival] : scene.placed) CHECK(arrival == 0);

    scene.refuses = false;
    scene.lines.write_again();
    scene.run_until([&] { return scene.placed.size() == lines_max + 3; });

    CHECK(scene.placed[3] == std::pair<std::string, store::Arrival>{"1", 1});
    CHECK(scene.placed.back().first == std::to_string(lines_max));
}

TEST_CASE("legacy lines that wait are on the disk before it is let go") {
    Scene scene;
    auto gate = scene.hold_disk();
    scene.hear(1);
    scene.hear(1'500);
    scene.lines.write_all();
    std::size_t found = 0;
    scene.disk->read(
        [&found](store::Store& history) { found = history.arrived(0, {}, 9'999)->size(); });
    gate.set_value();
    scene.disk.reset();

    CHECK(found == 1'501);
}

}  // namespace node_legacy_lines_test
