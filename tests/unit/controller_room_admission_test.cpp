// Who gets in: greetings of both kinds, refusals, squatters and ourselves.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_admission_test {
namespace {

TEST_CASE("a dial says hello with our instance and a nonce") {
    Scene scene(mid);
    scene.give(Sighted{at(2)});

    REQUIRE(scene.dials.size() == 1);
    CHECK(scene.dials[0].where == at(2));
    CHECK(scene.dials[0].hello.instance == mid);
    CHECK(scene.dials[0].hello.name == "me");
    CHECK(is_dialled(scene.dials[0].link));
}

TEST_CASE("an address is dialled once at a time, and never our own") {
    Scene scene;
    scene.give(Sighted{at(1)});
    CHECK(scene.dials.empty());

    scene.give(Sighted{at(2)});
    CHECK_FALSE(scene.room.wants(at(2), scene.time()));
    scene.give(Sighted{at(2)});
    CHECK(scene.dials.size() == 1);

    scene.receive(scene.dials[0].link, scene.answer(high));
    CHECK_FALSE(scene.room.wants(at(2), scene.time()));
    scene.give(Sighted{at(2)});
    CHECK(scene.dials.size() == 1);
}

TEST_CASE("a lanchat node that we dial is linked with its answer") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    scene.receive(link, scene.answer(high));

    const auto ups = scene.events<PeerUp>();
    REQUIRE(ups.size() == 1);
    CHECK(ups[0].peer == PeerInfo{at(2), to_string(Voice(high).device()), "you", false});
    CHECK(scene.received_sent(link) == Seq{0});
    CHECK(scene.room.peers().linked() == std::vector{ups[0].peer});
}

TEST_CASE("a lanchat node that dials us gets ok, hello and acknowledgement, and then is linked") {
    Scene scene;
    const LinkId link = scene.accept({at(2).ip, 51'234});
    scene.receive(link, scene.greeting(at(2), high, 77));

    const Frame& reply = scene.last_sent(link);
    CHECK(reply.msg == "ok");
    REQUIRE(reply.hello);
    CHECK(reply.hello->instance == mid);
    CHECK(reply.hello->nonce == 77);  // of this link
    CHECK(reply.received == Ack{});
    CHECK(scene.events<PeerUp>().empty());
    CHECK(scene.entry(at(2)).state == PeerState::joining);

    scene.receive(link, Scene::ack(0));

    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.entry(at(2)).state == PeerState::linked);
}

TEST_CASE("a dialler that goes on without an acknowledgement is dropped") {
    Scene scene;
    const LinkId link = scene.accept(at(2, 51'234));
    scene.receive(link, scene.greeting(at(2), high));
    scene.receive(link, Scene::lines(high, 1, 1));

    CHECK(scene.dropped.contains(link));
    CHECK(scene.texts_shown().empty());
}

TEST_CASE("the source address is believed and only the port is taken from the claim") {
    Scene scene;
    const LinkId link = scene.accept(at(7, 51'234));
    scene.receive(link, scene.greeting(at(99, 4567), high));

    CHECK(scene.room.peers().find(at(7, 4567)));
    CHECK_FALSE(scene.room.peers().find(at(99, 4567)));
}

TEST_CASE("an original that dials us gets exactly ok, and is linked at once") {
    Scene scene;
    const LinkId link = scene.accept(at(2, 51'234));
    scene.receive(link, Scene::plain("10.0.0.2:4565"));

    CHECK(scene.last_sent(link) == Scene::plain("ok"));
    const auto ups = scene.events<PeerUp>();
    REQUIRE(ups.size() == 1);
    CHECK(ups[0].peer == PeerInfo{at(2), "", "10.0.0.2:4565", true});
}

TEST_CASE("an original that we dial is linked with its ok and gets no word of ours") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    scene.receive(link, Scene::plain("ok"));

    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.msgs_sent(link).empty());
}

TEST_CASE("originals are refused in silence when they are not wanted") {
    Scene scene(mid, false);
    const LinkId accepted = scene.accept(at(2, 51'234));
    scene.receive(accepted, Scene::plain("10.0.0.2:4565"));
    CHECK(scene.finished.contains(accepted));
    CHECK(scene.msgs_sent(accepted).empty());

    const LinkId dialled = scene.dial(at(3));
    scene.receive(dialled, Scene::plain("ok"));
    CHECK(scene.dropped.contains(dialled));
    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("an original that claims our own address is refused") {
    Scene scene;
    const LinkId link = scene.accept({at(1).ip, 51'234});
    scene.receive(link, Scene::plain("10.0.0.1:4565"));

    CHECK(scene.finished.contains(link));
    CHECK(scene.msgs_sent(link).empty());
}

TEST_CASE("a greeting that is no address is dropped") {
    for (const char* msg : {"", "ok", "hello", "10.0.0.2", "10.0.0.2:0"}) {
        Scene scene;
        const LinkId link = scene.accept(at(2, 51'234));
        scene.receive(link, Scene::plain(msg));
        CHECK(scene.dropped.contains(link));
    }
}

TEST_CASE("an answer without ok and words is strange, and the address left alone for a while") {
    for (const bool with_hello : {true, false}) {
        Scene scene;
        const LinkId link = scene.dial(at(2));
        Frame reply = with_hello ? scene.answer(high) : Scene::plain("");
        reply.msg = with_hello ? "OK" : "";
        scene.receive(link, reply);
        CHECK(scene.dropped.contains(link));
        scene.lose(link);
        CHECK_FALSE(scene.room.wants(at(2), scene.time() + 2s));
        CHECK(scene.room.wants(at(2), scene.time() + 4s));
    }
}

TEST_CASE("words of an original that come before its ok are shown, the ok is not") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    for (const char* msg : {"early", "earlier than ok", "ok", "ok"})
        scene.receive(link, Scene::plain(msg));

    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.texts_shown() == std::vector<std::string>{"early", "earlier than ok", "ok"});
    CHECK_FALSE(scene.ended(link));
}

TEST_CASE("a call that ends without an answer is a refusal: again after 1 s") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    scene.lose(link, End::refused);

    CHECK_FALSE(scene.room.wants(at(2), scene.time() + 900ms));
    CHECK(scene.room.wants(at(2), scene.time() + 1300ms));
    CHECK(scene.events<PeerUp>().empty());
}

TEST_CASE("who greets too late, on either side, is dropped after 5 s") {
    Scene scene;
    const LinkId dialled = scene.dial(at(2));
    const LinkId accepted = scene.accept(at(3, 51'234));
    scene.pass(limits::greeting_timeout - 1ms);
    CHECK(scene.dropped.empty());

    scene.pass(1ms);

    CHECK(scene.dropped == std::set{dialled, accepted});
}

TEST_CASE("a dial that reached ourselves is refused with our name and never repeated") {
    Scene scene(mid);
    const LinkId out = scene.dial(at(77));  // an address we did not know to be ours
    const LinkId in = scene.accept(at(77, 51'234));
    scene.receive(in, scene.greeting(at(1), mid));
    const Frame refusal = scene.last_sent(in);
    CHECK(refusal.bye == Bye::duplicate);
    CHECK(refusal.msg.empty());
    REQUIRE(refusal.hello);
    scene.drain(in);
    CHECK(scene.finished.contains(in));

    scene.receive(out, refusal);

    CHECK(scene.dropped.contains(out));
    CHECK_FALSE(scene.room.wants(at(77), scene.time() + 24h));
    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("a full map turns the next one away as busy, with hello and without ok") {
    Scene scene;
    for (std::uint32_t i = 0; i < limits::peers_max - limits::peers_reserved; ++i)
        scene.link_by_them({Ipv4{0x0A010000U + i}, 4565}, InstanceId{2000 + i});

    const LinkId link = scene.accept(at(2, 51'234));
    scene.receive(link, scene.greeting(at(2), high));

    CHECK(scene.last_sent(link).bye == Bye::busy);
    CHECK(scene.last_sent(link).msg.empty());
    scene.drain(link);
    CHECK(scene.finished.contains(link));
}

TEST_CASE("a node that was told busy tries again later") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    Frame refusal;
    refusal.hello = Scene::hello(high);
    refusal.bye = Bye::busy;
    scene.receive(link, refusal);

    CHECK(scene.dropped.contains(link));
    scene.lose(link);
    CHECK_FALSE(scene.room.wants(at(2), scene.time() + 900ms));
    CHECK(scene.room.wants(at(2), scene.time() + 1300ms));
}

TEST_CASE("a holder that answers keeps its address, the newcomer is known by its source") {
    Scene scene;
    const LinkId holder = scene.link_by_them(at(2), low);
    const LinkId newcomer = scene.accept(at(2, 51'234));
    scene.receive(newcomer, Scene::by(low, scene.greeting(at(2), high)));
    REQUIRE(scene.last_sent(holder).ping);
    CHECK(scene.msgs_sent(newcomer).empty());

    Frame pong;
    pong.ping = Ping{scene.last_sent(holder).ping->nonce, true};
    scene.receive(holder, pong);

    CHECK(scene.last_sent(newcomer).msg == "ok");
    scene.drain(newcomer);
    scene.receive(newcomer, Scene::ack(0));
    CHECK(scene.entry(at(2)).instance == low);
    CHECK(scene.entry(at(2, 51'234)).instance == high);
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("a holder that is silent for 1 s is replaced") {
    Scene scene;
    const LinkId holder = scene.link_by_them(at(2), low);
    const LinkId newcomer = scene.accept(at(2, 51'234));
    scene.receive(newcomer, Scene::by(low, scene.greeting(at(2), high)));
    scene.pass(limits::takeover_timeout - 1ms);
    CHECK(scene.events<PeerDown>().empty());

    scene.pass(1ms);

    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::replaced);
    CHECK(scene.dropped.contains(holder));
    CHECK(scene.last_sent(newcomer).msg == "ok");
    scene.drain(newcomer);
    scene.receive(newcomer, Scene::ack(0));
    CHECK(scene.entry(at(2)).instance == high);
}

TEST_CASE("a newcomer that we dialled is linked when the holder is silent") {
    Scene scene;
    const LinkId newcomer = scene.dial(at(2));
    scene.link_by_them(at(2), low);  // an earlier process of it comes meanwhile
    scene.receive(newcomer, Scene::by(low, scene.answer(high)));
    scene.pass(limits::takeover_timeout);

    CHECK(scene.entry(at(2)).instance == high);
    CHECK(scene.entry(at(2)).state == PeerState::linked);
    CHECK(scene.received_sent(newcomer) == Seq{0});
}

TEST_CASE("a newcomer that we dialled is told that the address is taken when it is") {
    Scene scene;
    const LinkId newcomer = scene.dial(at(2));
    const LinkId holder = scene.link_by_them(at(2), low);
    scene.receive(newcomer, Scene::by(low, scene.answer(high)));
    scene.receive(holder, Scene::lines(low, 1, 1));

    CHECK(scene.last_sent(newcomer).bye == Bye::taken);
    CHECK(scene.entry(at(2)).instance == low);
}

TEST_CASE("a newcomer that talks before ok is dropped") {
    Scene scene;
    scene.link_by_them(at(2), low);
    const LinkId newcomer = scene.accept(at(2, 51'234));
    scene.receive(newcomer, Scene::by(low, scene.greeting(at(2), high)));
    scene.receive(newcomer, Scene::ack(0));

    CHECK(scene.dropped.contains(newcomer));
}

TEST_CASE("an original at the address of a linked node is refused without ok") {
    Scene scene;
    scene.link_by_them(at(2), low);
    const LinkId link = scene.accept(at(2, 51'234));
    scene.receive(link, Scene::plain("10.0.0.2:4565"));

    CHECK(scene.finished.contains(link));
    CHECK(scene.msgs_sent(link).empty());
}

TEST_CASE("a lanchat node takes its address from an original that claims it") {
    Scene scene;
    const LinkId squatter = scene.legacy_by_them(at(2));
    scene.link_by_them(at(2), high);

    CHECK(scene.dropped.contains(squatter));
    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].reason == DownReason::replaced);
    CHECK(scene.entry(at(2)).instance == high);
}

TEST_CASE("an original that dials again is refused while the first call answers") {
    Scene scene;
    const LinkId first = scene.legacy_by_them(at(2));
    const LinkId second = scene.accept(at(2, 51'235));
    scene.receive(second, Scene::plain("10.0.0.2:4565"));
    CHECK(scene.probes == std::vector{first});

    scene.give(Probed{first, true});

    CHECK(scene.finished.contains(second));
    CHECK(scene.msgs_sent(second).empty());
    CHECK(scene.events<PeerDown>().empty());
}

TEST_CASE("an original that was restarted replaces its dead call after 1 s") {
    Scene scene;
    const LinkId first = scene.legacy_by_them(at(2));
    const LinkId second = scene.accept(at(2, 51'235));
    scene.receive(second, Scene::plain("10.0.0.2:4565"));
    scene.give(Probed{first, false});
    scene.pass(limits::takeover_timeout);

    CHECK(scene.dropped.contains(first));
    CHECK(scene.last_sent(second) == Scene::plain("ok"));
    CHECK(scene.events<PeerUp>().size() == 2);
}

TEST_CASE("lines in the answer of an original are no lines") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    Frame odd = Scene::lines(high, 1, 3);
    odd.msg = "ok";
    scene.receive(link, odd);
    scene.pass(10s);

    CHECK(scene.texts_shown().empty());
}

}  // namespace
}  // namespace lanchat::controller::controller_room_admission_test
