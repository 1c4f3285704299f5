// Lines out and in: once, in order, acknowledged, and reported when they are given up.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_delivery_test {
namespace {

// The numbers first to last.
std::vector<Seq> seqs(Seq first, Seq last) {
    std::vector<Seq> all;
    for (Seq seq = first; seq <= last; ++seq) all.push_back(seq);
    return all;
}

TEST_CASE("what we say is shown here and sent to everybody") {
    Scene scene;
    const LinkId a = scene.link_by_us(at(2), high);
    const LinkId b = scene.link_by_them(at(3), low);
    scene.say("hello");

    const auto own = scene.events<Message>();
    REQUIRE(own.size() == 1);
    CHECK(own[0].own);
    CHECK(own[0].id == message_id(scene.own_log(), 1));
    CHECK(own[0].from == PeerInfo{at(1), to_string(Voice(mid).device()), "me", false});
    for (const LinkId link : {a, b}) {
        CHECK(Scene::texts(scene.last_sent(link)) == std::vector<std::string>{"hello"});
    }
}

TEST_CASE("lines that wait for a busy link travel together") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.say("two");
    scene.say("three");
    CHECK(scene.lines_sent(link) == seqs(1, 1));

    scene.drain(link);

    CHECK(scene.lines_sent(link) == seqs(1, 3));
    CHECK(Scene::texts(scene.last_sent(link)).size() == 2);
}

TEST_CASE("a frame holds at most 256 lines or 64 KiB") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(1000);
    scene.drain(link);
    for (const Frame& frame : scene.sent[link])
        for (const RunPtr& run : frame.runs) CHECK(run->size() <= limits::run_entries_max);
    CHECK(scene.lines_sent(link) == seqs(1, 1000));
    scene.receive(link, Scene::ack(1000));

    for (int i = 0; i < 8; ++i) scene.say(std::string(limits::line_bytes_max, 'x'));
    scene.drain(link);
    CHECK(Scene::texts(scene.last_sent(link)).size() == 1);
}

TEST_CASE("a peer that acknowledges nothing gets no more than the window of lines and a run") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(5000);
    scene.drain(link);
    const auto sent = scene.lines_sent(link).size();
    CHECK(scene.lines_sent(link) == seqs(1, sent));
    CHECK(sent >= limits::window_lines_max);
    CHECK(sent < limits::window_lines_max + limits::run_entries_max);

    scene.receive(link, Scene::ack(1000));
    scene.drain(link);

    CHECK(scene.lines_sent(link).size() >= 1000 + limits::window_lines_max);
    CHECK(scene.lines_sent(link).size() <
          1000 + limits::window_lines_max + limits::run_entries_max);
}

TEST_CASE("a peer that acknowledges nothing gets no more than the window of bytes") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    for (int i = 0; i < 40; ++i) scene.say(std::string(limits::line_bytes_max, 'x'));
    scene.drain(link);

    const auto sent = scene.lines_sent(link).size();
    CHECK(sent * limits::line_bytes_max >= limits::window_bytes_max);
    CHECK((sent - 1) * limits::line_bytes_max < limits::window_bytes_max);
}

TEST_CASE("what was said comes out once, in order, whatever link it comes over") {
    Scene scene(mid);
    const LinkId first = scene.link_by_them(at(2), high, 5);
    scene.receive(first, Scene::lines(high, 1, 4));
    const LinkId second = scene.link_by_them(at(2, 4566), high, 3);
    scene.receive(second, Scene::lines(high, 3, 6));
    scene.receive(first, Scene::lines(high, 5, 8));

    CHECK(scene.texts_shown() == std::vector<std::string>{"line 1", "line 2", "line 3", "line 4",
                                                          "line 5", "line 6", "line 7", "line 8"});
}

TEST_CASE("lines are acknowledged after 20 ms, or at once when there are 256") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, Scene::lines(high, 1, 3));
    scene.drain(link);
    scene.pass(limits::ack_delay - 1ms);
    CHECK(scene.received_sent(link) != Seq{3});
    scene.pass(1ms);
    CHECK(scene.received_sent(link) == Seq{3});
    scene.drain(link);

    scene.receive(link, Scene::lines(high, 4, 9));
    scene.say("an answer takes the acknowledgement along");
    CHECK(scene.received_sent(link) == Seq{9});
    scene.drain(link);

    scene.receive(link, Scene::lines(high, 10, 10 + limits::ack_lines_max));
    CHECK(scene.received_sent(link) == Seq{10 + limits::ack_lines_max});
}

TEST_CASE("while nothing can be taken in, nothing is acknowledged") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Receive{false});
    scene.receive(link, Scene::lines(high, 1, 300));
    scene.pass(2s);
    CHECK(scene.received_sent(link) != Seq{300});
    CHECK(scene.texts_shown().size() == 300);

    scene.give(Receive{true});

    CHECK(scene.received_sent(link) == Seq{300});
}

TEST_CASE("to take in again does no harm when a peer has just been forgotten") {
    Scene scene;
    for (std::uint8_t host = 2; host < 8; ++host) {
        const LinkId link = scene.link_by_us(at(host), InstanceId{host});
        scene.give(Receive{false});
        scene.receive(link, Scene::lines(InstanceId{host}, 1, 3));
        scene.lose(link);
    }
    scene.sleep(limits::relink_grace + 1s);

    scene.give(Receive{true});
    scene.give(Wake{});

    CHECK(scene.events<PeerDown>().size() == 6);
}

TEST_CASE("a link that is being dropped is not waited for with an acknowledgement") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Receive{false});
    scene.receive(link, Scene::lines(high, 1, 3));
    scene.pass(limits::ping_after);
    scene.drain(link);
    scene.pass(limits::ping_timeout);
    REQUIRE(scene.dropped.contains(link));
    scene.give(Receive{true});

    scene.pass(1s);  // the scene counts the wakes
}

TEST_CASE("a line counts whatever link it came over, also over one on its way out") {
    Scene scene(mid);
    const LinkId theirs = scene.link_by_them(at(2), high);
    scene.receive(theirs, Scene::lines(high, 1, 1));
    const LinkId ours = scene.link_by_us(at(3), high);  // surplus, on its way out
    scene.lose(theirs);
    REQUIRE(scene.events<PeerDown>().size() == 1);

    scene.receive(ours, Scene::lines(high, 2, 2));
    scene.lose(ours, End::refused);
    scene.pass(400ms);
    const LinkId again = scene.dial(at(2));
    scene.receive(again, scene.answer(high));
    CHECK(scene.received_sent(again) == Seq{2});
    scene.receive(again, Scene::lines(high, 2, 3));

    CHECK(scene.texts_shown() == std::vector<std::string>{"line 1", "line 2", "line 3"});
}

TEST_CASE("a peer that comes back within 2 s gets the rest and nothing twice") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.drain(link);
    scene.say("two");
    scene.lose(link);
    scene.say("three");
    scene.pass(1s);

    const LinkId again = scene.link_by_us(at(2), high, 1);

    CHECK(scene.lines_sent(again) == seqs(2, 3));
    CHECK(scene.events<Undelivered>().empty());
    CHECK(scene.events<PeerUp>().size() == 2);
}

TEST_CASE("a peer that stays away is no loss: it will ask for what it missed") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(5);
    scene.drain(link);
    scene.receive(link, Scene::ack(2));
    scene.lose(link);
    scene.pass(5min);

    CHECK(scene.events<Undelivered>().empty());
}

TEST_CASE("who leaves tells what a peer has not acknowledged") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(5);
    scene.drain(link);
    scene.receive(link, Scene::ack(2));
    scene.give(Leave{});
    scene.pass(limits::goodbye_timeout);

    REQUIRE(scene.events<Undelivered>().size() == 1);
    CHECK(scene.events<Undelivered>()[0].lines == 3);
    CHECK(scene.events<Undelivered>()[0].reason == UndeliveredReason::gone);
    CHECK(scene.events<Undelivered>()[0].peer.address == at(2));
}

TEST_CASE("who has acknowledged everything leaves no report behind") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(5);
    scene.drain(link);
    scene.receive(link, Scene::ack(5));
    scene.lose(link);
    scene.pass(5s);

    CHECK(scene.events<Undelivered>().empty());
}

TEST_CASE("an acknowledgement over one link does not stop the lines on another") {
    Scene scene(mid);
    const LinkId first = scene.link_by_them(at(2), high, 5);
    scene.say_many(300);
    scene.drain(first);
    // A better link opens before the acknowledgement of what went over the first one.
    const LinkId second = scene.accept(at(2, 51'235));
    scene.receive(second, scene.greeting(at(2), high, 3));
    scene.drain(second);
    scene.receive(second, Scene::ack(0));
    REQUIRE_FALSE(scene.lines_sent(second).empty());
    CHECK(scene.lines_sent(second).front() == 1);
    scene.receive(first, Scene::ack(300));
    scene.drain(second);

    scene.say("next");

    const auto went = scene.lines_sent(second);
    CHECK(std::ranges::find(went, Seq{301}) != went.end());
}

TEST_CASE("an acknowledgement of what was never said is no acknowledgement") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");
    scene.drain(link);
    scene.receive(link, Scene::ack(99));
    scene.give(Leave{});
    scene.pass(limits::goodbye_timeout);

    CHECK(scene.undelivered(UndeliveredReason::gone) == 1);
}

TEST_CASE("a peer that falls behind the ledger asks for the rest and is then sent to again") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("one");  // under way, and the link stays busy
    scene.say_many(static_cast<int>(limits::ledger_lines_max) + 500);
    scene.pass(limits::seal_delay);
    scene.drain(link);
    CHECK(scene.lines_sent(link) == seqs(1, 1));
    scene.pass(limits::news_delay);
    scene.drain(link);
    const Seq head = limits::ledger_lines_max + 501;
    bool told = false;
    for (const Frame& frame : scene.sent[link])
        for (const Head& known : frame.have)
            told |= known.log == scene.own_log() && known.base.last == head;
    CHECK(told);

    scene.receive(link, Scene::want(scene.own_log(), 1, head));
    REQUIRE(scene.fetches.size() == 1);
    scene.give(Fetched{link, scene.own_log(), {scene.appended.begin() + 1, scene.appended.end()}});
    scene.drain(link);
    CHECK(scene.lines_sent(link) == seqs(1, head));
    scene.receive(link, Scene::ack(head));
    scene.say("next");

    CHECK(scene.lines_sent(link).back() == head + 1);
    CHECK(scene.events<Undelivered>().empty());
}

TEST_CASE("whoever comes gets what was said before, sooner or later") {
    Scene scene;
    scene.say("early");
    const LinkId first = scene.link_by_us(at(2), high);
    CHECK(scene.lines_sent(first) == seqs(1, 1));
    scene.give(Swept{});
    scene.pass(limits::startup_grace);

    const LinkId later = scene.link_by_them(at(4), InstanceId{4});

    CHECK(scene.lines_sent(later) == seqs(1, 1));
    scene.say("late");
    scene.drain(later);
    CHECK(scene.lines_sent(later) == seqs(1, 2));
}

TEST_CASE("there is room until peers that keep up have half a ledger to fetch") {
    Scene scene;
    scene.settle();
    scene.lose(LinkId{2});
    scene.pass(3s);
    const LinkId link = scene.link_by_us(at(2), high);
    CHECK(scene.room.has_room(scene.time()));
    scene.say_many(static_cast<int>(limits::ledger_lines_max / 2));
    CHECK_FALSE(scene.room.has_room(scene.time()));

    scene.drain(link);
    scene.receive(link, Scene::ack(100));

    CHECK(scene.room.has_room(scene.time()));
}

TEST_CASE("nobody waits longer than 1 s for a peer that does not keep up") {
    Scene scene;
    scene.settle();
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say_many(static_cast<int>(limits::ledger_lines_max / 2));
    scene.drain(link);
    CHECK_FALSE(scene.room.has_room(scene.time()));
    scene.pass(limits::stall_timeout);
    CHECK_FALSE(scene.room.has_room(scene.time()));

    scene.pass(1ms);

    CHECK(scene.room.has_room(scene.time()));
}

TEST_CASE("many bytes fill the room as many lines do") {
    Scene scene;
    scene.settle();
    scene.link_by_us(at(2), high);
    for (std::size_t i = 0; i <= limits::ledger_bytes_max / 2 / limits::line_bytes_max; ++i)
        scene.say(std::string(limits::line_bytes_max, 'x'));

    CHECK_FALSE(scene.room.has_room(scene.time()));
}

TEST_CASE("before anybody comes, input waits at half a ledger for 5 s") {
    Scene scene;
    scene.say_many(static_cast<int>(limits::ledger_lines_max / 2));
    CHECK_FALSE(scene.room.has_room(scene.time()));

    scene.pass(limits::startup_grace);

    CHECK(scene.room.has_room(scene.time()));
}

}  // namespace
}  // namespace lanchat::controller::controller_room_delivery_test
