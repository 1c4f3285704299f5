// The disk thread commits in groups, answers each asker on the loop, and leaves nothing undone.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "node/store/disk.hpp"
#include "node_stores.hpp"

namespace node_disk_test {

using namespace lanchat;
using test::texts;
using Texts = std::vector<std::string>;

namespace {

// Counts commits, and refuses them while told to.
class Counted : public store::MemoryStore {
  public:
    Counted(std::atomic<int>& commits, std::atomic<bool>& refuses)
        : MemoryStore(1), commits_(commits), refuses_(refuses) {}
    Result<std::vector<store::Added>> append(const std::vector<RunPtr>& runs,
                                             WallTime arrived) override {
        ++commits_;
        appended_by = std::this_thread::get_id();
        if (refuses_) return Failure{"no space"};
        auto added = MemoryStore::append(runs, arrived);
        for (const RunPtr& run : std::exchange(waiting, {})) {
            const auto more = MemoryStore::append({run}, arrived);
            added->insert(added->begin() + 1, more->begin(), more->end());
        }
        return added;
    }

    bool is_quick() const override { return quick; }

    bool quick = false;
    std::atomic<std::thread::id> appended_by{};
    std::vector<RunPtr> waiting;  // join right behind the first run that comes

  private:
    std::atomic<int>& commits_;
    std::atomic<bool>& refuses_;
};

struct Scene {
    asio::io_context loop;
    std::atomic<int> commits = 0;
    std::atomic<bool> refuses = false;
    Counted* kept = new Counted(commits, refuses);
    std::unique_ptr<store::Disk> disk =
        std::make_unique<store::Disk>(loop.get_executor(), std::unique_ptr<store::Store>(kept));
    std::vector<Texts> answers;

    void append(std::vector<RunPtr> runs) {
        disk->append(std::move(runs), {5}, [this](const Result<std::vector<store::Added>>& added) {
            answers.push_back(texts(added));
        });
    }
    void freeze(const Fork& proof) {
        disk->freeze(proof, [this](const Result<Extent>& left) {
            answers.push_back({left ? std::to_string(left->last()) : "failure: " + left.why()});
        });
    }
    // Makes everything asked for until `let_go` wait together.
    std::promise<void> hold() {
        std::promise<void> gate;
        disk->read([held = gate.get_future().share()](store::Store&) { held.wait(); });
        return gate;
    }
    void finish() {
        disk.reset();
        loop.run();
    }
};

}  // namespace

TEST_CASE("what waits together is committed together, and each asker hears of its own") {
    Scene scene;
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    const auto first = anna.say({"one", "two"});
    auto gate = scene.hold();
    scene.append({first});
    scene.append({first, bob.say({"three"})});
    scene.append({});
    scene.append({anna.say({"four"})});
    gate.set_value();
    scene.finish();
    CHECK(scene.answers == std::vector<Texts>{{"one", "two"}, {"three"}, {}, {"four"}});
    CHECK(scene.commits == 1);
}

TEST_CASE("a commit is bounded in entries and in bytes") {
    Scene scene;
    Voice anna(InstanceId{1});
    auto gate = scene.hold();
    for (std::size_t n = 0; n < 2 * store::commit_entries_max / 128; ++n)
        scene.append({anna.say(Texts(128, "x"))});
    gate.set_value();
    scene.finish();
    CHECK(scene.commits == 2);

    Scene bytes;
    Voice bob(InstanceId{2});
    gate = bytes.hold();
    for (std::size_t n = 0; n < 3 * store::commit_bytes_max / 60'000; ++n)
        bytes.append({bob.say({std::string(60'000, 'x')})});
    gate.set_value();
    bytes.finish();
    CHECK(bytes.commits >= 3);
    CHECK(bytes.commits <= 4);
}

TEST_CASE("a run that was refused does not answer for the lines of another") {
    Scene scene;
    Voice anna(InstanceId{1});
    Voice twin(InstanceId{1});
    auto gate = scene.hold();
    scene.append({anna.say({"one"})});
    scene.append({twin.say({"other"})});
    scene.append({anna.say({"two"})});
    gate.set_value();
    scene.finish();
    CHECK(scene.answers == std::vector<Texts>{{"one"}, {}, {"two"}});
}

TEST_CASE("what had waited for a run is told with it, and hides nothing behind it") {
    Scene scene;
    Voice anna(InstanceId{1});
    Voice bob(InstanceId{2});
    auto gate = scene.hold();
    scene.append({anna.say({"first"})});
    scene.kept->waiting = {anna.say({"waited"})};
    scene.append({bob.say({"of another"})});
    gate.set_value();
    scene.finish();
    CHECK(scene.answers == std::vector<Texts>{{"first", "waited"}, {"of another"}});
}

TEST_CASE("a quick store takes runs from whoever brings them, but never before what waits") {
    Scene scene;
    scene.kept->quick = true;
    Voice anna(InstanceId{1});
    Seq said = 0;
    const auto append = [&] {
        ++said;
        scene.append({anna.run(said, said)});
    };
    auto gate = scene.hold();
    append();
    append();
    CHECK(scene.commits == 0);
    gate.set_value();
    while (scene.kept->appended_by != std::this_thread::get_id() && said < 10'000) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        append();
    }
    CHECK(scene.kept->appended_by == std::this_thread::get_id());
    CHECK(scene.answers.empty());  // they come on the loop

    const int before = scene.commits;
    scene.refuses = true;
    scene.append({anna.run(said + 1, said + 1)});
    scene.append({anna.run(said + 2, said + 2)});
    CHECK(scene.commits == before + 1);  // the second one is refused with the first
    scene.refuses = false;
    scene.disk->resume();
    append();
    scene.finish();
    REQUIRE(scene.answers.size() == said + 2);
    for (Seq n = 1; n < said; ++n)
        CHECK(scene.answers[n - 1] == Texts{"line " + std::to_string(n)});
    CHECK(scene.answers[said - 1] == Texts{"failure: no space"});
    CHECK(scene.answers[said] == Texts{"failure: no space"});
    CHECK(scene.answers[said + 1] == Texts{"line " + std::to_string(said)});
}

TEST_CASE("a failure reaches everybody, also of later groups, until the disk is to go on") {
    Scene scene;
    Voice anna(InstanceId{1});
    const auto first = anna.say({"one"});
    scene.refuses = true;
    auto gate = scene.hold();
    scene.append({first});
    scene.append({anna.say({"two"})});
    scene.disk->read([&](store::Store&) { scene.refuses = false; });
    scene.append({anna.say({"three"})});
    scene.disk->resume();
    scene.append({first});
    gate.set_value();
    scene.finish();
    const Texts refused{"failure: no space"};
    CHECK(scene.answers == std::vector<Texts>{refused, refused, refused, {"one"}});
    CHECK(scene.commits == 2);
}

TEST_CASE("a job sees what was asked for before it, and nothing of what came after") {
    Scene scene;
    Voice anna(InstanceId{1});
    Texts seen;
    auto gate = scene.hold();
    scene.append({anna.say({"before"})});
    scene.disk->read([&](store::Store& store) { seen = texts(store.newest({}, 9)); });
    scene.append({anna.say({"after"})});
    gate.set_value();
    scene.finish();
    CHECK(seen == Texts{"before"});
    CHECK(scene.answers.size() == 2);
}

TEST_CASE("a proof is kept in its turn, and refused with what was asked for before it") {
    Scene scene;
    Voice a(InstanceId{1});
    Voice b(InstanceId{1});
    a.say({"one", "a"});
    b.say({"one", "b"});
    const auto proof = fork_between(a.run(1, 2), b.run(1, 2));
    REQUIRE(proof);
    scene.refuses = true;
    auto gate = scene.hold();
    scene.append({a.run(1, 2)});
    scene.freeze(*proof);
    scene.disk->read([&](store::Store&) { scene.refuses = false; });
    scene.disk->resume();
    scene.append({a.run(1, 2)});
    scene.freeze(*proof);
    scene.append({a.run(1, 2)});
    gate.set_value();
    scene.finish();
    CHECK(
        scene.answers ==
        std::vector<Texts>{{"failure: no space"}, {"failure: no space"}, {"one", "a"}, {"1"}, {}});
}

}  // namespace node_disk_test
