// Bodies that are not here: told, asked for and given, each within its bounds.
#include "controller/sync/bodies.hpp"

#include <doctest/doctest.h>

#include <array>

#include "message/limits.hpp"

namespace lanchat::controller::controller_sync_bodies_test {
namespace {

using namespace std::chrono_literals;

const Instant begin{1h};
const Instant later = begin + limits::news_delay;

LogId log_of(std::uint64_t epoch) { return {{}, Epoch{epoch}, {}}; }

std::vector<LineId> lines(std::uint64_t log, const std::vector<Seq>& entries) {
    std::vector<LineId> all;
    for (const Seq seq : entries) all.push_back({log_of(log), seq});
    return all;
}

bool everything(const LogId&) { return true; }

Frame filled(const Bodies& bodies, Bodies::Peer& peer, Instant now = later) {
    Frame frame;
    (void)bodies.fill(peer, frame, now);
    return frame;
}

Frame telling(std::uint64_t log, std::vector<EntryRange> entries) {
    Frame frame;
    frame.lacks = {{log_of(log), std::move(entries)}};
    return frame;
}

TEST_CASE("over a new link all that is lacking is told, once, a little later") {
    Bodies bodies(lines(1, {3, 4, 5, 9}), {});
    bodies.lacks({log_of(2), 1});
    Bodies::Peer peer;
    bodies.begin(peer, everything, begin);

    CHECK(Bodies::due(peer) == later);
    CHECK(filled(bodies, peer, begin).lacks.empty());
    CHECK(filled(bodies, peer).lacks ==
          std::vector<Lack>{{log_of(1), {{2, 5}, {8, 9}}}, {log_of(2), {{0, 1}}}});
    CHECK_FALSE(Bodies::due(peer));
    CHECK(filled(bodies, peer).lacks.empty());
}

TEST_CASE("what is lacking is told with whatever tells what is stored") {
    Frame head;
    head.have.push_back({log_of(1), {0, 9, {}}, {}, {}});
    Frame digest;
    digest.digest.emplace();
    for (Frame& frame : std::array{head, digest}) {
        Bodies bodies(lines(1, {3}), {});
        Bodies::Peer peer;
        bodies.begin(peer, everything, begin);
        bodies.fill(peer, frame, begin);
        CHECK(frame.lacks == std::vector<Lack>{{log_of(1), {{2, 3}}}});
        CHECK_FALSE(Bodies::due(peer));
    }
}

TEST_CASE("who may not hear of a log is not told of it") {
    const Bodies bodies(lines(1, {3}), {});
    Bodies::Peer peer;
    bodies.begin(
        peer, [](const LogId&) { return false; }, begin);
    CHECK(filled(bodies, peer).lacks.empty());
}

TEST_CASE("what is lacking no longer is told too") {
    Bodies bodies(lines(1, {3}), {});
    Bodies::Peer peer;
    CHECK(bodies.is_lacking({log_of(1), 3}));
    bodies.has({log_of(1), 3});
    bodies.has({log_of(1), 3});
    CHECK_FALSE(bodies.is_lacking({log_of(1), 3}));
    Bodies::changed(peer, log_of(1), begin);
    CHECK(filled(bodies, peer).lacks == std::vector<Lack>{{log_of(1), {}}});
}

TEST_CASE("who lacks something is given what is here of it") {
    Bodies bodies(lines(1, {4}), {});
    Bodies::Peer peer;
    Bodies::take(peer, telling(1, {{1, 5}}));
    CHECK(peer.lacks({log_of(1), 2}));
    CHECK_FALSE(peer.lacks({log_of(1), 6}));

    const auto holds = [](const LineId& line) { return line.seq != 3; };
    const auto wanted = bodies.next_wanted(peer, holds);
    REQUIRE(wanted);
    CHECK(wanted->entries == std::vector<Seq>{2, 5});
    CHECK_FALSE(bodies.next_wanted(peer, holds));  // the first is not answered
    Bodies::found(peer, log_of(1), {{2, "two"}});
    CHECK_FALSE(bodies.next_wanted(peer, holds));  // it has not said that it lacks more
    CHECK(Bodies::due(peer) == Instant{});
    CHECK(filled(bodies, peer, begin).bodies ==
          std::vector<GivenBodies>{{log_of(1), {{2, "two"}}}});
    CHECK_FALSE(Bodies::due(peer));
}

TEST_CASE("what comes here is given to those who lack it too") {
    Bodies bodies(lines(1, {4}), {});
    Bodies::Peer peer;
    const auto holds = [](const LineId&) { return true; };
    Bodies::take(peer, telling(1, {{3, 4}}));
    CHECK_FALSE(bodies.next_wanted(peer, holds));

    bodies.has({log_of(1), 4});
    Bodies::came(peer, {log_of(1), 4});
    CHECK(bodies.next_wanted(peer, holds)->entries == std::vector<Seq>{4});
    Bodies::found(peer, log_of(1), {});
    Bodies::came(peer, {log_of(1), 9});
    CHECK_FALSE(bodies.next_wanted(peer, holds));
}

TEST_CASE("what comes to us later than the question is looked for then") {
    const Bodies bodies({}, {});
    Bodies::Peer peer;
    bool is_here = false;
    const auto holds = [&](const LineId&) { return is_here; };
    Bodies::take(peer, telling(1, {{3, 4}}));
    CHECK(Bodies::due(peer) == Instant{});
    CHECK_FALSE(bodies.next_wanted(peer, holds));
    CHECK_FALSE(Bodies::due(peer));

    is_here = true;
    CHECK(peer.lacks_some_of(log_of(1)));
    CHECK_FALSE(peer.lacks_some_of(log_of(2)));
    Bodies::grew(peer, log_of(1));
    CHECK(Bodies::due(peer) == Instant{});
    CHECK(bodies.next_wanted(peer, holds)->entries == std::vector<Seq>{4});
    CHECK_FALSE(Bodies::due(peer));
}

TEST_CASE("who tells of everything there could be costs little") {
    const Bodies bodies({}, {});
    Bodies::Peer peer;
    Bodies::take(peer, telling(1, {{0, limits::seq_max}}));
    std::size_t asked = 0;
    const auto holds = [&asked](const LineId&) { return ++asked > 0; };
    CHECK(bodies.next_wanted(peer, holds)->entries.size() == limits::frame_bodies_max);
    CHECK(asked <= 4 * limits::frame_bodies_max);

    for (std::uint64_t log = 2; log < 1'000; ++log) Bodies::take(peer, telling(log, {{0, 1}}));
    CHECK(peer.lacks({log_of(limits::lacking_logs_max), 1}));
    CHECK_FALSE(peer.lacks({log_of(limits::lacking_logs_max + 1), 1}));
    Bodies::take(peer, telling(2, {}));
    CHECK_FALSE(peer.lacks({log_of(2), 1}));
}

TEST_CASE("at most so much is told at once, and remembered") {
    Bodies bodies({}, {});
    for (Seq seq = 1; seq <= 2 * limits::lack_ranges_max + 1; seq += 2)
        bodies.lacks({log_of(1), seq});
    for (std::uint64_t log = 2; log <= 2 * limits::frame_lacks_max; ++log)
        bodies.lacks({log_of(log), 1});
    Bodies::Peer peer;
    bodies.begin(peer, everything, begin);
    const Frame first = filled(bodies, peer);
    CHECK(first.lacks.size() == limits::frame_lacks_max);
    CHECK(first.lacks.front().entries.size() == limits::lack_ranges_max);
    CHECK(filled(bodies, peer).lacks.size() == limits::frame_lacks_max);
    CHECK(filled(bodies, peer).lacks.empty());

    for (Seq seq = 1; seq <= limits::lacks_max + 9; ++seq) bodies.lacks({log_of(999), seq});
    CHECK(bodies.is_lacking({log_of(999), limits::lacks_max / 2}));
    CHECK_FALSE(bodies.is_lacking({log_of(999), limits::lacks_max + 1}));
}

TEST_CASE("who tells of as much as may be told may lack more behind that") {
    std::vector<EntryRange> told;
    for (Seq seq = 2; told.size() < limits::lack_ranges_max; seq += 2)
        told.push_back({seq, seq + 1});
    const Seq last = told.back().last;
    Bodies::Peer peer;
    Bodies::take(peer, telling(1, told));
    CHECK(peer.lacks({log_of(1), last + 1}));
    CHECK_FALSE(peer.lacks({log_of(1), last - 1}));
    CHECK(peer.with_bodies(log_of(1), {last - 2, last + 9}) ==
          std::vector<EntryRange>{{last - 2, last - 1}});
    CHECK(peer.with_bodies(log_of(1), {last, last + 9}).empty());

    told.pop_back();
    Bodies::take(peer, telling(1, told));
    CHECK_FALSE(peer.lacks({log_of(1), last + 1}));
    CHECK(peer.with_bodies(log_of(1), {last, last + 9}).size() == 1);
}

TEST_CASE("what was taken back is remembered, up to a number") {
    const auto dropped = [](Seq seq) { return Dropped{{log_of(1), seq}, hash_of("x")}; };
    Bodies bodies({}, {dropped(1)});
    CHECK(bodies.is_dropped(dropped(1)));
    CHECK_FALSE(bodies.is_dropped({{log_of(1), 1}, hash_of("y")}));
    CHECK_FALSE(bodies.is_dropped(dropped(2)));

    for (Seq seq = 1; seq <= limits::drops_remembered + 1; ++seq) bodies.drop(dropped(seq));
    CHECK_FALSE(bodies.is_dropped(dropped(1)));
    CHECK(bodies.is_dropped(dropped(2)));
    CHECK(bodies.is_dropped(dropped(limits::drops_remembered + 1)));
}

}  // namespace
}  // namespace lanchat::controller::controller_sync_bodies_test
