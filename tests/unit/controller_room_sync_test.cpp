// What rooms tell each other of their logs, ask each other for and answer.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_sync_test {
namespace {

// The heads of `count` logs that nobody has, as part of a listing.
Frame inventions(std::uint64_t count) {
    Frame frame;
    for (std::uint64_t i = 0; i < count; ++i) {
        const LogId log{Voice(InstanceId{7}).device(), Epoch{i}};
        frame.have.push_back({log, {0, 9, hash_of("nothing")}, {}, {}});
    }
    frame.listing = true;
    return frame;
}

std::ptrdiff_t all_questions(const Scene& scene, LinkId link) {
    std::ptrdiff_t count = 0;
    for (const Frame& frame : scene.sent.at(link)) count += std::ssize(frame.want);
    return count;
}

// Time passes, and everybody answers pings.
void pass_alive(Scene& scene, Duration time, const std::vector<LinkId>& links) {
    for (; time > Duration{0}; time -= 1s) {
        scene.pass(1s);
        for (const LinkId link : links) {
            scene.drain(link);
            scene.receive(link, {});
        }
    }
}

// The newest that was told of a log over a link, 0: nothing.
Seq told(const Scene& scene, LinkId link, const LogId& log) {
    Seq newest = 0;
    const auto sent = scene.sent.find(link);
    if (sent == scene.sent.end()) return 0;
    for (const Frame& frame : sent->second)
        for (const Head& head : frame.have)
            if (head.log == log) newest = std::max(newest, head.base.last);
    return newest;
}

Frame linked(const std::vector<InstanceId>& came, const std::vector<InstanceId>& went) {
    Frame frame;
    frame.linked = Linked{1, nodes_of(came), nodes_of(went)};
    return frame;
}

// All that was told of our links over a link.
std::vector<Linked> links_told(const Scene& scene, LinkId link) {
    std::vector<Linked> told;
    for (const Frame& frame : scene.sent.at(link))
        if (frame.linked) told.push_back(*frame.linked);
    return told;
}

TEST_CASE("what was said by somebody a neighbour cannot reach is told it, asked for and given") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    const LogId log = Voice(high).log();
    scene.receive(author, Scene::lines(high, 1, 5));
    scene.pass(limits::news_delay);
    CHECK(told(scene, neighbour, log) == 5);
    scene.drain(neighbour);

    scene.receive(neighbour, Scene::want(log, 0, 5));
    REQUIRE(scene.fetches.size() == 1);
    CHECK(scene.fetches[0].want == Want{log, 0, 5, false});
    scene.give(Fetched{neighbour, log, scene.appended});

    CHECK(Scene::texts(scene.last_sent(neighbour)).size() == 5);
}

TEST_CASE("two that are both linked to an author tell each other nothing of its lines") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(neighbour, linked({high}, {}));
    scene.receive(author, Scene::lines(high, 1, 5));
    scene.pass(1s);
    scene.drain(neighbour);
    CHECK(told(scene, neighbour, Voice(high).log()) == 0);

    scene.receive(neighbour, linked({}, {high}));  // it has lost the author
    scene.pass(limits::news_delay);

    CHECK(told(scene, neighbour, Voice(high).log()) == 5);
}

TEST_CASE("who has lost an author is told of its lines though nothing happened to its log since") {
    RoomSettings settings;
    settings.instance = mid;
    settings.name = "me";
    settings.own = {at(1)};
    settings.seed = 1;
    settings.key = shared_key_of(static_cast<std::uint64_t>(mid));
    settings.logs_at_hand = 1;
    Scene scene(settings);
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(neighbour, linked({high}, {}));
    scene.receive(author, Scene::lines(high, 1, 5));
    for (std::uint64_t other = 90; other < 99; ++other)
        scene.receive(author, Scene::lines(InstanceId{other}, 1, 1));
    scene.pass(1s);
    scene.drain(neighbour);
    REQUIRE(told(scene, neighbour, Voice(high).log()) == 0);

    scene.receive(neighbour, linked({}, {high}));
    for (int n = 0; n < 3; ++n) {
        scene.pass(limits::news_delay);
        scene.drain(neighbour);
    }

    CHECK(told(scene, neighbour, Voice(high).log()) == 5);
}

TEST_CASE("who has lost an author and has all its lines is told nothing of it") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(neighbour, linked({high}, {}));
    scene.receive(author, Scene::lines(high, 1, 5));
    scene.pass(1s);
    scene.drain(neighbour);

    Frame lost = linked({}, {high});
    lost.have = Scene::have(high, 5).have;
    scene.receive(neighbour, lost);
    scene.pass(1s);

    CHECK(told(scene, neighbour, Voice(high).log()) == 0);
}

TEST_CASE("who has come is told with the next frame, who has gone soon") {
    Scene scene;
    const LinkId neighbour = scene.link_by_us(at(3), low);
    const LinkId other = scene.link_by_us(at(2), high);
    const auto listed = links_told(scene, other);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].came == nodes_of({low}));
    scene.drain(neighbour);
    scene.pass(1s);
    REQUIRE(links_told(scene, neighbour).size() == 1);
    const std::uint64_t round = links_told(scene, neighbour)[0].round;

    scene.give(Say{general_room, "hello", {}});
    scene.drain(neighbour);
    REQUIRE(links_told(scene, neighbour).size() == 2);
    CHECK(links_told(scene, neighbour)[1] == Linked{round, nodes_of({high}), {}});

    scene.lose(other);
    scene.pass(limits::news_delay);
    REQUIRE(links_told(scene, neighbour).size() == 3);
    CHECK(links_told(scene, neighbour)[2] == Linked{round, {}, nodes_of({high})});
}

TEST_CASE("who tells that an author has gone tells what it has of it") {
    Scene scene;
    const LinkId neighbour = scene.link_by_us(at(3), low);
    const LinkId author = scene.link_by_us(at(2), high);
    scene.receive(neighbour, linked({high}, {}));
    scene.receive(author, Scene::lines(high, 1, 5));
    scene.give(Say{general_room, "hello", {}});  // with it goes that the author has come
    scene.pass(1s);
    scene.drain(neighbour);
    REQUIRE(told(scene, neighbour, Voice(high).log()) == 0);

    scene.lose(author);
    scene.pass(limits::news_delay);

    const Frame& frame = scene.last_sent(neighbour);
    REQUIRE(frame.linked);
    CHECK(frame.linked->went == nodes_of({high}));
    CHECK(told(scene, neighbour, Voice(high).log()) == 5);
}

TEST_CASE("nothing is told or acknowledged before it is on the disk") {
    Scene scene;
    scene.disk_is_quick = false;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(author, Scene::lines(high, 1, 5));
    CHECK(scene.texts_shown().size() == 5);
    scene.pass(1s);
    scene.drain(author);
    scene.drain(neighbour);
    CHECK(scene.received_sent(author).value_or(0) == 0);
    CHECK(told(scene, neighbour, Voice(high).log()) == 0);

    scene.flush();
    scene.pass(limits::news_delay);

    CHECK(scene.received_sent(author) == Seq{5});
    CHECK(told(scene, neighbour, Voice(high).log()) == 5);
}

TEST_CASE("lines after a gap are not shown but asked for") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 4, 6));
    CHECK(scene.texts_shown().empty());
    scene.drain(link);
    CHECK(scene.questions_about(link, Voice(high).log()) == 1);

    scene.receive(link, Scene::lines(high, 1, 6));

    CHECK(scene.texts_shown().size() == 6);
}

TEST_CASE("a line of now is waited for a moment before somebody else is asked for it") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(neighbour, Scene::have(low, 0 + 1, true));
    scene.receive(neighbour, Scene::have(high, 2));
    scene.drain(neighbour);
    CHECK(scene.questions_about(neighbour, Voice(high).log()) == 0);
    scene.receive(author, Scene::lines(high, 1, 2));
    scene.pass(1s);
    scene.drain(neighbour);
    CHECK(scene.questions_about(neighbour, Voice(high).log()) == 0);

    scene.receive(neighbour, Scene::have(high, 3));
    scene.pass(limits::pull_delay);
    scene.drain(neighbour);

    CHECK(scene.questions_about(neighbour, Voice(high).log()) == 1);
}

TEST_CASE("who signs two lines for one place is believed no further, and that is told once") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 1, 3));
    Frame other;
    other.runs = Voice(high, "another").runs(1, 4);
    scene.receive(link, other);
    scene.receive(link, other);
    scene.receive(link, Scene::lines(high, 4, 5));

    CHECK(scene.texts_shown() == std::vector<std::string>{"line 1", "line 2", "line 3"});
    REQUIRE(scene.events<Forked>().size() == 1);
    CHECK(scene.events<Forked>()[0].author.id == to_string(Voice(high).device()));
}

constexpr InstanceId absent{77};  // somebody whose lines another one brings

TEST_CASE("the newest logs are asked for first") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame frame = inventions(2 * limits::pulls_max);
    for (std::size_t i = 0; i < frame.have.size(); ++i) frame.have[i].newest.packed = i;
    scene.receive(link, frame);
    scene.drain(link);

    std::set<LogId> asked;
    for (const Frame& sent : scene.sent[link])
        for (const Want& want : sent.want) asked.insert(want.log);
    CHECK(asked.size() == limits::pulls_max);
    for (std::size_t i = limits::pulls_max; i < frame.have.size(); ++i)
        CHECK(asked.contains(frame.have[i].log));
}

TEST_CASE("branches of one length are noticed by their heads") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    scene.receive(link, Scene::lines(high, 1, 3));
    Voice another(high, "another");
    Frame told;
    told.have.push_back({another.log(), {0, 3, another.head(3)}, {}, {}});
    scene.receive(neighbour, told);
    scene.drain(neighbour);
    CHECK(scene.last_want(neighbour, another.log()) == Want{another.log(), 2, 3, false});

    Frame answer;
    answer.runs = another.runs(1, 3);
    scene.receive(neighbour, answer);
    scene.receive(neighbour, told);
    scene.drain(neighbour);

    CHECK(scene.events<Forked>().size() == 1);
    CHECK(scene.questions_about(neighbour, another.log()) == 1);
    CHECK(scene.texts_shown().size() == 3);
}

TEST_CASE("nobody tells us what we said ourselves") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(mid, 1, 3));

    CHECK(scene.events<Message>().empty());
    CHECK(scene.appended.empty());
}

TEST_CASE("who asks for everything gets it in frames, one read of the store at a time") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 1, 1));
    const LogId log = Voice(InstanceId{77}).log();
    for (int i = 0; i < 400; ++i) scene.receive(link, Scene::want(log, 0, 0));
    CHECK(scene.fetches.size() == 1);

    scene.give(Fetched{link, log, Voice(InstanceId{77}).runs(1, 1000)});
    scene.drain(link);

    for (const Frame& frame : scene.sent[link]) {
        std::size_t bytes = 0;
        for (const RunPtr& run : frame.runs) bytes += run->byte_count();
        CHECK(bytes <= limits::frame_bytes_target);
    }
    CHECK(scene.fetches.size() == 2);
}

TEST_CASE("a run of another cut does not hide the one that is asked for") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Voice voice(absent);
    scene.receive(link, Scene::want(voice.log(), 8, 9));
    scene.give(Fetched{link, voice.log(), {voice.run(10, 11), voice.run(5, 12)}});
    scene.drain(link);

    REQUIRE(scene.last_sent(link).runs.size() == 1);
    // What lies before what was asked for stays here.
    CHECK(scene.last_sent(link).runs.front()->first() == 9);

    scene.receive(link, Scene::want(voice.log(), 8, 12));
    scene.give(Fetched{link, voice.log(), {voice.run(11, 12), voice.run(9, 12)}});
    scene.drain(link);
    REQUIRE(scene.last_sent(link).runs.size() == 1);
    CHECK(scene.last_sent(link).runs.front()->first() == 9);
}

TEST_CASE("an answer that comes after its link is gone goes nowhere") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LogId log = Voice(InstanceId{77}).log();
    scene.receive(link, Scene::want(log, 0, 9));
    REQUIRE(scene.fetches.size() == 1);
    scene.lose(link);
    const LinkId again = scene.link_by_us(at(2), high);
    const auto before = scene.sent[again].size();

    scene.give(Fetched{link, log, Voice(InstanceId{77}).runs(1, 9)});

    CHECK(scene.sent[again].size() == before);
}

TEST_CASE("what was about to be asked over another link is asked once over the new one") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, inventions(limits::pulls_max));
    const LinkId better = scene.link_by_them(at(2), high);

    CHECK(all_questions(scene, better) == std::ssize(std::vector<int>(limits::pulls_max)));
}

TEST_CASE("who announces logs and gives none does not keep us from asking others") {
    Scene scene;
    const LinkId withholder = scene.link_by_us(at(2), low);
    const LinkId honest = scene.link_by_us(at(3), high);
    scene.receive(withholder, inventions(2 * limits::pulls_max));
    scene.drain(withholder);

    scene.receive(honest, Scene::have(absent, 3, true));
    pass_alive(scene, limits::pull_timeout + 2s, {withholder, honest});

    CHECK(scene.questions_about(honest, Voice(absent).log()) >= 1);
}

TEST_CASE("who let us wait is asked one question at a time until it answers") {
    Scene scene;
    const LinkId withholder = scene.link_by_us(at(2), low);
    scene.receive(withholder, inventions(2 * limits::pulls_max));
    scene.drain(withholder);
    const auto at_first = all_questions(scene, withholder);

    pass_alive(scene, 4 * limits::pull_timeout, {withholder});

    CHECK(at_first == std::ssize(std::vector<int>(limits::pulls_max)));
    CHECK(all_questions(scene, withholder) - at_first <= 5);
}

TEST_CASE("logs that nobody may be asked for now are put off together") {
    Scene scene;
    const LinkId withholder = scene.link_by_us(at(2), low);
    scene.receive(withholder, inventions(limits::news_per_peer_max));
    scene.drain(withholder);
    pass_alive(scene, limits::pull_timeout + 1s, {withholder});
    const LinkId busy = scene.link_by_us(at(3), high);
    Frame others = inventions(limits::pulls_max - 2);
    for (Head& head : others.have) head.log.device = Voice(InstanceId{8}).device();
    scene.receive(busy, others);
    scene.drain(busy);

    int wakes = 0;
    const Instant end = scene.time() + limits::pull_timeout;
    for (auto next = scene.room.next_wakeup(); *next <= end; next = scene.room.next_wakeup()) {
        scene.sleep(std::max<Duration>(*next - scene.time(), 0s));
        scene.give(Wake{});
        ++wakes;
    }

    CHECK(wakes < 100);
}

TEST_CASE("who answers after all is asked for everything again") {
    Scene scene;
    const LinkId slow = scene.link_by_us(at(2), low);
    scene.receive(slow, Scene::have(absent, 3, true));
    scene.receive(slow, inventions(limits::pulls_max / 2));
    pass_alive(scene, limits::pull_timeout + 2s, {slow});

    scene.receive(slow, Scene::lines(absent, 1, 3));
    const auto before = all_questions(scene, slow);
    pass_alive(scene, 2 * limits::pull_timeout, {slow});

    CHECK(all_questions(scene, slow) - before >=
          std::ssize(std::vector<int>(limits::pulls_max)) / 2);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_sync_test
