// Runs of all versions in one log: they follow each other, and prove what was said twice.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "message/extent.hpp"
#include "message/fork.hpp"
#include "message/wire.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::message_versions_test {
namespace {

// Says `old` lines in version 1 and then others as `word` tells.
Voice voice_of(Seq old, const std::string& word = "line") {
    Voice voice = Voice(InstanceId{7}, word).of_version_1();
    if (old > 0) voice.run(1, old);
    voice.learn_newest();
    return voice;
}

TEST_CASE("what follows today begins with the head of version 1") {
    Voice voice = voice_of(3);
    const RunPtr old = voice.run(1, 3);
    const RunPtr next = voice.run(4, 6);

    CHECK(old->is_of_version_1());
    CHECK_FALSE(next->is_of_version_1());
    CHECK(next->before() == old->head());
    CHECK(next->shared() == Shared{voice.log(), 4, old->head()});
    REQUIRE(verify(unverified(*old)));
    REQUIRE(verify(unverified(*next)));
    CHECK_FALSE(fork_between(old, next));
    CHECK(joined({old, next}).size() == 2);
}

TEST_CASE("what was signed in version 2 is that for ever, wherever it goes") {
    Voice voice{InstanceId{7}};
    const RunPtr now = voice.run(1, 3);
    const RunPtr old = test::in_version_2(*now, key_of(7));
    CHECK(old->version() == Version::two);
    CHECK(old->head() != now->head());
    for (std::size_t n = 0; n < 3; ++n) {
        CHECK(old->items()[n].body_name == name_of_body(old->items()[n].body, Version::two));
        CHECK(old->items()[n].entry().text == now->items()[n].entry().text);
    }

    const RunPtr bare = without_body(old, 2);
    CHECK((*verify(unverified(*bare)))->shared() == old->shared());
    CHECK(unverified(*with_body(bare, 2, old->items()[1].body)).bodies == unverified(*old).bodies);
    CHECK(end_of(old, 1)->version() == Version::two);
    CHECK(verify(unverified(*end_of(old, 1))));
    CHECK(joined({old, test::in_version_2(*voice.run(4, 5), key_of(7), old->head())}).size() == 1);

    Frame frame;
    frame.runs = {old, now};
    CHECK(*decode(encode(frame), key_of(3).id()) == frame);
    Run relabelled = unverified(*old);
    relabelled.shared->version = Version::three;
    CHECK_FALSE(verify(relabelled));
}

TEST_CASE("what follows in version 3 begins with the head of version 2") {
    Voice voice{InstanceId{7}};
    const DeviceKey key = key_of(7);
    const RunPtr old = test::in_version_2(*voice.run(1, 3), key);
    std::vector<Entry> more = test::part(*voice.run(4, 5), 0, 2);
    more.front().before = old->head();
    const RunPtr next = sign(more, key);

    CHECK(joined({old, next}).size() == 2);
    CHECK_FALSE(fork_between(old, next));
    const auto proof = fork_between(test::in_version_2(*next, key, old->head()), next);
    REQUIRE(proof);  // each entry is of one version
    CHECK(proof->seq == 4);
}

TEST_CASE("no run is of both versions") {
    Voice voice = voice_of(1);
    const Run old = unverified(*voice.run(1, 1));
    const Run next = unverified(*voice.run(2, 2));

    Run mixed = next;
    mixed.entries = {old.entries.front(), next.entries.front()};
    CHECK_FALSE(verify(mixed));
    mixed.shared.reset();
    CHECK_FALSE(verify(mixed));
    mixed.bodies = {};
    CHECK_FALSE(verify(mixed));
    mixed = next;
    mixed.bodies = {"", next.bodies.front()};
    mixed.entries = {old.entries.front(), next.entries.front()};
    mixed.shared = Shared{voice.log(), 1, {}};
    CHECK_FALSE(verify(mixed));
}

TEST_CASE("a signature of one version is none of the other") {
    Voice old = voice_of(1);
    Voice now = voice_of(0);
    Run run = unverified(*now.run(1, 1));
    run.signature = old.run(1, 1)->signature();
    CHECK_FALSE(verify(run));
    run = unverified(*old.run(1, 1));
    run.signature = now.run(1, 1)->signature();
    CHECK_FALSE(verify(run));
}

TEST_CASE("who says a line once in each version has said it twice") {
    Voice old = voice_of(4);
    for (const Seq common : {Seq{0}, Seq{2}}) {
        Voice other = voice_of(common);
        const auto fork = fork_between(old.run(1, 4), other.run(common + 1, 4));
        REQUIRE(fork);
        CHECK(fork->seq == common + 1);
        CHECK(fork->is_tight());
        CHECK(fork_between(other.run(common + 1, 4), old.run(1, 4))->seq == common + 1);
    }
}

TEST_CASE("branches of today behind the same lines of version 1 are a fork") {
    Voice one = voice_of(3);
    Voice other = voice_of(3);
    one.say({"yes"});
    other.say({"no"});
    CHECK_FALSE(fork_between(one.run(1, 3), other.run(1, 3)));
    CHECK(fork_between(one.run(4, 4), other.run(4, 4))->seq == 4);
}

TEST_CASE("the end of a run of either version is a run") {
    Voice voice = voice_of(4);
    voice.run(5, 8);
    for (const Seq first : {Seq{1}, Seq{5}}) {
        const RunPtr end = end_of(voice.run(first, first + 3), first);
        CHECK(end->first() == first + 1);
        const auto again = verify(unverified(*end));
        REQUIRE(again);
        CHECK((*again)->head() == voice.head(first + 3));
        CHECK((*again)->before() == voice.head(first));
        const auto whole_of_it = joined({voice.run(first, first), end});
        REQUIRE(whole_of_it.size() == 1);
        const RunPtr whole = whole_of_it.front();
        CHECK(unverified(*whole).entries == unverified(*voice.run(first, first + 3)).entries);
        CHECK(verify(unverified(*whole)));
    }
}

TEST_CASE("of a run without a body all but the body is verified") {
    Voice voice{InstanceId{7}};
    const RunPtr whole = voice.say({"one", "two", "three"});
    const RunPtr bare = without_body(whole, 2);
    REQUIRE(bare->items()[1].is_apart());
    CHECK(bare->items()[1].entry().text.empty());
    CHECK(bare->items()[1].entry().is_line());
    CHECK(bare->byte_count() == whole->byte_count());

    const Run good = unverified(*bare);
    CHECK(good.apart == std::vector<std::uint32_t>{1});
    const auto again = verify(good);
    REQUIRE(again);
    CHECK((*again)->head() == whole->head());
    CHECK_FALSE(fork_between(whole, *again));
    CHECK(unverified(**again).bodies == good.bodies);

    for (std::size_t at = 0; at < good.bodies[1].size(); ++at) {
        std::string changed(good.bodies[1]);
        changed[at] = static_cast<char>(changed[at] ^ 1);
        Run bad = good;
        bad.bodies.replace(1, changed);
        CHECK_FALSE(verify(std::move(bad)));
    }
    const auto is_taken = [&](std::vector<std::uint32_t> apart) {
        Run run = good;
        run.apart = std::move(apart);
        return verify(std::move(run)).operator bool();
    };
    CHECK(is_taken({1}));
    CHECK_FALSE(is_taken({}));
    CHECK_FALSE(is_taken({0}));
    CHECK_FALSE(is_taken({2}));
    CHECK_FALSE(is_taken({3}));
    CHECK_FALSE(is_taken({1, 1}));
    CHECK_FALSE(is_taken({0, 1}));
    CHECK_FALSE(is_taken({1, 0}));
}

TEST_CASE("a body comes back where it was, and no other") {
    Voice voice{InstanceId{7}};
    const RunPtr whole = voice.say({"one", "two", "three"});
    const RunPtr bare = without_body(whole, 2);
    const std::string body(whole->items()[1].body);

    CHECK_FALSE(with_body(bare, 2, body + 'x'));
    CHECK_FALSE(with_body(bare, 2, ""));
    CHECK_FALSE(with_body(bare, 2, whole->items()[0].body));
    CHECK_FALSE(with_body(bare, 1, whole->items()[0].body));
    const RunPtr again = with_body(bare, 2, body);
    REQUIRE(again);
    CHECK(unverified(*again).bodies == unverified(*whole).bodies);
    CHECK(again->items()[1].entry() == whole->items()[1].entry());
    CHECK(without_body(voice.meet(key_of(2).id()), 4)->items()[0].body_name == BodyName{});
}

TEST_CASE("a body that is not here counts as if it were") {
    Entry entry = Voice(InstanceId{7}).run(1, 1)->items()[0].entry();
    const DeviceKey key = key_of(7);
    const Run good = unverified(*without_body(sign({entry}, key), 1));
    REQUIRE(verify(good));
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{limits::entry_bytes_max}, ~std::uint64_t{0}}) {
        const BodyName name{hash_of("body"), size};
        Run run = good;
        run.bodies.replace(0, pack(name));
        const Hash head = head_after({entry.log, 1, {}}, run.entries[0], name);
        run.signature = key.sign(test::signed_by_hand(entry.log, 1, head));
        CHECK_FALSE(verify(std::move(run)));
    }
}

}  // namespace
}  // namespace lanchat::message_versions_test
