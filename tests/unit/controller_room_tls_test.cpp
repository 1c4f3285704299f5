// Encrypted links: who is met over which kind, and who is of another network.
#include <doctest/doctest.h>

#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_tls_test {
namespace {

struct TlsScene : Scene {
    explicit TlsScene(bool legacy_peers = true) : Scene(mid, legacy_peers, true) {}
};

TEST_CASE("a lanchat node is dialled encrypted, and its link says so") {
    TlsScene scene;
    const LinkId link = scene.dial(at(2));
    CHECK(scene.dials.back().encrypted);

    scene.receive(link, scene.answer(high));

    REQUIRE(scene.events<PeerUp>().size() == 1);
    CHECK(scene.events<PeerUp>()[0].peer.encrypted);
    CHECK(scene.room.peers().linked().front().encrypted);
}

TEST_CASE("without TLS nothing is dialled encrypted, and no such link is taken") {
    Scene scene;
    const LinkId link = scene.dial(at(2));
    CHECK_FALSE(scene.dials.back().encrypted);
    scene.receive(link, scene.answer(high));
    CHECK_FALSE(scene.events<PeerUp>()[0].peer.encrypted);

    const LinkId encrypted = scene.accept(at(3, 51'234), true);
    scene.receive(encrypted, scene.greeting(at(3), low));
    CHECK(scene.dropped.contains(encrypted));
}

TEST_CASE("who speaks no TLS is dialled once without, at once") {
    TlsScene scene;
    scene.lose(scene.dial(at(2)), End::no_tls);
    REQUIRE(scene.connects == std::vector{at(2)});

    const LinkId plain = scene.dial(at(2));
    CHECK_FALSE(scene.dials.back().encrypted);
    scene.receive(plain, Scene::plain("ok"));

    REQUIRE(scene.events<PeerUp>().size() == 1);
    CHECK(scene.events<PeerUp>()[0].peer == PeerInfo{at(2), "", "10.0.0.2:4565", true, false});
}

TEST_CASE("a plain dial that comes to nothing is followed by an encrypted one") {
    TlsScene scene;
    scene.lose(scene.dial(at(2)), End::no_tls);
    scene.lose(scene.dial(at(2)), End::broken);
    CHECK_FALSE(scene.room.wants(at(2), scene.time()));
    scene.pass(60s);

    scene.dial(at(2));

    CHECK(scene.dials.back().encrypted);
}

TEST_CASE("whose handshake broke is not dialled without TLS") {
    TlsScene scene;
    for (int tries = 0; tries < 5; ++tries) {
        scene.lose(scene.dial(at(2)), End::broken);
        CHECK(scene.connects.empty());
        scene.pass(20min);
        scene.dial(at(2));
        CHECK(scene.dials.back().encrypted);
        scene.lose(scene.dials.back().link, End::broken);
        scene.pass(20min);
    }
}

TEST_CASE("where TLS was met nobody is dialled without, whatever is heard there later") {
    TlsScene scene;
    const LinkId link = scene.dial(at(2));
    scene.receive(link, scene.answer(high));
    scene.lose(link, End::broken);
    scene.lose(scene.dial(at(3)), End::other_network);
    for (int tries = 0; tries < 5; ++tries) {
        scene.pass(20min);
        for (const auto& where : {at(2), at(3)}) {
            scene.connects.clear();
            scene.lose(scene.dial(where), End::no_tls);

            CHECK(scene.dials.back().encrypted);
            CHECK(scene.connects.empty());
        }
    }
}

TEST_CASE("who said goodbye over TLS may be followed by an original at its address") {
    TlsScene scene;
    const LinkId link = scene.dial(at(2));
    scene.receive(link, scene.answer(high));
    Frame bye;
    bye.bye = Bye::leaving;
    scene.receive(link, bye);
    scene.lose(link, End::refused);

    scene.lose(scene.dial(at(2)), End::no_tls);

    CHECK(scene.connects == std::vector{at(2)});
}

TEST_CASE("where originals are not wanted nobody is dialled without TLS") {
    TlsScene scene(false);
    scene.lose(scene.dial(at(2)), End::no_tls);

    CHECK(scene.connects.empty());
    CHECK_FALSE(scene.room.wants(at(2), scene.time()));
}

TEST_CASE("a lanchat node is never met over a plain link") {
    TlsScene scene;
    const LinkId accepted = scene.accept(at(2, 51'234));
    scene.receive(accepted, scene.greeting(at(2), high));
    CHECK(scene.dropped.contains(accepted));

    scene.lose(scene.dial(at(3)), End::no_tls);
    const LinkId dialled = scene.dial(at(3));
    scene.receive(dialled, scene.answer(high));
    CHECK(scene.dropped.contains(dialled));

    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("an original is never met over an encrypted link") {
    TlsScene scene;
    const LinkId accepted = scene.accept(at(2, 51'234), true);
    scene.receive(accepted, Scene::plain("10.0.0.2:4565"));
    CHECK(scene.dropped.contains(accepted));

    const LinkId dialled = scene.dial(at(3));
    scene.receive(dialled, Scene::plain("ok"));
    CHECK(scene.dropped.contains(dialled));

    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("somebody of another network is told once, and left alone more and more") {
    TlsScene scene;
    for (int tries = 0; tries < 3; ++tries) {
        scene.lose(scene.dial(at(2)), End::other_network);
        CHECK_FALSE(scene.room.wants(at(2), scene.time()));
        scene.pass(10min);
    }

    REQUIRE(scene.events<OtherNetwork>().size() == 1);
    CHECK(scene.events<OtherNetwork>()[0].where == at(2));
    CHECK(scene.connects.empty());
}

}  // namespace
}  // namespace lanchat::controller::controller_room_tls_test
