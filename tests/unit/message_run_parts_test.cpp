// Parts of runs: ends, joined runs, and runs whose bodies went or came.
#include <doctest/doctest.h>

#include <vector>

#include "message/fork.hpp"
#include "message/limits.hpp"
#include "message/run.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::message_run_parts_test {
namespace {

Voice of_version(int version) {
    Voice voice(InstanceId{7});
    return version == 1 ? std::move(voice).of_version_1() : voice;
}

std::vector<RunPtr> one_by_one(Voice& voice, Seq first, Seq last) {
    std::vector<RunPtr> runs;
    for (Seq seq = first; seq <= last; ++seq) runs.push_back(voice.run(seq, seq));
    return runs;
}

void check_is_valid(const RunPtr& run) {
    const auto again = verify(unverified(*run));
    REQUIRE(again);
    CHECK((*again)->head() == run->head());
    CHECK((*again)->first() == run->first());
    CHECK_FALSE(fork_between(*again, run));
}

TEST_CASE("the end of a run is a run") {
    for (const int version : {1, 2}) {
        Voice voice = of_version(version);
        const RunPtr run = voice.run(3, 9);
        CHECK(end_of(run, 2) == run);
        const RunPtr end = end_of(run, 7);
        CHECK(end->first() == 8);
        CHECK(end->last() == 9);
        CHECK(end->before() == voice.head(7));
        check_is_valid(end);
    }
}

TEST_CASE("runs that follow each other are one, whoever joins them") {
    for (const int version : {1, 2}) {
        Voice voice = of_version(version);
        const auto whole = joined(one_by_one(voice, 2, 9));
        REQUIRE(whole.size() == 1);
        CHECK(whole.front()->first() == 2);
        CHECK(whole.front()->last() == 9);
        CHECK(whole.front()->signature() == voice.run(9, 9)->signature());
        check_is_valid(whole.front());
    }
}

TEST_CASE("what does not follow is not joined") {
    Voice voice = of_version(2);
    Voice other(InstanceId{8});
    CHECK(joined(std::vector<RunPtr>{}).empty());
    CHECK(joined({voice.run(1, 2), voice.run(4, 5)}).size() == 2);
    CHECK(joined({voice.run(1, 3), voice.run(3, 5)}).size() == 2);
    CHECK(joined({voice.run(1, 2), other.run(3, 4)}).size() == 2);
    const RunPtr alone = voice.run(1, 2);
    CHECK(joined({alone}).front() == alone);

    Voice grown = of_version(1);
    const RunPtr before = grown.run(1, 2);
    grown.learn_newest();
    CHECK(joined({before, grown.run(3, 4)}).size() == 2);
}

TEST_CASE("joined runs are no longer than a run may be") {
    Voice voice = of_version(2);
    const auto runs = joined(one_by_one(voice, 1, 2 * limits::run_entries_max + 1));
    REQUIRE(runs.size() == 3);
    CHECK(runs[0]->size() == limits::run_entries_max);
    CHECK(runs[2]->size() == 1);
    for (const RunPtr& run : runs) check_is_valid(run);

    Voice large(InstanceId{9});
    std::vector<RunPtr> some;
    for (int n = 0; n < 5; ++n) some.push_back(large.say({std::string(20'000, 'x')}));
    const auto fewer = joined(some);
    CHECK(fewer.size() == 2);
    for (const RunPtr& run : fewer) check_is_valid(run);
}

TEST_CASE("a run without a body has its name, and takes that body only") {
    Voice voice = of_version(2);
    const RunPtr run = voice.run(1, 3);
    const RunPtr bare = without_body(run, 2);
    CHECK(bare->head() == run->head());
    CHECK(bare->byte_count() == run->byte_count());
    CHECK(bare->items()[1].is_apart());
    CHECK(bare->items()[1].entry().text.empty());
    CHECK(bare->items()[1].entry().is_line());
    CHECK(without_body(bare, 2) == bare);
    check_is_valid(bare);

    CHECK_FALSE(with_body(bare, 2, run->items()[0].body));
    CHECK_FALSE(with_body(bare, 1, run->items()[0].body));
    const RunPtr whole = with_body(bare, 2, run->items()[1].body);
    REQUIRE(whole);
    CHECK(whole->items()[1].entry() == run->items()[1].entry());

    Voice old = of_version(1);
    const RunPtr same = old.run(1, 2);
    CHECK(without_body(same, 1) == same);
}

TEST_CASE("a name that stands for no body is not taken") {
    Voice voice = of_version(2);
    const Run good = unverified(*without_body(voice.run(1, 3), 2));
    CHECK(verify(good));
    const auto is_taken_after = [&good](auto change) {
        Run run = good;
        change(run);
        return static_cast<bool>(verify(run));
    };
    CHECK_FALSE(is_taken_after([](Run& run) { run.apart.clear(); }));
    CHECK_FALSE(is_taken_after([](Run& run) { run.apart = {0}; }));
    CHECK_FALSE(is_taken_after([](Run& run) { run.apart = {1, 1}; }));
    CHECK_FALSE(is_taken_after([](Run& run) { run.apart = {1, 3}; }));
    CHECK_FALSE(is_taken_after([](Run& run) { run.bodies.replace(1, run.bodies[1].substr(1)); }));
    CHECK_FALSE(is_taken_after([](Run& run) { run.bodies.replace(1, pack(BodyName{})); }));
    CHECK_FALSE(is_taken_after([](Run& run) {
        BodyName name = *body_name_from(run.bodies[1]);
        name.size = limits::run_bytes_max;
        run.bodies.replace(1, pack(name));
    }));
}

}  // namespace
}  // namespace lanchat::message_run_parts_test
