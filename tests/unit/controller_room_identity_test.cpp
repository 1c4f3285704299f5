// Who is who: a node is a process of a key. An instance, a nonce, a name or an address that
// somebody else shows reaches nothing that belongs to that key.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_identity_test {
namespace {

constexpr InstanceId victim = high;
constexpr InstanceId mallory{
    20};  // the number of a key greater than all of low, mid and the victim's

DeviceId device_of(InstanceId who) { return Voice(who).device(); }

struct Way {
    bool tls;
    bool closed;
    bool victim_first;
    bool victim_dials;
    bool mallory_dials;
    std::uint64_t nonce;
};

std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (const auto& [tls, closed] : {std::pair{false, false}, {true, false}, {true, true}})
        for (const bool first : {false, true})
            for (const bool victim_dials : {false, true})
                for (const bool mallory_dials : {false, true})
                    for (const std::uint64_t nonce : {0U, 1U, 9U})
                        ways.push_back({tls, closed, first, victim_dials, mallory_dials, nonce});
    return ways;
}

// We are `mid`, the victim is linked, and so is who shows the victim's instance with a key of its
// own.
struct Beset : Scene {
    explicit Beset(const Way& way = {true, false, true, true, true, 0})
        : Scene(mid, true, way.tls, way.closed), is_encrypted(way.tls) {
        if (way.victim_first) link_victim(way.victim_dials);
        impostor = way.mallory_dials ? by_them(at(3), way.nonce) : by_us(at(3));
        if (!way.victim_first) link_victim(way.victim_dials);
        settle();
    }

    void link_victim(bool they_dial) {
        honest = they_dial ? link_by_them(at(2), victim, 5) : link_by_us(at(2), victim);
    }
    LinkId by_them(Endpoint where, std::uint64_t nonce) {
        const LinkId link = accept({where.ip, 40'000}, is_encrypted);
        receive(link, by(mallory, greeting(where, victim, nonce)));
        drain(link);
        receive(link, ack(0));
        drain(link);
        return link;
    }
    LinkId by_us(Endpoint where) {
        const LinkId link = dial(where);
        receive(link, by(mallory, answer(victim)));
        drain(link);
        return link;
    }
    // Longer than any duplicate is borne; both show that they live.
    void settle() {
        for (int n = 0; n < 8; ++n) {
            pass(500ms);
            for (const LinkId link : {honest, impostor}) {
                Frame sign_of_life;
                sign_of_life.ping = Ping{1, true};
                if (!ended(link)) receive(link, sign_of_life);
                drain(link);
            }
        }
    }
    bool is_told_of(LinkId link, const LogId& log) const {
        for (const Frame& frame : sent.at(link)) {
            if (std::ranges::find(frame.have, log, &Head::log) != frame.have.end()) return true;
            for (const RunPtr& run : frame.runs)
                if (run->log() == log) return true;
        }
        return false;
    }

    bool is_encrypted;
    LinkId honest{};
    LinkId impostor{};
};

TEST_CASE("who shows the instance of another with a key of its own is somebody else") {
    for (const Way& way : all_ways()) {
        CAPTURE(way.tls);
        CAPTURE(way.closed);
        CAPTURE(way.victim_first);
        CAPTURE(way.victim_dials);
        CAPTURE(way.mallory_dials);
        CAPTURE(way.nonce);
        Beset scene(way);

        CHECK_FALSE(scene.ended(scene.honest));
        CHECK_FALSE(scene.ended(scene.impostor));
        CHECK(scene.entry(at(2)).device == device_of(victim));
        CHECK(scene.entry(at(3)).device == device_of(mallory));
        CHECK(scene.events<PeerUp>().size() == 2);
        CHECK(scene.events<PeerDown>().empty());
    }
}

TEST_CASE("more links of an impostor are its own duplicates, never the victim's") {
    Beset scene;
    for (std::uint64_t nonce = 0; nonce < 5; ++nonce) {
        scene.by_them(at(3), nonce);
        scene.settle();
    }

    CHECK_FALSE(scene.ended(scene.honest));
    CHECK(scene.room.peers().size() == 2);
    scene.say("to all");
    CHECK(scene.lines_sent(scene.honest) == std::vector<Seq>{1});
}

TEST_CASE("when the victim is away, its place is not the impostor's") {
    Beset scene;
    scene.lose(scene.honest);

    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>()[0].peer.id == to_string(device_of(victim)));
    CHECK_FALSE(scene.room.peers().find(at(2)));
    scene.link_victim(true);
    CHECK(scene.entry(at(2)).device == device_of(victim));
}

TEST_CASE("what the impostor acknowledges the victim does not have") {
    Beset scene;
    scene.give(Say{"general", "hi", {}, true});
    scene.settle();
    const LineId line{scene.own_log(), 1};
    REQUIRE(scene.room.delivery(line) == DeliveryCount{0, 2, 0});

    scene.receive(scene.impostor, Scene::ack(1));
    CHECK(scene.room.delivery(line) == DeliveryCount{1, 2, 0});
    scene.lose(scene.impostor);
    CHECK(scene.room.delivery(line) == DeliveryCount{1, 2, 0});
    scene.receive(scene.honest, Scene::ack(1));
    CHECK(scene.room.delivery(line) == DeliveryCount{2, 2, 0});
}

TEST_CASE("of direct messages the impostor hears, asks and acknowledges nothing") {
    Beset scene;
    scene.give(Say{"general", "secret", {}, true, device_of(victim)});
    scene.settle();
    const LogId letters = scene.room.next_line_to(device_of(victim)).log;
    CHECK(scene.is_told_of(scene.honest, letters));
    CHECK_FALSE(scene.is_told_of(scene.impostor, letters));

    // Over a new link all direct logs of the two are listed.
    const LinkId again = scene.by_them(at(4), 0);
    scene.settle();
    scene.drain(again);
    CHECK_FALSE(scene.is_told_of(again, letters));

    for (Frame frame : {Scene::want(letters, 0, 0), Scene::have(victim, 1)}) {
        for (Head& head : frame.have) head.log = letters;
        Beset other;
        other.give(Say{"general", "secret", {}, true, device_of(victim)});
        other.settle();
        other.fetches.clear();
        other.receive(other.impostor, frame);

        CHECK(other.dropped == std::set{other.impostor});
        CHECK(other.fetches.empty());
        CHECK(other.room.delivery({letters, 1}) == DeliveryCount{0, 1, 0});
    }
}

TEST_CASE("a neighbour that is linked with the impostor is told of the victim's lines") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), victim);
    const LinkId neighbour = scene.link_by_us(at(3), low);
    Frame linked;
    linked.linked = Linked{1, {{device_of(mallory), victim}}, {}};
    scene.receive(neighbour, linked);
    scene.receive(author, Scene::lines(victim, 1, 3));
    scene.pass(1s);
    scene.drain(neighbour);

    const auto& frames = scene.sent.at(neighbour);
    CHECK(std::ranges::any_of(frames, [](const Frame& frame) {
        return std::ranges::find(frame.have, Voice(victim).log(), &Head::log) != frame.have.end();
    }));
}

Receipt receipt_by(InstanceId key, InstanceId process, const LineId& line, std::uint64_t count) {
    Receipt receipt{device_of(key), process, line.log, 0, line.seq, count, {}};
    sign(receipt, key_of(static_cast<std::uint64_t>(key)));
    return receipt;
}

TEST_CASE("a receipt that shows the victim's instance does not silence the victim's") {
    Scene scene;
    const LinkId hub = scene.link_by_us(at(3), low);
    Frame linked;
    linked.linked = Linked{1, nodes_of({victim}), {}};
    scene.receive(hub, linked);
    const auto carry = [&](const Receipt& receipt) {
        Frame frame;
        frame.receipts = {receipt};
        scene.receive(hub, frame);
    };
    const auto say = [&] {
        scene.give(Say{"general", "hi", {}, true});
        scene.pass(limits::seal_delay);
        return LineId{scene.own_log(), scene.room.next_line().seq - 1};
    };
    const LineId first = say();
    carry(receipt_by(victim, victim, first, 1));
    carry(receipt_by(mallory, victim, first, ~std::uint64_t{0}));

    const LineId second = say();  // to the hub and to the victim behind it, and to nobody else
    REQUIRE(scene.room.delivery(second) == DeliveryCount{0, 2, 0});
    carry(receipt_by(mallory, victim, second, ~std::uint64_t{0}));
    CHECK(scene.room.delivery(second) == DeliveryCount{0, 2, 0});
    carry(receipt_by(victim, victim, second, 2));
    CHECK(scene.room.delivery(second) == DeliveryCount{1, 2, 0});
}

TEST_CASE("receipts go to the author of a log, not to who shows its instance") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), victim);
    const LinkId impostor = scene.dial(at(3));
    scene.receive(impostor, Scene::by(mallory, scene.answer(victim)));
    scene.drain(impostor);
    const LinkId member = scene.link_by_us(at(4), low);
    scene.receive(author, Scene::lines(victim, 1, 3));
    Frame frame;
    frame.receipts = {receipt_by(InstanceId{99}, InstanceId{99}, {Voice(victim).log(), 3}, 7)};
    scene.receive(member, frame);
    scene.pass(1s);
    scene.drain(author);
    scene.drain(impostor);

    const auto carried = [&](LinkId link) {
        std::size_t count = 0;
        for (const Frame& each : scene.sent.at(link)) count += each.receipts.size();
        return count;
    };
    CHECK(carried(author) == 1);
    CHECK(carried(impostor) == 0);
}

TEST_CASE("who shows our own instance with another key is not ourselves") {
    for (const bool tls : {false, true}) {
        CAPTURE(tls);
        Scene scene(mid, true, tls);
        const LinkId dialled = scene.dial(at(7));
        scene.receive(dialled, Scene::by(mallory, scene.answer(mid)));
        const LinkId accepted = scene.accept(at(8, 51'234), tls);
        scene.receive(accepted, Scene::by(low, scene.greeting(at(8), mid)));
        scene.drain(accepted);
        scene.receive(accepted, Scene::ack(0));

        CHECK(scene.events<PeerUp>().size() == 2);
        scene.drain(dialled);
        scene.lose(dialled);
        CHECK(scene.room.wants(at(7), scene.time() + 1h));  // ourselves we would never dial again
    }
}

// --- tie-breaks ----------------------------------------------------------------------------------

// Both dial at once: which of the two links carries lines?
bool ours_carries(Scene& scene, InstanceId key, InstanceId instance, bool ours_first) {
    const LinkId ours = scene.dial(at(2));
    const LinkId theirs = scene.accept(at(2, 51'234));
    const auto answer_ours = [&] {
        scene.receive(ours, Scene::by(key, scene.answer(instance)));
        scene.drain(ours);
    };
    if (ours_first) answer_ours();
    scene.receive(theirs, Scene::by(key, scene.greeting(at(2), instance)));
    scene.drain(theirs);
    scene.receive(theirs, Scene::ack(0));
    scene.drain(theirs);
    if (!ours_first) answer_ours();
    scene.drain(ours);
    CHECK(scene.room.peers().size() == 1);
    scene.say("one");
    CHECK(scene.lines_sent(ours).size() + scene.lines_sent(theirs).size() == 1);
    return !scene.lines_sent(ours).empty();
}

TEST_CASE("of two crossed dials that of the greater key stays, whatever the instances are") {
    for (const bool ours_first : {true, false}) {
        for (const InstanceId instance : {low, high, InstanceId{~std::uint64_t{0}}, mid}) {
            CAPTURE(ours_first);
            Scene below(mid);
            CHECK(ours_carries(below, low, instance, ours_first));
            Scene above(mid);
            CHECK_FALSE(ours_carries(above, high, instance, ours_first));
        }
    }
}

TEST_CASE("between two processes of one key the greater instance's dial stays") {
    for (const bool ours_first : {true, false}) {
        CAPTURE(ours_first);
        Scene greater(mid);
        CHECK(ours_carries(greater, mid, low, ours_first));
        Scene lower(mid);
        CHECK_FALSE(ours_carries(lower, mid, high, ours_first));
    }
}

// --- two processes of one key --------------------------------------------------------------------

TEST_CASE("two processes of one key are two peers, and the device is here as long as one is") {
    Scene scene;
    const LinkId first = scene.link_by_us(at(2), high);
    const LinkId second = scene.dial(at(3));
    scene.receive(second, Scene::by(high, scene.answer(low)));
    scene.drain(second);
    CHECK(scene.room.peers().size() == 2);

    scene.give(Say{"general", "hi", {}, true});
    scene.pass(limits::seal_delay);
    const LineId line{scene.own_log(), 1};
    REQUIRE(scene.room.delivery(line) == DeliveryCount{0, 1, 0});
    scene.lose(first);
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 1, 0});
    scene.lose(second);
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 1, 1});
}

TEST_CASE("codes are compared with the process of a key that asked") {
    Scene scene(mid, true, true);
    scene.link_by_us(at(2), high);
    const LinkId second = scene.dial(at(3));
    scene.receive(second, Scene::by(high, scene.answer(low)));
    scene.drain(second);
    Frame asks;
    asks.verify = VerifyStep{VerifyStep::Kind::commit, {1}};
    scene.receive(second, asks);
    scene.give(Rolled{device_of(high), {}});
    scene.drain(second);

    REQUIRE(scene.last_sent(second).verify);
    CHECK(scene.last_sent(second).verify->kind == VerifyStep::Kind::nonce);
}

// --- addresses -----------------------------------------------------------------------------------

TEST_CASE("who claims the address of another key does not get it, however silent the holder is") {
    for (const bool dialled : {false, true}) {
        CAPTURE(dialled);
        Scene scene;
        const LinkId holder =
            dialled ? scene.link_by_us(at(2), low) : scene.link_by_them(at(2), low);
        const LinkId newcomer = scene.link_by_them(at(2), high);
        scene.pass(limits::takeover_timeout);

        CHECK_FALSE(scene.ended(holder));
        CHECK(scene.entry(at(2)).instance == low);
        CHECK(scene.entry(at(2, 40'000)).instance == high);
        CHECK(scene.msgs_sent(newcomer).front() == "ok");
        CHECK(scene.events<PeerDown>().empty());
    }
}

// --- versions ------------------------------------------------------------------------------------

TEST_CASE("a node of other rules is not linked without TLS, and told of once") {
    Scene scene;
    const auto outdated = [](Frame frame) {
        frame.hello->protocol = 1;
        return frame;
    };
    const LinkId dialled = scene.dial(at(2));
    scene.receive(dialled, outdated(scene.answer(high)));
    const LinkId accepted = scene.accept(at(2, 51'234));
    scene.receive(accepted, outdated(scene.greeting(at(2), high)));

    CHECK(scene.dropped == std::set{dialled, accepted});
    CHECK_FALSE(scene.sent.contains(accepted));
    CHECK(scene.room.peers().size() == 0);
    REQUIRE(scene.events<OtherVersion>().size() == 1);
    CHECK(scene.events<OtherVersion>()[0].where == at(2));
    CHECK_FALSE(scene.room.wants(at(2), scene.time() + 1s));

    for (std::uint64_t i = 0; i < 2 * limits::outdated_told_max; ++i)
        scene.receive(scene.accept(at(3, 51'234)),
                      outdated(scene.greeting(at(3), InstanceId{2000 + i})));
    CHECK(scene.events<OtherVersion>().size() == limits::outdated_told_max);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_identity_test
