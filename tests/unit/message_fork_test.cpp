// Forks are found and nothing else; proofs of them: how low they reach, and how they travel.
#include "message/fork.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "message/limits.hpp"
#include "message/wire.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/message_runs.hpp"
#include "tests/unit/message_v1.hpp"

namespace lanchat::message_fork_test {
namespace {

using test::entries_of;
using test::part;

// Two branches that have the first `common` lines in common.
std::pair<Voice, Voice> branches(Seq common) {
    Voice a(InstanceId{7});
    Voice b(InstanceId{7});
    a.run(1, common);
    b.run(1, common);
    a.say({"a", "a", "a"});
    b.say({"b", "b", "b"});
    return {a, b};
}

Fork fork_at(Seq common, Seq first) {
    auto [a, b] = branches(common);
    const auto fork = fork_between(a.run(first, common + 3), b.run(first, common + 3));
    REQUIRE(fork);
    return *fork;
}

TEST_CASE("a proof is tight if what comes before its place is the same in both runs") {
    CHECK(fork_at(4, 1).is_tight());
    CHECK(fork_at(4, 5).is_tight());
    CHECK(fork_at(4, 6).seq == 6);
    CHECK_FALSE(fork_at(4, 6).is_tight());
}

TEST_CASE("a proof survives the wire") {
    Frame frame;
    frame.proofs = {fork_at(4, 1), fork_at(4, 6)};
    const auto read = decode(encode(frame));
    REQUIRE(read);
    CHECK(*read == frame);
    REQUIRE(read->proofs.size() == 2);
    CHECK(read->proofs[1].seq == 6);
    CHECK_FALSE(decode_greeting(encode(frame)));
}

TEST_CASE("two runs that agree are no proof, nor is one that nobody signed") {
    auto [a, b] = branches(4);
    Frame frame;
    frame.proofs = {Fork{a.log(), 5, a.run(1, 4), b.run(1, 4)}};
    CHECK_FALSE(decode(encode(frame)));

    const Fork fork = fork_at(4, 1);
    frame.proofs = {fork};
    std::string bytes = encode(frame);
    const auto signature = bytes.rfind(fork.b->signature().view());
    REQUIRE(signature != std::string::npos);
    bytes[signature] = static_cast<char>(bytes[signature] ^ 1);
    CHECK_FALSE(decode(bytes));
}

TEST_CASE("a frame holds no more proofs than its limit") {
    Frame frame;
    frame.proofs.assign(limits::frame_proofs_max, fork_at(1, 1));
    CHECK(decode(encode(frame)));
    frame.proofs.push_back(fork_at(1, 1));
    CHECK_FALSE(decode(encode(frame)));
}

TEST_CASE("the head of a forked log ends before the fork, and may hold nothing") {
    const LogId log = Voice(InstanceId{7}).log();
    const auto travels = [&](const Head& head) {
        Frame frame;
        frame.have.push_back(head);
        const auto read = decode(encode(frame));
        if (read) CHECK(*read == frame);
        return bool(read);
    };
    CHECK(travels({log, {0, 4, hash_of("x")}, {}, {}, 5}));
    CHECK(travels({log, {}, {}, {}, 1}));
    CHECK_FALSE(travels({log, {}, {}, {}, 0}));
    CHECK_FALSE(travels({log, {0, 5, hash_of("x")}, {}, {}, 5}));
    CHECK_FALSE(travels({log, {0, 2, hash_of("x")}, Span{3, 5, hash_of("x")}, {}, 5}));
}

const DeviceKey& anna() {
    static const DeviceKey key = key_of(1);
    return key;
}

// As runs of version 1 or 2.
RunPtr signed_as(int version, const std::vector<Entry>& entries, const DeviceKey& key = anna()) {
    return version == 1 ? test::sign_v1(entries, key) : sign(entries, key);
}

RunPtr run_of(int version, std::size_t count) {
    return signed_as(version, entries_of(anna(), 1, count));
}

// Entries 1 … `count` of the same log, which say something else from `seq` on.
RunPtr forked(int version, std::size_t count, Seq seq) {
    auto entries = entries_of(anna(), 1, count);
    for (std::size_t i = seq - 1; i < count; ++i) entries[i].text = "something else";
    return signed_as(version, entries);
}

TEST_CASE("different cuts of one log are no fork") {
    for (const int version : {1, 2}) {
        const RunPtr whole = run_of(version, 10);
        for (std::size_t from = 0; from < 10; ++from) {
            for (std::size_t to = from + 1; to <= 10; ++to) {
                const RunPtr cut = signed_as(version, part(*whole, from, to));
                CHECK(cut->head() == whole->items()[to - 1].head);
                CHECK_FALSE(fork_between(whole, cut));
                CHECK_FALSE(fork_between(cut, whole));
            }
        }
    }
}

TEST_CASE("a fork is found at its lowest place") {
    for (const int version : {1, 2}) {
        const RunPtr whole = run_of(version, 10);
        for (Seq seq = 1; seq <= 10; ++seq) {
            const RunPtr other = forked(version, 10, seq);
            const auto fork = fork_between(whole, other);
            REQUIRE(fork);
            CHECK(fork->log == whole->log());
            CHECK(fork->seq == seq);
            CHECK(fork->a == whole);
            CHECK(fork->b == other);
        }
    }
}

TEST_CASE("a fork is proven by the first entry that both runs have, if it was before") {
    for (const int version : {1, 2}) {
        const RunPtr whole = run_of(version, 10);
        const RunPtr later = signed_as(version, part(*forked(version, 10, 3), 5, 8));

        CHECK(fork_between(whole, later)->seq == 6);
        CHECK(fork_between(later, whole)->seq == 6);
    }
}

TEST_CASE("runs that do not overlap or are of different logs prove nothing") {
    for (const int version : {1, 2}) {
        const RunPtr other = forked(version, 10, 3);
        CHECK_FALSE(fork_between(run_of(version, 5), signed_as(version, part(*other, 5, 10))));
        CHECK_FALSE(fork_between(run_of(version, 2), other));

        auto entries = entries_of(anna(), 1, 10);
        for (auto& entry : entries) entry.log.epoch = Epoch{78};
        CHECK_FALSE(fork_between(run_of(version, 10), signed_as(version, entries)));
        const DeviceKey bert = key_of(2);
        CHECK_FALSE(fork_between(run_of(version, 10),
                                 signed_as(version, entries_of(bert, 1, 10, "x"), bert)));
    }
}

}  // namespace
}  // namespace lanchat::message_fork_test
