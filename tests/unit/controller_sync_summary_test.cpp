// What two nodes have in common in short, and what is hashed for that.
#include "controller/sync/summary.hpp"

#include <doctest/doctest.h>

#include "tests/unit/log_voice.hpp"

namespace lanchat::controller::controller_summary_test {
namespace {

LogId log(std::uint64_t epoch) { return {DeviceId{}, Epoch{epoch}}; }

Extent extent(Seq after, Seq last, Seq floor = 0) {
    Extent held;
    held.base = {after, {}, last, hash_of(std::to_string(last))};
    held.floor = floor;
    return held;
}

TEST_CASE("what is the same is the same in short, in whatever order it came") {
    Summary one;
    Summary other;
    CHECK(one.all() == other.all());
    for (std::uint64_t n = 0; n < 300; ++n) {
        one.note(log(n), extent(0, 5));
        other.note(log(299 - n), extent(0, 5));
    }
    CHECK(one.all() == other.all());
    CHECK(one.differing(other.buckets()).none());

    other.note(log(7), extent(0, 6));
    CHECK(one.all() != other.all());
    CHECK(one.differing(other.buckets()) == Buckets{}.set(bucket_of(log(7))));

    Summary fewer;
    CHECK(fewer.differing(one.buckets()) == all_buckets);
}

TEST_CASE("a log counts with its end, not with where it begins") {
    Summary whole;
    Summary trimmed;
    Summary newcomer;
    whole.note(log(1), extent(0, 9));
    trimmed.note(log(1), extent(5, 9, 5));
    newcomer.note(log(1), extent(7, 9));

    CHECK(whole.all() == trimmed.all());
    CHECK(whole.all() == newcomer.all());
    CHECK(trimmed.parts().empty());
    CHECK(newcomer.parts().contains(log(1)));

    newcomer.note(log(1), extent(0, 9));
    CHECK(newcomer.parts().empty());
}

TEST_CASE("a gap that nobody may ever fill is no difference, but known") {
    Summary whole;
    Summary gap;
    Extent held = extent(0, 3);
    held.tail = Stretch{7, {}, 9, hash_of("9")};
    whole.note(log(1), extent(0, 9));
    gap.note(log(1), held);
    CHECK(whole.all() == gap.all());
    CHECK(gap.parts().contains(log(1)));
}

TEST_CASE("of a forked log the place counts, also where nothing is held") {
    const auto forked = [](Seq last, Seq place) {
        Extent held = extent(0, last);
        held.forked = place;
        Summary summary;
        summary.note(log(1), held);
        return summary.all();
    };
    Summary whole;
    whole.note(log(1), extent(0, 9));

    CHECK(forked(9, 10) != whole.all());
    CHECK(forked(4, 5) == forked(4, 5));
    CHECK(forked(4, 5) != forked(4, 6));
    CHECK(forked(0, 1) != Summary().all());
}

TEST_CASE("only what has changed is hashed again, and only when somebody asks") {
    Summary summary;
    for (std::uint64_t n = 0; n < 1'000; ++n) summary.note(log(n), extent(0, 5));
    CHECK(summary.hashed() == 0);
    summary.all();
    CHECK(summary.hashed() == digest_buckets);
    for (int i = 0; i < 100; ++i) summary.all();
    CHECK(summary.hashed() == digest_buckets);

    for (Seq last = 6; last < 100; ++last) summary.note(log(3), extent(0, last));
    summary.note(log(4), extent(0, 5));  // as before
    summary.buckets();
    CHECK(summary.hashed() == digest_buckets + 1);
}

TEST_CASE("it is known when a log changed last") {
    Summary summary;
    summary.note(log(1), extent(0, 5));
    const auto version = summary.version();
    summary.note(log(2), extent(0, 5));
    CHECK(summary.version_of(log(1)) == version);
    CHECK(summary.version_of(log(2)) == summary.version());
    CHECK(summary.version_of(log(3)) > summary.version());
}

TEST_CASE("the logs of some buckets are gone through, each once") {
    Summary summary;
    for (std::uint64_t n = 0; n < 1'000; ++n) summary.note(log(n), extent(0, 5));
    Buckets some;
    some.set(0).set(17).set(63);
    std::set<LogId> seen;
    std::optional<LogId> last;
    while (const auto next = summary.next(some, last)) {
        last = next;
        CHECK(some.test(bucket_of(*next)));
        CHECK(seen.insert(*next).second);
    }
    std::size_t expected = 0;
    for (std::uint64_t n = 0; n < 1'000; ++n) expected += some.test(bucket_of(log(n))) ? 1U : 0U;
    CHECK(seen.size() == expected);
    CHECK_FALSE(summary.next(no_buckets, {}));
}

}  // namespace
}  // namespace lanchat::controller::controller_summary_test
