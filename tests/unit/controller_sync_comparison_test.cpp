// Two nodes find out in which logs they differ, and tell each other of those alone.
#include "controller/sync/comparison.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/unit/log_voice.hpp"

namespace lanchat::controller::controller_comparison_test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t many = 2'000;

LogId log(std::uint64_t number) {
    return {DeviceId{}, Epoch{number * 0x9E3779B97F4A7C15}};  // as random as those of processes
}

Extent extent(Seq after, Seq last, Seq floor = 0) {
    Extent held;
    held.base = {after, {}, last, hash_of(std::to_string(last))};
    held.floor = floor;
    return held;
}

Logs::Map logs(std::uint64_t count) {
    Logs::Map held;
    for (std::uint64_t n = 0; n < count; ++n) held[log(n)] = {extent(0, 5), extent(0, 5), false};
    return held;
}

constexpr std::size_t all_at_hand = 1'000'000;

struct Side {
    explicit Side(Logs::Map held) : logs(std::move(held), {}, all_at_hand) {}

    void hold(const LogId& which, const Extent& held) {
        auto all = logs.at_hand();
        all[which] = {held, held, false};
        logs = Logs(std::move(all), {}, all_at_hand);
    }
    std::optional<Frame> next(Instant now) {
        Frame frame;
        if (!compare.add(frame, logs, now)) return std::nullopt;
        for (const Head& head : frame.have) told.insert(head.log);
        heads += frame.have.size();
        ++frames;
        return frame;
    }
    bool equal() const { return !compare.is_open(logs.summary().version()); }

    Logs logs;
    Comparison compare;
    std::set<LogId> told;
    std::size_t heads = 0;
    std::size_t frames = 0;
};

class Two {
  public:
    Two() : a(logs(many)), b(logs(many)) {}

    void link() {
        a.compare.begin(now);
        b.compare.begin(now);
        exchange();
    }
    // Until both are silent; their frames cross on the way.
    void exchange() {
        for (;;) {
            const auto from_a = a.next(now);
            const auto from_b = b.next(now);
            if (!from_a && !from_b) return;
            if (from_a) b.compare.take(*from_a, b.logs.summary(), true, now);
            if (from_b) a.compare.take(*from_b, a.logs.summary(), false, now);
        }
    }
    void ask_again() {
        now = std::max(now, a.compare.next());
        a.compare.ask(now);
        exchange();
    }

    Instant now{1h};
    Side a;
    Side b;
};

TEST_CASE("who holds the same tells nothing of 2000 logs") {
    Two two;
    two.link();

    CHECK(two.a.heads + two.b.heads == 0);
    CHECK(two.a.frames + two.b.frames <= 3);
    CHECK(two.a.equal());
    CHECK(two.b.equal());
    CHECK(two.a.compare.heard_all());
    CHECK(two.a.compare.has_all(log(7), two.a.logs.summary()));
    CHECK(two.a.compare.news_from() <= two.now);
}

TEST_CASE("of 2000 logs those are told that share a bucket with one of three that differ") {
    Two two;
    two.a.hold(log(5), extent(0, 6));
    two.b.hold(log(700), extent(0, 7));
    two.b.hold(log(many), extent(0, 1));
    two.link();

    CHECK(two.a.told.contains(log(5)));
    CHECK(two.b.told.contains(log(5)));
    CHECK(two.a.told.contains(log(700)));
    CHECK(two.b.told.contains(log(many)));
    CHECK(two.a.heads <= 3 * 60);
    CHECK(two.b.heads == two.a.heads + 1);  // each once
    CHECK(two.a.heads == two.a.told.size());
    CHECK_FALSE(two.a.equal());
    CHECK(two.a.compare.heard_all());
    CHECK(two.b.compare.heard_all());
    CHECK(two.b.compare.news_from() <= two.now);
}

TEST_CASE("a bucket that is equal counts for the logs in it") {
    Two two;
    two.a.hold(log(5), extent(0, 6));
    two.link();
    for (std::uint64_t n = 0; n < many; ++n) {
        const bool same = bucket_of(log(n)) != bucket_of(log(5));
        CHECK(two.a.compare.has_all(log(n), two.a.logs.summary()) == same);
        CHECK(two.b.compare.has_all(log(n), two.b.logs.summary()) == same);
    }
}

TEST_CASE("what one has trimmed and the other has not is told in no round") {
    Two two;
    two.a.hold(log(5), extent(3, 5, 3));
    two.link();
    two.ask_again();
    CHECK(two.a.heads + two.b.heads == 0);
    CHECK(two.b.equal());
}

TEST_CASE("a log held in part is told by who lacks the rest") {
    Two two;
    two.a.hold(log(5), extent(3, 5));
    two.link();
    CHECK(two.a.told == std::set{log(5)});
    CHECK(two.b.heads == 0);
    CHECK(two.a.equal());
}

TEST_CASE("a round between links begins with one question and ends when both are equal") {
    Two two;
    two.link();
    two.a.hold(log(5), extent(0, 6));
    two.a.compare.begin(two.now);  // its summary is new
    two.exchange();
    CHECK(two.b.told.contains(log(5)));
    two.b.hold(log(5), extent(0, 6));
    two.ask_again();
    CHECK(two.a.equal());
    CHECK(two.b.equal());
}

TEST_CASE("rounds without progress become rare, and then all heads are told once") {
    Two two;
    two.a.hold(log(5), extent(0, 6));
    two.link();
    std::vector<std::size_t> told;
    const Instant begin = two.now;
    while (two.now < begin + 10min) {
        const auto before = two.a.heads;
        two.ask_again();
        told.push_back(two.a.heads - before);
    }
    CHECK(told.size() <= 15);
    CHECK(std::ranges::count(told, many) == 1);
    CHECK(std::ranges::count_if(told, [](auto heads) { return heads < 60; }) ==
          std::ssize(told) - 1);
}

TEST_CASE("who does not answer is asked ever more rarely") {
    Two two;
    two.a.compare.begin(two.now);
    const Instant begin = two.now;
    int questions = 0;
    for (; two.now < begin + 10min; ++questions) {
        CHECK(two.a.next(two.now)->digest->asks);
        two.now = two.a.compare.next();
        two.a.compare.ask(two.now);
    }
    CHECK(questions <= 15);
}

TEST_CASE("whoever asks all the time is answered once a second, and nothing is hashed for it") {
    Two two;
    two.link();
    two.now += 1h;
    const auto before = two.b.frames;
    const auto hashed = two.b.logs.summary().hashed();
    Frame question;
    question.digest = Digest{{}, {}, true};
    for (int i = 0; i < 1'000; ++i) {
        two.now += 1ms;
        two.b.compare.take(question, two.b.logs.summary(), false, two.now);
        while (two.b.next(two.now)) continue;
    }
    CHECK(two.b.frames - before == 1);
    CHECK(two.b.heads == 0);
    CHECK(two.b.logs.summary().hashed() == hashed);
}

TEST_CASE("buckets are listed once for each time they were told") {
    Two two;
    two.link();
    Frame differ;
    differ.differ = ~std::uint64_t{0};
    two.b.compare.take(differ, two.b.logs.summary(), false, two.now);
    CHECK_FALSE(two.b.next(two.now));

    Frame question;
    question.digest = Digest{{}, {}, true};
    two.now += 1h;
    two.b.compare.take(question, two.b.logs.summary(), false, two.now);
    CHECK(two.b.next(two.now)->digest->buckets.size() == digest_buckets);
    for (int i = 0; i < 10; ++i) {
        two.b.compare.take(differ, two.b.logs.summary(), false, two.now);
        while (two.b.next(two.now)) continue;
    }
    CHECK(two.b.heads == many);
}

TEST_CASE("what is said of buckets that were told before counts as of then") {
    Two two;
    Summary& ours = two.b.logs.summary();
    Frame question;
    question.digest = Digest{{}, {}, true};
    two.b.compare.begin(two.now);
    two.b.compare.take(question, ours, false, two.now);
    CHECK(two.b.next(two.now)->digest->buckets.size() == digest_buckets);

    ours.note(log(7), extent(0, 6));
    two.now += 1h;
    two.b.compare.take(question, ours, false, two.now);
    CHECK(two.b.next(two.now)->digest->buckets.size() == digest_buckets);
    Frame same;
    same.differ = 0;
    two.b.compare.take(same, ours, false, two.now);

    CHECK(two.b.compare.has_all(log(8), ours));
    CHECK_FALSE(two.b.compare.has_all(log(7), ours));
}

TEST_CASE("a log that became a part after the question is told before the answer counts") {
    Two two;
    const LogId grown = log(many);
    two.b.hold(grown, extent(0, 9));
    two.b.hold(log(1), extent(0, 9));
    two.a.compare.begin(two.now);
    two.b.compare.take(*two.a.next(two.now), two.b.logs.summary(), false, two.now);
    const Frame answer = *two.b.next(two.now);

    two.a.hold(grown, extent(8, 9));
    two.a.compare.take(answer, two.a.logs.summary(), false, two.now);

    const Frame frame = *two.a.next(two.now);
    REQUIRE(frame.differ);
    CHECK_FALSE(Buckets(*frame.differ).test(bucket_of(grown)));
    CHECK(std::ranges::count(frame.have, grown, &Head::log) == 1);
}

TEST_CASE("an answer that nobody asked for changes nothing") {
    Two two;
    two.a.hold(log(5), extent(0, 6));
    two.link();
    Frame answer;
    answer.digest = Digest{two.a.logs.summary().all(), {}, false};
    two.a.compare.take(answer, two.a.logs.summary(), false, two.now);
    CHECK_FALSE(two.a.equal());
}

}  // namespace
}  // namespace lanchat::controller::controller_comparison_test
