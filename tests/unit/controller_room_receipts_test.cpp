// Delivery beyond our links: a member's signed word counts, whoever carries it.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_receipts_test {
namespace {

constexpr InstanceId far{4711};

Receipt receipt(InstanceId member, const LogId& log, Seq last, std::uint64_t count = 1) {
    const DeviceKey key = key_of(static_cast<std::uint64_t>(member));
    Receipt receipt{key.id(), member, log, 0, last, count, {}};
    sign(receipt, key);
    return receipt;
}

Frame carrying(const Receipt& receipt) {
    Frame frame;
    frame.receipts = {receipt};
    return frame;
}

Frame linked_with(std::uint64_t round, const std::vector<InstanceId>& who) {
    Frame frame;
    frame.linked = Linked{round, nodes_of(who), {}};
    return frame;
}

std::vector<Receipt> receipts_sent(const Scene& scene, LinkId link) {
    std::vector<Receipt> receipts;
    for (const Frame& frame : scene.sent.at(link))
        receipts.insert(receipts.end(), frame.receipts.begin(), frame.receipts.end());
    return receipts;
}

LineId say_watched(Scene& scene) {
    scene.give(Say{"general", "hi", {}, true});
    scene.pass(limits::seal_delay);
    return {scene.own_log(), scene.room.next_line().seq - 1};
}

TEST_CASE("who has a line of somebody behind a neighbour signs it and gives it to the neighbour") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, linked_with(5, {far}));
    scene.receive(link, Scene::lines(far, 1, 3));
    scene.pass(limits::receipt_interval);
    scene.drain(link);

    const auto receipts = receipts_sent(scene, link);
    REQUIRE_FALSE(receipts.empty());
    CHECK(verify(receipts.back()));
    CHECK(receipts.back().member == scene.own_log().device);
    CHECK(receipts.back().log == Voice(far).log());
    CHECK(receipts.back().after == 0);
    CHECK(receipts.back().last == 3);
}

TEST_CASE("nothing is signed for who is linked, or whom no neighbour reaches") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 1, 3));
    scene.receive(link, Scene::lines(far, 1, 3));
    scene.pass(2s);
    scene.drain(link);
    CHECK(receipts_sent(scene, link).empty());
}

TEST_CASE("what was stored before an author could be reached is signed once it can") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(far, 1, 3));
    scene.pass(2s);
    scene.drain(link);
    CHECK(receipts_sent(scene, link).empty());

    scene.receive(link, linked_with(5, {far}));
    scene.pass(limits::receipt_interval);
    scene.drain(link);
    CHECK(receipts_sent(scene, link).size() == 1);
}

TEST_CASE("receipts are made four times a second at most, each for all that came") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, linked_with(5, {far}));
    for (Seq seq = 1; seq <= 200; ++seq) {
        scene.receive(link, Scene::lines(far, seq, seq));
        scene.pass(10ms);
        scene.drain(link);
    }
    scene.pass(limits::receipt_interval);
    scene.drain(link);

    const auto receipts = receipts_sent(scene, link);
    CHECK(receipts.size() <= 10);
    CHECK(receipts.size() >= 8);
    CHECK(receipts.back().last == 200);
    for (std::size_t i = 1; i < receipts.size(); ++i)
        CHECK(receipts[i].count > receipts[i - 1].count);
}

TEST_CASE("a receipt is carried to its author once, and to nobody else") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId member = scene.link_by_us(at(3), low);
    const LinkId other = scene.link_by_us(at(4), far);
    scene.receive(author, Scene::lines(high, 1, 3));
    for (int i = 0; i < 3; ++i) {
        scene.receive(member, carrying(receipt(InstanceId{99}, Voice(high).log(), 3, 7)));
        scene.pass(1s);
        scene.drain(author);
    }
    scene.receive(member, carrying(receipt(InstanceId{99}, Voice(high).log(), 2, 6)));
    scene.pass(1s);
    for (const LinkId link : {author, member, other}) scene.drain(link);

    const auto carried = receipts_sent(scene, author);
    REQUIRE(carried.size() == 1);
    CHECK(carried[0] == receipt(InstanceId{99}, Voice(high).log(), 3, 7));
    CHECK(receipts_sent(scene, member).empty());
    CHECK(receipts_sent(scene, other).empty());
}

TEST_CASE("receipts for logs that nobody has here are not carried") {
    Scene scene;
    const LinkId author = scene.link_by_us(at(2), high);
    const LinkId member = scene.link_by_us(at(3), low);
    scene.receive(member, carrying(receipt(InstanceId{99}, Voice(high).log(), 3)));
    scene.pass(1s);
    scene.drain(author);
    CHECK(receipts_sent(scene, author).empty());
}

TEST_CASE("who moves behind another node still counts by its receipt") {
    Scene scene;
    const LinkId moving = scene.link_by_us(at(2), far);
    const LinkId hub = scene.link_by_us(at(3), high);
    scene.receive(hub, linked_with(5, {far}));
    const LineId line = say_watched(scene);
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 2, 0});

    scene.lose(moving);
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 2, 0});
    scene.receive(hub, Scene::ack(line.seq));
    scene.receive(hub, carrying(receipt(far, line.log, line.seq)));
    CHECK(scene.room.delivery(line) == DeliveryCount{2, 2, 0});
}

TEST_CASE("who moved behind another node has left when that one says so") {
    Scene scene;
    const LinkId moving = scene.link_by_us(at(2), far);
    const LinkId hub = scene.link_by_us(at(3), high);
    scene.receive(hub, linked_with(5, {far}));
    const LineId line = say_watched(scene);
    scene.lose(moving);
    scene.receive(hub, linked_with(6, {}));
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 2, 1});

    scene.receive(hub, linked_with(7, {far}));
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 2, 0});
}

TEST_CASE("who has acknowledged through a neighbour is in the audience of what is said then") {
    Scene scene;
    const LinkId hub = scene.link_by_us(at(3), high);
    scene.receive(hub, linked_with(5, {far}));
    const LineId first = say_watched(scene);
    CHECK(scene.room.delivery(first) == DeliveryCount{0, 1, 0});
    scene.receive(hub, carrying(receipt(far, first.log, first.seq)));
    CHECK(scene.room.delivery(first) == DeliveryCount{0, 1, 0});  // a newcomer never joins

    const LineId second = say_watched(scene);
    CHECK(scene.room.delivery(second) == DeliveryCount{0, 2, 0});
    scene.receive(hub, carrying(receipt(far, second.log, second.seq, 2)));
    scene.receive(hub, Scene::ack(second.seq));
    CHECK(scene.room.delivery(second) == DeliveryCount{2, 2, 0});
}

TEST_CASE("a carrier counts for nobody but by what was signed for that log and those lines") {
    Scene scene;
    const LinkId hub = scene.link_by_us(at(3), high);
    scene.receive(hub, linked_with(5, {far}));
    const LineId first = say_watched(scene);
    scene.receive(hub, carrying(receipt(far, first.log, first.seq)));
    const LineId second = say_watched(scene);

    const LogId earlier{first.log.device, Epoch{1}};
    scene.receive(hub, carrying(receipt(far, first.log, first.seq)));         // again
    scene.receive(hub, carrying(receipt(far, earlier, 99, 9)));               // of another epoch
    scene.receive(hub, carrying(receipt(far, Voice(high).log(), 99, 10)));    // of another author
    scene.receive(hub, carrying(receipt(high, second.log, second.seq, 11)));  // its own
    scene.receive(hub, Scene::ack(second.seq));

    CHECK(scene.room.delivery(second) == DeliveryCount{1, 2, 0});
}

TEST_CASE("any number of receipts is remembered and carried within bounds") {
    Receipts receipts;
    Receipt one{{}, {}, Voice(high).log(), 0, 1, 1, {}};
    for (std::uint64_t i = 1; i <= limits::receipts_max + 50; ++i) {
        one.instance = InstanceId{i};
        CHECK(receipts.is_news(one));
    }
    CHECK_FALSE(receipts.is_news(one));

    ReceiptQueue queue;
    for (std::uint64_t i = 1; i <= limits::receipts_per_peer_max + 50; ++i) {
        one.instance = InstanceId{i};
        queue.add(one, Instant{});
    }
    std::size_t taken = 0;
    for (Instant now{}; queue.due(); now = *queue.due()) {
        const auto some = queue.take(now);
        CHECK(some.size() <= limits::frame_receipts_max);
        taken += some.size();
        if (!queue.due()) break;
        CHECK(*queue.due() == now + limits::receipt_interval);
    }
    CHECK(taken == limits::receipts_per_peer_max);

    FarMembers members;
    for (std::uint64_t i = 0; i < limits::far_members_max + 50; ++i) {
        DeviceId device;
        device.bytes[0] = static_cast<std::uint8_t>(i);
        device.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        members.know({device, InstanceId{i}});
    }
    CHECK(members.look([](const NodeId&) { return true; }).came.size() == limits::far_members_max);
    CHECK(members.look([](const NodeId&) { return false; }).went.size() == limits::far_members_max);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_receipts_test
