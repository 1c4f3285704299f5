// Which of several links carries a peer, and how links end.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_links_test {
namespace {

// Both dial at once; returns our dial and theirs when both are open.
struct Crossed {
    LinkId ours;
    LinkId theirs;
};

Crossed cross(Scene& scene, InstanceId them, bool ours_first) {
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.accept(at(2, 51'234));
    const auto answer_ours = [&] {
        scene.receive(ours, scene.answer(them));
        scene.drain(ours);
    };
    const auto open_theirs = [&] {
        scene.receive(theirs, scene.greeting(at(2), them));
        scene.drain(theirs);
        scene.receive(theirs, Scene::ack(0));
        scene.drain(theirs);
    };
    if (ours_first) answer_ours();
    open_theirs();
    if (!ours_first) answer_ours();
    scene.drain(ours);
    return {ours, theirs};
}

// After a line, only `carrier` has carried it.
void check_carries(Scene& scene, LinkId carrier, LinkId other) {
    scene.say("one");
    CHECK(scene.lines_sent(carrier) == std::vector<Seq>{1});
    CHECK(scene.lines_sent(other).empty());
}

TEST_CASE("of two crossed dials the greater instance's stays, and its loser's dialler ends it") {
    for (const bool ours_first : {true, false}) {
        CAPTURE(ours_first);
        Scene scene(mid);
        const auto [ours, theirs] = cross(scene, high, ours_first);  // theirs is the greater

        CHECK(scene.last_sent(ours).bye == Bye::duplicate);
        CHECK(scene.finished == std::set{ours});
        CHECK(scene.dropped.empty());
        check_carries(scene, theirs, ours);
        CHECK(scene.events<PeerUp>().size() == 1);
    }
}

TEST_CASE("of two crossed dials our own stays when we are greater, and the other end is theirs") {
    for (const bool ours_first : {true, false}) {
        CAPTURE(ours_first);
        Scene scene(mid);
        const auto [ours, theirs] = cross(scene, low, ours_first);

        CHECK_FALSE(scene.ended(ours));
        CHECK_FALSE(scene.ended(theirs));
        check_carries(scene, ours, theirs);
        Frame bye;
        bye.bye = Bye::duplicate;
        scene.receive(theirs, bye);
        scene.lose(theirs, End::refused);
        CHECK(scene.events<PeerUp>().size() == 1);
        CHECK(scene.events<PeerDown>().empty());
    }
}

TEST_CASE("the loser is not ended before the winner has carried a frame each way") {
    Scene scene(mid);
    const LinkId ours = scene.link_by_us(at(2), high);
    const LinkId theirs = scene.accept(at(2, 51'234));
    scene.receive(theirs, scene.greeting(at(2), high));
    scene.drain(theirs);
    scene.drain(ours);
    CHECK_FALSE(scene.ended(ours));
    CHECK_FALSE(scene.last_sent(ours).bye);
    scene.say("one");
    CHECK(scene.lines_sent(ours) == std::vector<Seq>{1});

    scene.drain(ours);
    scene.receive(theirs, Scene::ack(0));
    scene.drain(ours);

    CHECK(scene.last_sent(ours).bye == Bye::duplicate);
    CHECK(scene.finished == std::set{ours});
    CHECK(scene.lines_sent(theirs) == std::vector<Seq>{1});  // again, it was not acknowledged
}

TEST_CASE("who loses both of two links at once is gone") {
    for (const bool theirs_first : {true, false}) {
        CAPTURE(theirs_first);
        Scene scene(mid);
        const LinkId ours = scene.link_by_us(at(2), high);
        const LinkId theirs = scene.accept(at(2, 51'234));
        scene.receive(theirs, scene.greeting(at(2), high));
        scene.drain(theirs);
        Frame of_others = Scene::want(Voice(low).log(), 0, 0);
        of_others.want.front().log.to = Voice(high).device();
        for (const LinkId link : {theirs, ours}) scene.receive(link, of_others);
        REQUIRE(scene.dropped == std::set{ours, theirs});

        scene.lose(theirs_first ? theirs : ours);
        scene.lose(theirs_first ? ours : theirs);

        CHECK(scene.events<PeerDown>().size() == 1);
        CHECK(scene.room.peers().size() == 0);
    }
}

TEST_CASE("a duplicate that its dialler does not end is dropped after 2 s") {
    Scene scene(mid);
    const auto [ours, theirs] = cross(scene, low, true);
    scene.pass(limits::surplus_timeout - 1ms);
    CHECK_FALSE(scene.ended(theirs));

    scene.pass(1ms);

    CHECK(scene.dropped == std::set{theirs});
    CHECK_FALSE(scene.ended(ours));
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("of two dials in the same direction the lower nonce stays") {
    for (const std::uint64_t second_nonce : {3U, 9U}) {
        CAPTURE(second_nonce);
        Scene scene(mid);
        const LinkId first = scene.link_by_them(at(2), high, 5);
        const LinkId second = scene.link_by_them(at(2, 4566), high, second_nonce);
        const LinkId winner = second_nonce < 5 ? second : first;
        const LinkId loser = second_nonce < 5 ? first : second;

        CHECK(scene.room.peers().size() == 1);
        check_carries(scene, winner, loser);
        scene.pass(limits::surplus_timeout);
        CHECK(scene.dropped == std::set{loser});
    }
}

TEST_CASE("a second address of a linked node is given up and seldom tried") {
    Scene scene(mid);
    const LinkId first = scene.link_by_us(at(2), high);
    const LinkId again = scene.link_by_us(at(3), high);
    scene.drain(first);
    const bool first_won = scene.finished.contains(again);
    const Endpoint loser = first_won ? at(3) : at(2);

    CHECK(scene.finished.size() == 1);
    CHECK(scene.events<PeerUp>().size() == 1);
    if (first_won) {
        CHECK_FALSE(scene.room.wants(loser, scene.time() + 2s));
        CHECK(scene.room.wants(loser, scene.time() + 4s));
    }
}

TEST_CASE("more than four links of one node are refused") {
    Scene scene(low);
    for (std::uint64_t nonce = 1; nonce <= limits::links_per_peer_max; ++nonce) {
        const LinkId link = scene.accept(at(2, 51'234));
        scene.receive(link, scene.greeting(at(2), high, nonce));
        scene.drain(link);
        CHECK(scene.last_sent(link).msg == "ok");
    }

    const LinkId fifth = scene.accept(at(2, 51'234));
    scene.receive(fifth, scene.greeting(at(2), high, 9));

    CHECK(scene.last_sent(fifth).bye == Bye::duplicate);
    CHECK(scene.last_sent(fifth).msg.empty());
}

TEST_CASE("when the carrying link breaks, the other one carries on and nobody goes") {
    Scene scene(mid);
    const auto [ours, theirs] = cross(scene, low, true);
    scene.say("one");
    scene.lose(ours);

    CHECK(scene.events<PeerDown>().empty());
    CHECK(scene.lines_sent(theirs) == std::vector<Seq>{1});
}

TEST_CASE("a broken link is a lost peer, who is dialled soon") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.lose(link);
    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::lost);
    CHECK(scene.room.peers().size() == 0);

    scene.pass(400ms);
    CHECK(scene.connects == std::vector{at(2)});

    scene.give(Sighted{at(2)});
    CHECK(scene.dials.size() == 2);
}

TEST_CASE("a goodbye is told at once and its sender is not dialled") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame bye;
    bye.bye = Bye::leaving;
    scene.receive(link, bye);

    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::left);
    CHECK(scene.finished.contains(link));
    scene.pass(1min);
    CHECK(scene.connects.empty());
}

TEST_CASE("the lines in a goodbye are still read") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame bye = Scene::lines(high, 1, 2);
    bye.bye = Bye::leaving;
    scene.receive(link, bye);

    CHECK(scene.texts_shown() == std::vector<std::string>{"line 1", "line 2"});
}

TEST_CASE("a silent link is pinged after 4 s and dropped 4 s later") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.pass(limits::ping_after - 1ms);
    CHECK_FALSE(scene.last_sent(link).ping);
    scene.pass(1ms);
    REQUIRE(scene.last_sent(link).ping);
    CHECK_FALSE(scene.last_sent(link).ping->reply);
    scene.drain(link);
    scene.pass(limits::ping_timeout - 1ms);
    CHECK_FALSE(scene.ended(link));

    scene.pass(1ms);

    CHECK(scene.dropped.contains(link));
    scene.lose(link);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::lost);
}

TEST_CASE("any frame is a sign of life") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    for (Seq seq = 1; seq <= 10; ++seq) {
        scene.pass(limits::ping_after + 3s);
        scene.drain(link);
        scene.receive(link, Scene::lines(high, seq, seq));
        scene.drain(link);
    }

    CHECK_FALSE(scene.ended(link));
}

TEST_CASE("a ping is answered with its nonce") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Frame ping;
    ping.ping = Ping{4711, false};
    scene.receive(link, ping);

    CHECK(scene.last_sent(link).ping == Ping{4711, true});
}

TEST_CASE("a pong is not answered") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const auto before = scene.sent[link].size();
    Frame pong;
    pong.ping = Ping{4711, true};
    scene.receive(link, pong);

    CHECK(scene.sent[link].size() == before);
}

TEST_CASE("who slept itself blames nobody for the silence") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.sleep(5min);
    scene.give(Wake{});
    CHECK_FALSE(scene.ended(link));

    scene.pass(limits::ping_after + limits::ping_timeout - 1ms);
    scene.drain(link);
    CHECK_FALSE(scene.ended(link));
    scene.pass(1ms);
    CHECK(scene.dropped.contains(link));
}

TEST_CASE("nothing is sent on a link after its end") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Leave{});
    scene.drain(link);
    REQUIRE(scene.finished.contains(link));
    Frame late = Scene::lines(high, 1, 3);
    late.ping = Ping{1, false};

    scene.receive(link, late);  // the scene itself forbids a Send here
    scene.pass(500ms);

    CHECK(scene.finished.size() == 1);
}

TEST_CASE("an original that ends one of two crossed calls before the other opens has not gone") {
    Scene scene;
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.legacy_by_them(at(2));
    REQUIRE(scene.events<PeerUp>().size() == 1);
    scene.lose(theirs, End::refused);
    scene.pass(1s);
    CHECK(scene.events<PeerDown>().empty());

    scene.receive(ours, Scene::plain("ok"));
    scene.say("still here");
    scene.drain(ours);

    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.events<PeerDown>().empty());
    CHECK(scene.msgs_sent(ours) == std::vector<std::string>{"still here"});
}

TEST_CASE("an original that never answers the other of two crossed calls has gone") {
    Scene scene;
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.legacy_by_them(at(2));
    scene.lose(theirs);
    scene.pass(limits::greeting_timeout);
    REQUIRE(scene.dropped.contains(ours));

    scene.lose(ours);

    CHECK(scene.events<PeerDown>().size() == 1);
    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("an original whose crossed calls both end has gone, once") {
    Scene scene;
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.legacy_by_them(at(2));
    scene.lose(theirs);
    CHECK(scene.events<PeerDown>().empty());

    scene.lose(ours);

    CHECK(scene.events<PeerDown>().size() == 1);
    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE(
    "towards an original the dial that it admitted carries, and no duplicate is ended by us") {
    Scene scene;
    const LinkId theirs = scene.legacy_by_them(at(2));
    CHECK(scene.msgs_sent(theirs) == std::vector<std::string>{"ok"});

    scene.say("one");

    CHECK(scene.msgs_sent(theirs) == std::vector<std::string>{"ok", "one"});
}

TEST_CASE("while both dials to an original are open, lines wait until it has decided") {
    Scene scene;
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.legacy_by_them(at(2));
    scene.say("one");
    CHECK(scene.msgs_sent(theirs) == std::vector<std::string>{"ok"});

    SUBCASE("it took its own") {
        scene.lose(ours, End::refused);
        CHECK(scene.msgs_sent(theirs) == std::vector<std::string>{"ok", "one"});
    }
    SUBCASE("it took ours") {
        scene.receive(ours, Scene::plain("ok"));
        CHECK(scene.msgs_sent(ours) == std::vector<std::string>{"one"});
        scene.lose(theirs, End::refused);
        CHECK(scene.msgs_sent(theirs) == std::vector<std::string>{"ok"});
    }
    CHECK(scene.finished.empty());
    CHECK(scene.dropped.empty());
    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("an original that ends its call has left, one that breaks is lost") {
    for (const End end : {End::refused, End::broken}) {
        Scene scene;
        const LinkId link = scene.legacy_by_them(at(2));
        scene.lose(link, end);
        REQUIRE(scene.events<PeerDown>().size() == 1);
        CHECK(scene.events<PeerDown>()[0].reason ==
              (end == End::refused ? DownReason::left : DownReason::lost));
        scene.pass(400ms);
        CHECK(scene.connects == std::vector{at(2)});
    }
}

}  // namespace
}  // namespace lanchat::controller::controller_room_links_test
