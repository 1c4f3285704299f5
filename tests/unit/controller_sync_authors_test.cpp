// Who may author in a closed network, and who is to be named by whom.
#include "controller/sync/authors.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_authors_test {
namespace {

const Instant begin{1h};
const DeviceId self = key_of(1).id();
const DeviceId anna = key_of(2).id();
const DeviceId bert = key_of(3).id();
LogId log_of(const DeviceId& device) { return {device, Epoch{1}, {}}; }
const LogId log_of_anna = log_of(anna);

Authors closed(const std::set<DeviceId>& held, const std::vector<Met>& met) {
    Rng rng(7);
    return {true, self, held, met, begin, rng};
}

DeviceId invented(std::uint64_t number) {
    DeviceId device = anna;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&number), sizeof number,
                device.bytes.begin());
    return device;
}

std::set<DeviceId> named_within(Authors& authors, Duration time) {
    Rng rng(8);
    std::set<DeviceId> named;
    while (const auto due = authors.due()) {
        if (*due > begin + time) break;
        named.insert(*authors.take_due(*due, rng));
    }
    return named;
}

TEST_CASE("in an open network everybody may author, and nobody is named") {
    Rng rng(7);
    Authors authors(false, self, {anna}, {}, begin, rng);
    authors.meet(bert, begin, rng);

    CHECK(authors.accepts(key_of(9).id()));
    CHECK_FALSE(authors.named({key_of(9).id(), {log_of_anna, 1}}, begin, rng));
    CHECK_FALSE(authors.due());
}

TEST_CASE("in a closed one those may who were met here, or by one who may") {
    Rng rng(7);
    Authors authors = closed({}, {});
    CHECK(authors.accepts(self));
    CHECK_FALSE(authors.accepts(anna));

    authors.meet(anna, begin, rng);
    CHECK(authors.accepts(anna));
    CHECK_FALSE(authors.accepts(bert));

    CHECK(authors.named({bert, {log_of_anna, 1}}, begin, rng));
    CHECK(authors.accepts(bert));
    CHECK_FALSE(authors.named({bert, {log_of_anna, 2}}, begin, rng));
}

TEST_CASE("who was met here is named once, after a while, one a second") {
    Rng rng(7);
    Authors authors = closed({}, {});
    std::set<DeviceId> all;
    for (std::uint64_t i = 0; i < 10; ++i) {
        all.insert(key_of(100 + i).id());
        authors.meet(key_of(100 + i).id(), begin, rng);
        authors.meet(key_of(100 + i).id(), begin, rng);
    }

    REQUIRE(*authors.due() >= begin + limits::met_interval);
    CHECK_FALSE(authors.take_due(begin, rng));
    CHECK(named_within(authors, limits::met_interval + limits::met_delay + 4s).size() <= 8);
    CHECK(named_within(authors, limits::met_interval + limits::met_delay + 4s).empty());
    named_within(authors, 1min);
    CHECK_FALSE(authors.due());
}

TEST_CASE("whom one names whom we named need not be named by us") {
    Rng rng(7);
    Authors authors = closed({}, {});
    authors.meet(anna, begin, rng);
    authors.meet(bert, begin, rng);

    CHECK_FALSE(authors.named({bert, {log_of_anna, 1}}, begin, rng));
    CHECK_FALSE(authors.named({anna, {log_of(self), 1}}, begin, rng));

    CHECK_FALSE(authors.due());
}

TEST_CASE("two who named each other only are named by us, one of them") {
    Rng rng(7);
    Authors authors = closed({}, {});
    authors.meet(anna, begin, rng);
    authors.meet(bert, begin, rng);
    authors.named({bert, {log_of_anna, 1}}, begin, rng);
    authors.named({anna, {log_of(bert), 1}}, begin, rng);

    const auto first = authors.take_due(*authors.due(), rng);
    REQUIRE(first);
    authors.named({*first, {log_of(self), 1}}, begin, rng);

    CHECK_FALSE(authors.due());
}

TEST_CASE("a node that begins accepts whose lines it holds, and whom they name") {
    Authors authors = closed({self, anna}, {{bert, {log_of_anna, 4}}});

    CHECK(authors.accepts(anna));
    CHECK(authors.accepts(bert));
    CHECK(named_within(authors, 1min) == std::set{anna, bert});
    CHECK_FALSE(closed({self, anna}, {{anna, {log_of(self), 2}}, {bert, {log_of_anna, 4}}}).due());
}

TEST_CASE("who is out of reach since a name is not held any more is named again") {
    Rng rng(7);
    Authors authors = closed({anna}, {{anna, {log_of(self), 1}}, {bert, {log_of_anna, 4}}});
    REQUIRE_FALSE(authors.due());
    Extent left;
    left.base.after = 3;
    left.base.last = 9;
    authors.is_left(log_of_anna, left, begin, rng);
    REQUIRE_FALSE(authors.due());

    left.base.after = 4;
    authors.is_left(log_of_anna, left, begin, rng);

    CHECK(authors.accepts(bert));
    CHECK(named_within(authors, 1min) == std::set{bert});
}

TEST_CASE("a log that names ever more invented devices fills a bound only") {
    Rng rng(7);
    Authors authors = closed({}, {});
    std::size_t taken = 0;
    for (std::uint64_t i = 0; i < limits::names_max + 10; ++i)
        if (authors.named({invented(i), {log_of_anna, i + 1}}, begin, rng)) ++taken;
    CHECK(taken == limits::names_max - 1);
}

TEST_CASE("however many devices one names, whom another names is accepted") {
    Rng rng(7);
    Authors authors = closed({}, {});
    authors.meet(bert, begin, rng);
    for (std::uint64_t i = 0; i < limits::names_max + 10; ++i)
        authors.named({invented(i), {log_of_anna, i + 1}}, begin, rng);
    REQUIRE(authors.accepts(bert));

    const DeviceId carl = key_of(4).id();
    authors.named({carl, {log_of(bert), 1}}, begin, rng);

    CHECK(authors.accepts(carl));
    CHECK_FALSE(authors.accepts(invented(limits::names_max + 20)));
}

// --- in a room
// ------------------------------------------------------------------------------------

Frame listing(Voice& voice, Seq last) {
    Frame frame;
    frame.have.push_back({voice.log(), {0, last, voice.head(last)}, {}, {}});
    frame.listing = true;
    frame.listed = true;
    return frame;
}

TEST_CASE("of an author nobody met nothing is asked for or taken, until somebody names it") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    Voice stranger(InstanceId{7});
    Voice member(high);

    scene.receive(link, listing(stranger, 3));
    Frame brought;
    brought.runs.push_back(stranger.run(1, 3));
    scene.receive(link, brought);
    scene.pass(500ms);
    scene.drain(link);
    CHECK(scene.room.held(stranger.log()).size() == 0);
    CHECK(scene.questions_about(link, stranger.log()) == 0);

    Frame names;
    names.runs.push_back(member.meet(stranger.device()));
    scene.receive(link, names);
    scene.receive(link, listing(stranger, 3));
    scene.pass(500ms);
    scene.drain(link);
    CHECK(scene.questions_about(link, stranger.log()) == 1);
    scene.receive(link, brought);
    CHECK(scene.room.held(stranger.log()).size() == 3);
    CHECK(scene.texts_shown().size() == 3);
}

TEST_CASE("what was told of an author before it was named is history, what comes later is not") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    Voice stranger(InstanceId{7});
    scene.receive(link, listing(stranger, 3));
    Frame names;
    names.runs.push_back(Voice(high).meet(stranger.device()));
    scene.receive(link, names);

    Frame brought;
    brought.runs.push_back(stranger.run(1, 4));
    scene.receive(link, listing(stranger, 4));
    scene.receive(link, brought);

    std::string marks;
    for (const Message& message : scene.events<Message>()) marks += message.history ? 'h' : 'n';
    CHECK(marks == "hhhn");
}

TEST_CASE("what was told of an author before it came itself is history, and asked for") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    Voice newcomer(low);
    scene.receive(link, listing(newcomer, 3));
    scene.drain(link);
    scene.link_by_them(at(3), low);

    Frame brought;
    brought.runs.push_back(newcomer.run(1, 3));
    scene.receive(link, brought);

    std::string marks;
    for (const Message& message : scene.events<Message>()) marks += message.history ? 'h' : 'n';
    CHECK(marks == "hhh");
}

TEST_CASE("who lacks the proof of a fork asks for what lies behind it") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    Voice forker(InstanceId{7});
    Frame forked;
    forked.have.push_back({forker.log(), {0, 2, forker.head(2)}, {}, {}, 3});
    forked.listing = true;
    scene.receive(link, forked);
    scene.drain(link);
    CHECK(scene.questions_about(link, forker.log()) == 0);
    Frame names;
    names.runs.push_back(Voice(high).meet(forker.device()));
    scene.receive(link, names);

    scene.receive(link, forked);
    scene.drain(link);

    const auto& sent = scene.sent.at(link);
    CHECK(std::ranges::any_of(sent, [&](const Frame& frame) {
        return std::ranges::count(frame.want, Want{forker.log(), 2, 3, false}) == 1;
    }));
}

TEST_CASE("who is linked is named in our log, which shows no line for that") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    const LogId own = scene.room.next_line().log;

    for (int i = 0; i < 5; ++i) {
        scene.pass(1s);
        scene.drain(link);
        scene.receive(link, {});
    }

    REQUIRE(scene.room.held(own).size() == 1);
    const auto runs = *scene.disk.runs(own, 0, 9, 9'999);
    CHECK(runs.front()->items().front().entry().met == Voice(high).device());
    CHECK(scene.events<Message>().empty());
}

TEST_CASE("in an open network nobody is named") {
    Scene scene;
    scene.link_by_us(at(2), high);
    const LogId own = scene.room.next_line().log;

    scene.pass(5s);

    CHECK(scene.room.held(own).size() == 0);
}

TEST_CASE("who leaves without an answer reports lines, and nothing else that was said") {
    Scene scene(mid, false, false, true);
    const LinkId link = scene.link_by_us(at(2), high);
    scene.pass(3s);
    scene.give(Say{general_room, "hello"});
    scene.drain(link);

    scene.give(Leave{});
    scene.pass(10s);

    CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
}

}  // namespace
}  // namespace lanchat::controller::controller_authors_test
