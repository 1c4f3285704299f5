// A node that is moved: its links are asked for life, and those that are dead are made anew before
// anybody sees it.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_moving_test {
namespace {

Frame renewing(Frame greeting) {
    greeting.hello->renews = true;
    return greeting;
}

// Answers the ping that was sent last over the link.
void answer_ping(Scene& scene, LinkId link) {
    scene.drain(link);
    REQUIRE(scene.last_sent(link).ping);
    Frame pong;
    pong.ping = Ping{scene.last_sent(link).ping->nonce, true};
    scene.receive(link, pong);
}

TEST_CASE("links that answer after a move stay, and nobody is dialled") {
    Scene scene(mid);
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Moved{{at(9)}});
    answer_ping(scene, link);
    scene.connects.clear();

    scene.pass(3s);

    CHECK(scene.connects.empty());
    CHECK_FALSE(scene.ended(link));
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("who does not answer after a move is dialled anew, and nobody sees it go") {
    for (const InstanceId them : {low, high}) {
        CAPTURE(them);
        Scene scene(mid);
        const LinkId dead = scene.link_by_us(at(2), them);
        scene.give(Moved{{at(9)}});
        scene.connects.clear();
        scene.pass(500ms);
        REQUIRE(scene.connects == std::vector{at(2)});

        const LinkId fresh = scene.dial(at(2));
        CHECK(scene.dials.back().hello.renews);
        scene.receive(fresh, scene.answer(them));
        scene.drain(fresh);
        scene.say("one");

        CHECK(scene.lines_sent(fresh) == std::vector<Seq>{1});
        CHECK(scene.lines_sent(dead).empty());
        scene.pass(limits::ping_timeout);
        CHECK(scene.ended(dead));
        CHECK_FALSE(scene.ended(fresh));
        CHECK(scene.events<PeerUp>().size() == 1);
        CHECK(scene.events<PeerDown>().empty());
    }
}

TEST_CASE("who is nowhere after a move is lost when any silent peer is") {
    Scene scene(mid);
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Moved{{at(9)}});
    scene.pass(limits::ping_timeout + 1ms);
    REQUIRE(scene.dropped == std::set{link});
    scene.lose(link);
    CHECK(scene.events<PeerDown>().size() == 1);
}

TEST_CASE("a peer that comes from elsewhere and doubts its links is one that moved") {
    for (const InstanceId them : {low, high}) {
        CAPTURE(them);
        Scene scene(mid);
        const LinkId dead = scene.link_by_us(at(2), them);
        const LinkId fresh = scene.accept(at(7, 51'234));
        scene.receive(fresh, renewing(scene.greeting(at(7), them)));
        scene.drain(fresh);
        scene.receive(fresh, Scene::ack(0));
        scene.drain(fresh);
        scene.say("one");

        CHECK(scene.lines_sent(fresh) == std::vector<Seq>{1});
        CHECK(scene.lines_sent(dead).empty());
        REQUIRE(scene.events<PeerMoved>().size() == 1);
        CHECK(scene.events<PeerMoved>().front().before == at(2));
        CHECK(scene.events<PeerMoved>().front().peer.address == at(7));
        CHECK(scene.room.peers().linked().size() == 1);
        CHECK(scene.room.peers().find(at(7)));
        CHECK(scene.events<PeerDown>().empty());
        CHECK_FALSE(scene.room.wants(at(7), scene.time()));
    }
}

TEST_CASE("a peer that is dialled where it has moved to is known there") {
    Scene scene(mid);
    scene.link_by_them(at(2), high);
    const LinkId fresh = scene.dial(at(7));
    Frame answer = scene.answer(high);
    answer.hello->renews = true;
    scene.receive(fresh, answer);
    scene.drain(fresh);
    CHECK(scene.events<PeerMoved>().size() == 1);
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("a second address alone moves nobody") {
    Scene scene(mid);
    scene.link_by_us(at(2), high);
    const LinkId second = scene.accept(at(7, 51'234));
    scene.receive(second, scene.greeting(at(7), high));
    scene.drain(second);
    scene.receive(second, Scene::ack(0));
    scene.drain(second);
    CHECK(scene.events<PeerMoved>().empty());
    CHECK(scene.room.peers().find(at(2)));
}

TEST_CASE("nobody moves to where another is") {
    Scene scene(mid);
    scene.link_by_us(at(2), high);
    scene.link_by_us(at(7), low);
    const LinkId fresh = scene.accept(at(7, 51'234));
    scene.receive(fresh, renewing(scene.greeting(at(7), high)));
    scene.drain(fresh);
    scene.receive(fresh, Scene::ack(0));
    scene.drain(fresh);
    CHECK(scene.events<PeerMoved>().empty());
    CHECK(scene.room.peers().linked().size() == 2);
}

TEST_CASE("a link that was doubted and speaks is trusted again") {
    Scene scene(mid);
    const LinkId old = scene.link_by_us(at(2), low);  // ours stays, we are the greater
    const LinkId fresh = scene.accept(at(2, 51'234));
    scene.receive(fresh, renewing(scene.greeting(at(2), low)));
    scene.drain(fresh);
    scene.receive(old, Scene::ack(0));
    scene.receive(fresh, Scene::ack(0));
    scene.drain(fresh);
    scene.say("one");
    CHECK(scene.lines_sent(old) == std::vector<Seq>{1});
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("an original knows an address alone, so its link goes with that, and only then") {
    for (const bool second : {true, false}) {
        CAPTURE(second);
        Scene scene(mid);
        const LinkId link = scene.legacy_by_us(at(2));
        scene.give(Moved{second ? std::vector{at(1), at(9)} : std::vector{at(9)}});
        CHECK(scene.ended(link) != second);
        if (second) continue;
        scene.lose(link);
        scene.connects.clear();
        scene.pass(1s);
        CHECK(scene.connects == std::vector{at(2)});
    }
}

TEST_CASE("links on this machine are not doubted") {
    Scene scene(mid);
    scene.link_by_us({Ipv4{0x7F000001}, 4566}, high);
    scene.give(Moved{{at(9)}});
    scene.connects.clear();
    scene.pass(1s);
    CHECK(scene.connects.empty());
    CHECK(scene.events<PeerDown>().empty());
    CHECK_FALSE(scene.room.wants(at(9), scene.time()));
}

}  // namespace
}  // namespace lanchat::controller::controller_room_moving_test
