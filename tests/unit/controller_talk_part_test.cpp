// Talk by itself: own lines until they are acknowledged, lines of others, and what is owed for
// them.
#include <doctest/doctest.h>

#include "controller/talk/talk.hpp"
#include "message/limits.hpp"
#include "tests/unit/controller_crowd.hpp"

namespace lanchat::controller::talk::talk_part_test {
namespace {

using namespace test;

constexpr LinkId first{3};

// The rest of the brain knows nobody, holds nothing, and notes what it was asked for.
class Rest final : public Needs {
  public:
    void pump(const PersonKey& key, Now, Effects&) override { pumped.push_back(key); }
    void seal(Effects&) override {
        while (RunPtr run = talk->seal_next()) sealed.push_back(run);
    }
    void seal_soon(Instant) override { soon = true; }
    Ack stored_of(const LogId&) const override { return stored; }
    Seq floor_of(const LogId&) const override { return 0; }
    bool holds(const LogId&) const override { return true; }
    PeerInfo info(const Member&) const override { return {}; }
    PeerInfo about(const DeviceId&) const override { return {}; }
    PeerInfo author(const Entry&) const override { return {}; }
    PeerInfo regarded(PeerInfo info, const DeviceId&) const override { return info; }
    bool is_next(const PersonKey&, const UnprovenRun&) const override { return true; }
    Seq last_of(const LogId&) const override { return 0; }
    bool has_link(LinkId link) const override { return link == first; }
    bool is_blocked(const DeviceId& device) const override { return device == blocked; }
    void hear_of(const PeerInfo&, const DeviceId&, Now, Effects&) override {}
    void met(const Entry& entry, Instant) override { named.push_back(entry.met); }
    void dropped(const Dropped& what) override { drops.insert(what); }
    bool is_dropped(const Dropped& what) const override { return drops.contains(what); }
    std::vector<EntryRange> with_bodies(const PersonKey&, const LogId&,
                                        EntryRange range) const override {
        if (without_body == 0) return {range};
        return {{range.after, without_body - 1}, {without_body, range.last}};
    }
    bool dialling(const Endpoint&) const override { return is_dialling; }
    std::vector<PersonKey> ways_to(const NodeId&) const override { return ways; }
    bool is_beyond(const NodeId&) const override { return !ways.empty(); }

    Talk* talk = nullptr;
    std::vector<PersonKey> pumped;
    std::vector<RunPtr> sealed;
    bool soon = false;
    Ack stored;
    DeviceId blocked;
    std::vector<DeviceId> named;
    std::set<Dropped> drops;
    Seq without_body = 0;  // that entry is there without its body
    bool is_dialling = false;
    std::vector<PersonKey> ways;
};

struct Scene {
    Scene() {
        rest.talk = &talk;
        course.settled = true;
    }

    // It comes, over one link.
    PersonKey link(InstanceId instance) {
        const PersonKey key = crowd.link(instance, first);
        talk.joined(crowd.who(key), crowd.state(key), now.steady);
        talk.opened(crowd.who(key), crowd.state(key), first, {}, now.steady);
        return key;
    }
    PersonKey link_original() {
        const PersonKey key = crowd.link_original({Ipv4{1}, 4565}, first);
        talk.joined(crowd.who(key), crowd.state(key), now.steady);
        talk.opened(crowd.who(key), crowd.state(key), first, {}, now.steady);
        return key;
    }
    void say(const std::string& text, const std::string& said_id = {}) {
        talk.say({"general", text, said_id}, now, out);
        talk.let_out(now, out);
    }
    Frame fill(const PersonKey& key) {
        Frame frame;
        talk.fill(crowd.who(key), crowd.state(key), first, frame, now, out);
        return frame;
    }
    Frame ack(const PersonKey& key, Frame frame = {}, bool greets = false) {
        talk.fill_ack(crowd.who(key), crowd.state(key), greets, true, frame, now.steady);
        return frame;
    }
    void received(const PersonKey& key, Seq last) {
        Frame frame;
        frame.received = Ack{0, last};
        talk.take(crowd.who(key), crowd.state(key), frame, now.steady);
    }
    void ring(const PersonKey& key) {
        const Member& who = crowd.who(key);
        controller::ring(Talk::of_peer, talk, now, out, who, crowd.state(key));
    }

    Now now{Instant{1h}, WallTime{1'700'000'000'000}};
    const Self self = self_of(InstanceId{500});
    Course course{now.steady};
    WallTimes walls;
    Rng rng{1};
    Rest rest;
    Crowd<Peer> crowd;
    Talk talk{self, course, walls, {}, rng, rest, crowd.peers};
    Effects out;
};

}  // namespace

TEST_CASE("talk: a line leaves once over each link, and is known to have arrived") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    scene.say("hello");
    CHECK(scene.rest.pumped == std::vector{key});
    CHECK(scene.rest.soon);
    REQUIRE(events<Message>(scene.out).size() == 1);
    CHECK(events<Message>(scene.out).front().own);

    const Frame frame = scene.fill(key);

    REQUIRE(frame.runs.size() == 1);
    CHECK(frame.runs.front()->items().front().entry().text == "hello");
    CHECK(scene.fill(key).runs.empty());
    CHECK_FALSE(scene.talk.all_delivered(true));
    scene.received(key, 1);
    CHECK(scene.crowd.state(key).acked == 1);
    scene.talk.stored(scene.talk.ledger().log(), 1, false);
    CHECK(scene.talk.all_delivered(true));
}

TEST_CASE("talk: what is said in one step leaves together, under one signature") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    for (const char* text : {"one", "two", "three"})
        scene.talk.say({"general", text}, scene.now, scene.out);
    CHECK(scene.rest.pumped.empty());
    scene.talk.let_out(scene.now, scene.out);
    CHECK(scene.rest.pumped == std::vector{key});

    const Frame frame = scene.fill(key);

    REQUIRE(frame.runs.size() == 1);
    CHECK(frame.runs.front()->size() == 3);
    scene.talk.let_out(scene.now, scene.out);
    CHECK(scene.rest.pumped.size() == 1);
}

TEST_CASE("talk: what was not acknowledged goes again over the link that carries from now on") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    scene.say("hello");
    scene.fill(key);

    Talk::carries(scene.crowd.state(key), first);

    CHECK(scene.fill(key).runs.size() == 1);
    Talk::closed(scene.crowd.state(key), first);
    CHECK(scene.fill(key).runs.empty());
}

TEST_CASE("talk: a peer that acknowledges nothing gets a window, stalls, and holds nobody up") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    for (std::size_t n = 0; n < limits::window_lines_max + 600; ++n) scene.say("x");
    std::size_t given = 0;
    for (auto frame = scene.fill(key); !frame.runs.empty(); frame = scene.fill(key))
        for (const RunPtr& run : frame.runs) given += run->size();
    CHECK(given >= limits::window_lines_max);
    CHECK(given < limits::window_lines_max + 600);

    const auto due =
        first_due(Talk::of_peer, scene.talk, scene.crowd.who(key), scene.crowd.state(key));
    REQUIRE(due);
    scene.now.steady = *due;
    scene.ring(key);

    CHECK(scene.crowd.state(key).stall_seen == scene.now.steady);
    CHECK_FALSE(first_due(Talk::of_peer, scene.talk, scene.crowd.who(key), scene.crowd.state(key)));
    CHECK(scene.talk.has_room(scene.now.steady));
}

TEST_CASE("talk: a line with an id, and all after it, waits for the disk") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    scene.say("hello", "id");
    scene.say("again");
    CHECK(scene.fill(key).runs.empty());
    scene.rest.pumped.clear();

    scene.talk.stored(scene.talk.ledger().log(), 2, false);
    scene.talk.go_on(scene.now, scene.out);

    CHECK(scene.rest.pumped == std::vector{key});
    CHECK(scene.fill(key).runs.size() == 1);
}

TEST_CASE("talk: an acknowledgement goes with lines, or when it is due, and with a greeting") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    scene.rest.stored = {0, 7, {}};
    CHECK_FALSE(scene.ack(key).received);
    CHECK(scene.ack(key, {}, true).received == Ack{0, 7, {}});

    Talk::owe_ack(scene.crowd.state(key), *Voice(InstanceId{1}).run(1, 2), scene.now.steady);

    CHECK(scene.talk.fill_due(scene.crowd.state(key)) == scene.now.steady + limits::ack_delay);
    CHECK_FALSE(scene.ack(key).received);
    Frame lines;
    lines.runs = {Voice(InstanceId{9}).run(1, 1)};
    CHECK(scene.ack(key, lines).received == Ack{0, 7, {}});
    CHECK_FALSE(scene.talk.fill_due(scene.crowd.state(key)));
    Talk::owe_ack(scene.crowd.state(key), scene.now.steady);
    scene.now.steady += limits::ack_delay;
    scene.course.receiving = false;
    CHECK_FALSE(scene.ack(key).received);
    scene.course.receiving = true;
    CHECK(scene.ack(key).received);
}

TEST_CASE("talk: a legacy peer gets its lines one by one, and has what has left") {
    Scene scene;
    const auto key = scene.link_original();
    scene.say("two\nlines");
    scene.rest.is_dialling = true;
    CHECK(scene.fill(key).msg.empty());
    scene.rest.is_dialling = false;

    CHECK(scene.fill(key).msg == "two");
    scene.talk.drained(scene.crowd.who(key), scene.crowd.state(key), first, scene.now.steady);
    CHECK(scene.crowd.state(key).acked == 0);
    CHECK(scene.fill(key).msg == "lines");
    scene.talk.drained(scene.crowd.who(key), scene.crowd.state(key), first, scene.now.steady);
    CHECK(scene.crowd.state(key).acked == 1);
}

TEST_CASE("talk: who falls behind is told of, once for a while") {
    Scene scene;
    const auto key = scene.link_original();
    for (std::size_t n = 0; n < limits::ledger_lines_max + 2'000; ++n) scene.say("x");
    scene.fill(key);
    scene.ring(key);
    CHECK(events<Undelivered>(scene.out).empty());
    scene.now.steady += limits::missed_report_interval;

    scene.ring(key);

    REQUIRE(events<Undelivered>(scene.out).size() == 1);
    CHECK(events<Undelivered>(scene.out).front().reason == UndeliveredReason::slow);
    scene.ring(key);
    CHECK(events<Undelivered>(scene.out).size() == 1);
}

TEST_CASE("talk: a legacy line that is too long is not taken, and that is told") {
    Scene scene;
    const auto key = scene.link_original();
    Frame frame;
    frame.msg = std::string(limits::line_bytes_max + 1, 'x');
    scene.talk.take_legacy_line(scene.crowd.who(key), scene.crowd.state(key), frame, scene.now,
                                scene.out);
    CHECK(events<Message>(scene.out).empty());
    REQUIRE(events<Undelivered>(scene.out).size() == 1);
    frame.msg = "hi";

    scene.talk.take_legacy_line(scene.crowd.who(key), scene.crowd.state(key), frame, scene.now,
                                scene.out);

    REQUIRE(events<Message>(scene.out).size() == 1);
    CHECK(events<Message>(scene.out).front().text == "hi");
}

TEST_CASE("talk: lines of others are shown, marked as history or as late, unless blocked") {
    Scene scene;
    Voice voice(InstanceId{1});
    const Extent nothing;
    const auto show = [&](Seq first_line, Seq last, Seq missed) {
        scene.out.clear();
        return scene.talk.show(*voice.run(first_line, last),
                               {false, nothing, false, missed, scene.now}, scene.out);
    };

    CHECK(show(1, 2, 1));
    REQUIRE(events<Message>(scene.out).size() == 2);
    CHECK(events<Message>(scene.out)[0].history);
    CHECK_FALSE(events<Message>(scene.out)[1].history);
    show(1, 1, 0);
    REQUIRE(events<Message>(scene.out).size() == 1);
    CHECK(events<Message>(scene.out)[0].late);
    scene.rest.blocked = voice.device();
    show(1, 1, 0);
    CHECK(scene.out.empty());
}

TEST_CASE("talk: what is taken back, or has no text here, is shown to nobody") {
    Scene scene;
    Voice voice(InstanceId{1});
    const Extent nothing;
    const auto shown = [&](const RunPtr& run) {
        scene.out.clear();
        scene.talk.show(*run, {false, nothing, false, 0, scene.now}, scene.out);
        return events<Message>(scene.out).size();
    };
    const RunPtr run = voice.run(1, 3);

    CHECK(shown(run) == 3);
    CHECK(shown(without_body(run, 2)) == 2);
    scene.rest.drops.insert({{voice.log(), 1}, voice.head(1)});
    scene.rest.drops.insert({{voice.log(), 3}, voice.head(2)});  // no such entry
    CHECK(shown(run) == 2);

    scene.out.clear();
    scene.talk.show_late(run->items()[1].entry(), scene.now, scene.out);
    REQUIRE(events<Message>(scene.out).size() == 1);
    CHECK(events<Message>(scene.out).front().late);
    CHECK(events<Message>(scene.out).front().text == "line 2");
}

TEST_CASE("talk: taking something back is an entry of our log, and no line") {
    Scene scene;
    scene.link(InstanceId{1});
    const Dropped what{{log_of(scene.self.node()), 1}, hash_of("x")};
    scene.say("oops");
    scene.talk.take_back(what, scene.now, scene.out);
    scene.rest.seal(scene.out);

    REQUIRE(scene.rest.sealed.size() == 1);
    const Entry& entry = scene.rest.sealed.front()->items().back().entry();
    CHECK(entry.kind == EntryKind::drop);
    CHECK(dropped_by(entry) == what);
    CHECK(scene.talk.ledger().lines_between(0, 2) == 1);
    CHECK(events<Message>(scene.out).size() == 1);
}

TEST_CASE("talk: a peer without the body of a line has not got it") {
    Scene scene;
    const auto key = scene.link(InstanceId{1});
    for (const auto* text : {"one", "two"}) {
        scene.talk.deliveries().watch(scene.talk.ledger().next_line(),
                                      {scene.crowd.who(key).device});
        scene.say(text);
    }
    const LogId log = scene.talk.ledger().log();
    scene.rest.without_body = 2;
    scene.fill(key);
    scene.received(key, 2);
    CHECK(scene.talk.deliveries().find({log, 1})->delivered == 1);
    CHECK(scene.talk.deliveries().find({log, 2})->delivered == 0);
}

TEST_CASE("talk: a receipt is made for a far author, and handed on to a near one") {
    Scene scene;
    const auto way = scene.link(InstanceId{1});
    const Voice far(InstanceId{2});
    scene.rest.ways = {way};
    scene.rest.stored = {0, 3, {}};
    scene.talk.owe_receipt(far.log(), scene.now.steady);
    const auto due = first_due(Talk::receipting, scene.talk);
    REQUIRE(due);
    scene.now.steady = *due;

    controller::ring(Talk::receipting, scene.talk, scene.now, scene.out);

    Frame frame;
    scene.now.steady += 1s;
    Talk::fill_receipts(scene.crowd.state(way), frame, scene.now.steady);
    REQUIRE(frame.receipts.size() == 1);
    CHECK(frame.receipts.front().log == far.log());
    CHECK(frame.receipts.front().last == 3);

    const auto near = scene.link(InstanceId{3});
    Frame brought;
    Receipt receipt{far.device(), InstanceId{2}, Voice(InstanceId{3}).log(), 0, 5, 1, {}};
    brought.receipts = {receipt};
    scene.talk.take_receipts(brought, scene.now, scene.out);
    CHECK(scene.talk.fill_due(scene.crowd.state(near)));
}

TEST_CASE("talk: a log whose clock is ahead of all others is left, but not at once again") {
    Scene scene;
    scene.now.wall.ms += 1'000'000'000;
    scene.say("from the future");
    CHECK_FALSE(scene.talk.must_turn_page(scene.now));
    scene.now.wall.ms -= 1'000'000'000;
    scene.rest.seal(scene.out);

    REQUIRE(scene.talk.must_turn_page(scene.now));
    scene.talk.turn_page(Epoch{77}, scene.now.steady);

    CHECK(scene.talk.ledger().log().epoch == Epoch{77});
    scene.now.wall.ms += 1'000'000'000;
    scene.say("again");
    scene.now.wall.ms -= 1'000'000'000;
    CHECK_FALSE(scene.talk.must_turn_page(scene.now));
    CHECK(scene.talk.page_due() == scene.now.steady + limits::epoch_interval);
}

}  // namespace lanchat::controller::talk::talk_part_test
