// Who has a line: told when it changes, of lines that are stored here, never more than is true.
#include "controller/talk/delivery.hpp"

#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_delivery_test {
namespace {

const LogId own{{}, Epoch{7}};

DeviceId device(std::uint8_t number) {
    DeviceId id;
    id.bytes[0] = number;
    return id;
}

std::vector<DeliveryCount> counts(Deliveries& deliveries) {
    std::vector<DeliveryCount> told;
    for (const auto& change : deliveries.take_changes()) told.push_back(change.count);
    return told;
}

using Counts = std::vector<DeliveryCount>;

TEST_CASE("a line is told when it is stored here, then whenever one more has it") {
    Deliveries deliveries;
    deliveries.watch({own, 5}, {device(1), device(2)});

    deliveries.stored_there(device(1), own, 0, 5);
    CHECK_FALSE(deliveries.has_changes());
    deliveries.stored_here(own, 4);
    CHECK(counts(deliveries).empty());
    deliveries.stored_here(own, 5);
    CHECK(counts(deliveries) == Counts{{1, 2, 0}});
    deliveries.stored_there(device(2), own, 0, 9);
    CHECK(counts(deliveries) == Counts{{2, 2, 0}});
    deliveries.stored_there(device(2), own, 0, 10);
    CHECK(counts(deliveries).empty());
}

TEST_CASE("neither newcomers nor acknowledgements of other logs or earlier lines count") {
    Deliveries deliveries;
    deliveries.watch({own, 5}, {device(1)});
    deliveries.stored_here(own, 5);
    CHECK(counts(deliveries) == Counts{{0, 1, 0}});

    deliveries.stored_there(device(2), own, 0, 5);
    deliveries.stored_there(device(1), LogId{{}, Epoch{8}}, 0, 5);
    deliveries.stored_there(device(1), own, 0, 4);

    CHECK_FALSE(deliveries.has_changes());
    CHECK(deliveries.find({own, 5}) == DeliveryCount{0, 1, 0});
}

TEST_CASE("who leaves is gone until it comes back, and who has the line cannot go") {
    Deliveries deliveries;
    deliveries.watch({own, 1}, {device(1), device(2)});
    deliveries.stored_here(own, 1);
    deliveries.stored_there(device(1), own, 0, 1);

    deliveries.left(device(1));
    deliveries.left(device(2));
    CHECK(counts(deliveries) == Counts{{1, 2, 1}});
    deliveries.came(device(2));
    CHECK(counts(deliveries) == Counts{{1, 2, 0}});
}

TEST_CASE("only the newest lines are watched") {
    Deliveries deliveries;
    for (Seq seq = 1; seq <= Deliveries::lines_max + 1; ++seq) deliveries.watch({own, seq}, {});

    CHECK_FALSE(deliveries.find({own, 1}));
    CHECK(deliveries.find({own, 2}));
}

TEST_CASE("a line that is watched late counts what was told before") {
    Deliveries deliveries;
    deliveries.watch({own, 5}, {device(1)});
    deliveries.stored_here(own, 5);
    deliveries.stored_there(device(1), own, 0, 5);
    CHECK(counts(deliveries) == Counts{{1, 1, 0}});

    deliveries.watch({own, 3}, {device(1)});
    deliveries.stored_here(own, 5);
    deliveries.stored_there(device(1), own, 0, 5);

    CHECK(counts(deliveries) == Counts{{1, 1, 0}});
}

TEST_CASE("what is stored behind a gap counts, and what fills the gap too") {
    Deliveries deliveries;
    for (const Seq seq : {Seq{1}, Seq{5}, Seq{9}}) deliveries.watch({own, seq}, {device(1)});
    deliveries.stored_here(own, 9);
    CHECK(counts(deliveries).size() == 3);

    deliveries.stored_there(device(1), own, 4, 9);
    CHECK(counts(deliveries) == Counts{{1, 1, 0}, {1, 1, 0}});
    deliveries.stored_there(device(1), own, 0, 9);
    CHECK(counts(deliveries) == Counts{{1, 1, 0}});
}

// As many as there may be: looked at one by one, they would take minutes.
TEST_CASE("all of a large audience acknowledge all lines, again and again") {
    Deliveries deliveries;
    std::vector<DeviceId> audience;
    for (std::uint8_t n = 255; n > 0; --n) audience.push_back(device(n));
    for (Seq seq = 1; seq <= Deliveries::lines_max; ++seq) deliveries.watch({own, seq}, audience);
    deliveries.stored_here(own, Deliveries::lines_max);
    CHECK(counts(deliveries).size() == Deliveries::lines_max);

    std::size_t told = 0;
    for (Seq seq = 1; seq <= Deliveries::lines_max; ++seq) {
        for (const DeviceId& member : audience) {
            deliveries.stored_there(member, own, 0, seq);
            told += counts(deliveries).size();
        }
    }

    CHECK(told == Deliveries::lines_max * audience.size());
    CHECK(deliveries.find({own, 1}) == DeliveryCount{255, 255, 0});
}

TEST_CASE("the audience is who is linked when the line is said") {
    Scene scene;
    const LinkId a = scene.link_by_us(at(2), high);
    scene.link_by_us(at(3), low);
    scene.legacy_by_us(at(4));
    scene.give(Say{"general", "hi", {}, true});
    scene.give(Say{"general", "nobody asks after this one"});
    scene.pass(limits::seal_delay);
    scene.link_by_us(at(5), InstanceId{77});

    scene.receive(a, Scene::ack(2));

    const auto told = scene.events<Delivery>();
    REQUIRE(told.size() == 2);
    CHECK(told[0].id == message_id(scene.own_log(), 1));
    CHECK(told[0].count == DeliveryCount{0, 2, 0});
    CHECK(told[1].count == DeliveryCount{1, 2, 0});
}

TEST_CASE("a line with an id leaves only after it is stored, and what follows waits with it") {
    Scene scene;
    scene.disk_is_quick = false;
    const LinkId link = scene.link_by_us(at(2), high);
    const LinkId legacy = scene.legacy_by_us(at(3));

    scene.say("first");
    scene.drain(link);
    scene.give(Say{"general", "second", "job-7"});
    scene.say("third");
    scene.pass(limits::seal_delay);
    scene.drain(link);
    scene.drain(legacy);
    CHECK(scene.lines_sent(link) == std::vector<Seq>{1});
    CHECK(scene.msgs_sent(legacy).back() == "first");

    scene.flush();
    scene.drain(link);
    scene.drain(legacy);
    CHECK(scene.lines_sent(link) == std::vector<Seq>{1, 2, 3});
    CHECK(scene.msgs_sent(legacy).back() == "third");
}

TEST_CASE("what is imported is shown once, as history, kept and told to others") {
    Scene scene;
    Voice absent(low);
    for (const auto& run : absent.runs(1, 3)) scene.give(Imported{run});
    for (const auto& run : absent.runs(1, 4)) scene.give(Imported{run});

    const auto shown = scene.events<Message>();
    REQUIRE(shown.size() == 4);
    for (const auto& message : shown) CHECK(message.history);
    CHECK(scene.appended.size() == 2);
    CHECK(scene.room.held(absent.log()).last() == 4);
}

TEST_CASE("a file that begins in the middle of a log is taken, a third part of a log is not") {
    Scene scene;
    Voice absent(low);

    for (const auto& run : absent.runs(20, 30)) scene.give(Imported{run});
    for (const auto& run : absent.runs(50, 60)) scene.give(Imported{run});
    for (const auto& run : absent.runs(80, 90)) scene.give(Imported{run});

    CHECK(scene.events<Message>().size() == 22);
    CHECK(scene.room.held(absent.log()).last() == 60);
}

}  // namespace
}  // namespace lanchat::controller::controller_delivery_test
