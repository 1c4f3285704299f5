// The history of a node by itself: in order to the disk, again after a refusal, silent once
// stopped.
#include "node/history.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <atomic>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "node/store/memory_store.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/node_lives.hpp"

namespace lanchat::node_history_test {
namespace {

// A store in memory whose disk can be full.
class Fillable : public store::MemoryStore {
  public:
    explicit Fillable(std::atomic<bool>& full) : MemoryStore(1), full_(full) {}
    Result<std::vector<store::Added>> append(const std::vector<RunPtr>& runs,
                                             WallTime arrived) override {
        if (full_) return Failure{"no space"};
        return MemoryStore::append(runs, arrived);
    }

  private:
    std::atomic<bool>& full_;
};

struct Scene {
    Scene() { history.begin(std::make_unique<Fillable>(full)); }
    ~Scene() { loop.stop(); }

    void say(const std::string& text) {
        history.add(brain::Append{voice.say({text})});
        history.write();
    }
    bool hears(std::size_t count) {
        return test::until(io, [&] { return told.size() >= count; });
    }

    std::atomic<bool> full = false;
    asio::io_context io;
    NodeLoop loop{io};
    Config config;
    Voice voice{InstanceId{1}};
    std::vector<std::string> told;  // of each line, in order
    History history{loop,
                    config,
                    {[this](const brain::Input& input) {
                         if (const auto* stored = std::get_if<brain::Stored>(&input))
                             for (const auto& run : stored->runs)
                                 told.push_back("brain " + run->items().front().entry().text);
                         if (const auto* fetched = std::get_if<brain::Fetched>(&input))
                             for (const auto& run : fetched->runs)
                                 told.push_back("fetched to " + std::to_string(run->last()));
                     },
                     [this](const std::vector<RunPtr>& runs) {
                         for (const auto& run : runs)
                             told.push_back("caller " + run->items().front().entry().text);
                     },
                     [](bool) {}}};
};

TEST_CASE("who said a line hears that it is on the disk before the brain does") {
    Scene scene;
    scene.say("one");
    REQUIRE(scene.hears(2));
    CHECK(scene.told == std::vector<std::string>{"caller one", "brain one"});
    CHECK(scene.history.newest() == 1);
    CHECK_FALSE(scene.history.is_history(1));
}

TEST_CASE("what the disk refuses goes to it again, in order and before what came later") {
    Scene scene;
    int news = 0;
    scene.history.on_news([&] { ++news; });
    scene.full = true;
    scene.say("one");
    scene.say("two");
    REQUIRE(test::until(scene.io, [&] { return !scene.history.trouble().empty(); }));
    CHECK(scene.history.trouble() == "no space");
    CHECK(news > 0);
    CHECK(scene.told.empty());

    scene.full = false;
    scene.say("three");
    REQUIRE(scene.hears(6));
    std::vector<std::string> to_callers;
    for (const auto& one : scene.told)
        if (one.starts_with("caller")) to_callers.push_back(one);
    CHECK(to_callers == std::vector<std::string>{"caller one", "caller two", "caller three"});
    CHECK(scene.history.trouble().empty());
    CHECK(scene.history.newest() == 3);
}

TEST_CASE("what is read finds what was written before") {
    Scene scene;
    scene.say("one");
    scene.say("two");
    scene.history.fetch(brain::Fetch{LinkId{1}, Want{scene.voice.log()}});
    const auto is_told = [&] {
        return std::ranges::find(scene.told, "fetched to 2") != scene.told.end();
    };
    REQUIRE(test::until(scene.io, is_told));
}

TEST_CASE("once the node has stopped nobody is told anything, but the line was kept") {
    Scene scene;
    bool is_kept = false;
    scene.say("one");
    scene.history.read([&](store::Store& store) { is_kept = store.last() == 1; });
    scene.history.stop();  // waits for the disk
    scene.loop.stop();
    test::run_what_is_ready(scene.io);
    CHECK(is_kept);
    CHECK(scene.told.empty());
}

}  // namespace
}  // namespace lanchat::node_history_test
