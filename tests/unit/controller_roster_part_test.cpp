// The roster by itself: who is admitted, over which link, until when, and who is known.
#include <doctest/doctest.h>

#include "controller/roster/roster.hpp"
#include "message/limits.hpp"
#include "tests/unit/controller_crowd.hpp"

namespace lanchat::controller::roster::roster_part_test {
namespace {

using namespace test;

constexpr Endpoint there{Ipv4{0x0A000002}, 4565};

// The rest of the brain sends what the roster fills, and notes what it is told.
class Rest final : public Needs {
  public:
    void pump(Link& link, Now, Effects& out) override {
        if (!link.may_send()) return;
        Frame frame;
        if (roster->fill(link, frame)) frame.received = Ack{};
        Roster::send(link, std::move(frame), out);
    }
    void pump(const PersonKey& key, Now, Effects&) override { pumped.push_back(key); }
    Peer& place_of(const PersonKey& key) override { return crowd->place_of(key); }
    void forget(PersonKey key, Effects&) override {
        told += " forget";
        crowd->erase(key);
    }
    void joined(const Peer&, Instant) override { told += " joined"; }
    void opened(const Peer&, LinkId, const Ack&, Instant) override { told += " opened"; }
    void came(const Peer&, Instant) override { told += " came"; }
    void carries(Peer&, const Link&, Instant) override { told += " carries"; }
    void closed(const Peer&, LinkId) override { told += " closed"; }
    void went(const Peer&, bool was_up, Now, Effects&) override {
        told += was_up ? " went" : " ended";
    }
    void greeted(Link&, const Frame&, Now, Effects&) override { told += " greeted"; }
    void speaks_in(Peer&, const LogId&, Instant) override { told += " speaks"; }
    std::optional<Epoch> page() const override { return own_page; }

    Roster* roster = nullptr;
    Crowd<Peer>* crowd = nullptr;
    std::string told;
    std::vector<PersonKey> pumped;
    std::optional<Epoch> own_page;
};

struct Scene {
    Scene() {
        rest.roster = &roster;
        rest.crowd = &crowd;
    }

    static Hello hello(InstanceId instance) {
        return {protocol_version, instance, 1, "you", 0, Voice(instance).device()};
    }
    LinkId dial() {
        roster.on(Sighted{there}, now, out);
        const auto dials = only<Dial>(out);
        REQUIRE_FALSE(dials.empty());
        drained(dials.back().link);
        return dials.back().link;
    }
    void drained(LinkId link) { roster.link(link)->busy = false; }
    // True: the frame is one of a peer.
    bool receive(LinkId link, const Frame& frame) {
        Link* from = roster.heard(link, now.steady);
        return from != nullptr && !roster.take_greeting(*from, frame, now, out);
    }
    LinkId link_by_us(InstanceId instance) {
        const LinkId link = dial();
        Frame answer;
        answer.msg = accepted_word;
        answer.hello = hello(instance);
        receive(link, answer);
        drained(link);
        return link;
    }
    Frame last_sent() {
        const auto sends = only<Send>(out);
        REQUIRE_FALSE(sends.empty());
        return sends.back().frame;
    }
    // What is due is done, as the room would.
    void pass(Duration time) {
        now.steady += time;
        roster.retime();
        ring(Roster::pinging, roster, now, out);
        ring(Roster::watching, roster, now, out);
        ring(Roster::dialling_again, roster, now, out);
        roster.retime();
    }

    Now now{Instant{1h}, WallTime{1'700'000'000'000}};
    const Self self = self_of(InstanceId{500});
    Course course{now.steady};
    Rng rng{1};
    Rest rest;
    Crowd<Peer> crowd;
    Roster roster{self, course, {}, rng, rest, crowd.peers};
    Effects out;
};

const PersonKey you = PersonKey::of(Voice(InstanceId{1}).node());

}  // namespace

TEST_CASE(
    "roster: whom we dial is linked once it has answered, and the others hear of it in order") {
    Scene scene;
    CHECK(scene.roster.wants(there, scene.now.steady));

    const LinkId link = scene.link_by_us(InstanceId{1});

    CHECK(scene.rest.told == " joined opened came carries greeted");
    CHECK(events<PeerUp>(scene.out).size() == 1);
    CHECK(scene.crowd.who(you).active == link);
    CHECK(scene.roster.peers().find(there)->state == PeerState::linked);
    CHECK_FALSE(scene.roster.wants(there, scene.now.steady));
}

TEST_CASE("roster: who dials us is greeted, and open once it tells what it has received") {
    Scene scene;
    scene.rest.own_page = Epoch{9};
    scene.roster.on(Accepted{LinkId{1}, {there.ip, 40'000}}, scene.now, scene.out);
    Frame greeting;
    greeting.msg = to_string(there);
    greeting.hello = Scene::hello(InstanceId{1});
    CHECK_FALSE(scene.receive(LinkId{1}, greeting));
    CHECK(scene.rest.told == " joined");
    const Frame answer = scene.last_sent();
    CHECK(answer.msg == accepted_word);
    REQUIRE(answer.hello);
    CHECK(answer.hello->epoch == Epoch{9});
    CHECK(answer.received);
    scene.drained(LinkId{1});

    Frame next;
    next.received = Ack{};
    REQUIRE(scene.receive(LinkId{1}, next));
    Link& link = *scene.roster.link(LinkId{1});
    CHECK(scene.roster.take_joining(link, scene.crowd.state(you), next, scene.now, scene.out));

    CHECK(scene.rest.told == " joined opened came carries");
    CHECK(scene.roster.is_free(scene.crowd.who(you)));
}

TEST_CASE("roster: a joining link that says anything else first is ended") {
    Scene scene;
    scene.roster.on(Accepted{LinkId{1}, {there.ip, 40'000}}, scene.now, scene.out);
    Frame greeting;
    greeting.msg = to_string(there);
    greeting.hello = Scene::hello(InstanceId{1});
    scene.receive(LinkId{1}, greeting);

    Link& link = *scene.roster.link(LinkId{1});
    CHECK_FALSE(scene.roster.take_joining(link, scene.crowd.state(you), {}, scene.now, scene.out));

    CHECK(only<Drop>(scene.out).size() == 1);
}

TEST_CASE("roster: this node does not link with itself") {
    Scene scene;
    scene.link_by_us(scene.self.instance);
    CHECK(scene.rest.told.empty());
    CHECK(only<Drop>(scene.out).size() == 1);
}

TEST_CASE("roster: who is silent is pinged, then ended, and dialled again") {
    Scene scene;
    const LinkId link = scene.link_by_us(InstanceId{1});
    scene.pass(limits::ping_after);
    REQUIRE(scene.last_sent().ping);
    CHECK_FALSE(scene.last_sent().ping->reply);
    scene.drained(link);
    scene.pass(limits::ping_timeout);
    REQUIRE(only<Drop>(scene.out).size() == 1);

    scene.roster.on(Lost{link, End::broken}, scene.now, scene.out);

    CHECK(events<PeerDown>(scene.out).size() == 1);
    CHECK(scene.rest.told.ends_with(" closed went"));
    scene.pass(1s);
    CHECK(only<Connect>(scene.out).size() == 1);
    Peer& peer = scene.crowd.state(you);
    const auto due = first_due(Roster::of_absent, scene.roster, peer);
    REQUIRE(due);
    scene.now.steady = *due;
    ring(Roster::of_absent, scene.roster, scene.now, scene.out, peer);
    CHECK(scene.rest.told.ends_with(" forget"));
}

TEST_CASE("roster: a ping is answered; a hello over the active link may name another log") {
    Scene scene;
    const LinkId id = scene.link_by_us(InstanceId{1});
    Link& link = *scene.roster.link(id);
    Frame frame;
    frame.ping = Ping{77, false};
    frame.hello = Scene::hello(InstanceId{1});
    frame.hello->epoch = Epoch{5};
    REQUIRE(scene.receive(id, frame));

    Roster::take_ping(link, frame);
    scene.roster.take_hello(link, scene.crowd.state(you), frame, scene.now.steady);

    CHECK(link.ping_owed == Ping{77, true});
    CHECK(scene.rest.told.ends_with(" speaks"));
    Frame out;
    scene.roster.fill(link, out);
    CHECK(out.ping == Ping{77, true});
}

TEST_CASE("roster: a goodbye ends all links of a peer, and is said when we leave") {
    Scene scene;
    const LinkId id = scene.link_by_us(InstanceId{1});
    Frame frame;
    frame.bye = Bye::duplicate;
    CHECK_FALSE(scene.roster.take_bye(scene.crowd.state(you), frame, scene.now, scene.out));
    scene.roster.leave(scene.now, scene.out);
    CHECK(scene.last_sent().bye == Bye::leaving);
    scene.drained(id);

    frame.bye = Bye::leaving;
    CHECK(scene.roster.take_bye(scene.crowd.state(you), frame, scene.now, scene.out));

    CHECK(scene.rest.told.ends_with(" went forget"));
}

TEST_CASE("roster: what our clock shows goes with a frame, not with each and not alone") {
    Scene scene;
    Link& link = *scene.roster.link(scene.link_by_us(InstanceId{1}));
    Frame empty;
    Roster::fill_wall(link, empty, scene.now);
    CHECK_FALSE(empty.wall);
    Frame frame;
    frame.listing = true;
    Roster::fill_wall(link, frame, scene.now);
    CHECK(frame.wall == scene.now.wall);
    frame.wall.reset();
    Roster::fill_wall(link, frame, scene.now);
    CHECK_FALSE(frame.wall);
    scene.now.wall.ms += 5'000;  // it was set
    Roster::fill_wall(link, frame, scene.now);
    CHECK(frame.wall);
}

TEST_CASE("roster: codes are compared step by step, and not for ever") {
    Scene scene;
    scene.link_by_us(InstanceId{1});
    Peer& peer = scene.crowd.state(you);
    scene.roster.on(Verify{you.node.device}, scene.now, scene.out);
    REQUIRE(only<Roll>(scene.out).size() == 1);
    scene.roster.on(Rolled{you.node.device, {}}, scene.now, scene.out);
    Frame frame;
    Roster::fill_verify(peer, frame);
    REQUIRE(frame.verify);
    CHECK(frame.verify->kind == VerifyStep::Kind::commit);

    Frame refusal;
    refusal.verify = VerifyStep{VerifyStep::Kind::refuse, {}};
    scene.roster.take_verify(peer, refusal, scene.now, scene.out);
    REQUIRE(events<Verification>(scene.out).size() == 1);
    CHECK(events<Verification>(scene.out).front().stage == Verification::Stage::refused);

    scene.roster.on(Verify{you.node.device}, scene.now, scene.out);
    scene.now.steady += limits::verify_timeout;
    ring(Roster::of_peer, scene.roster, scene.now, scene.out, peer);
    CHECK(events<Verification>(scene.out).back().stage == Verification::Stage::timed_out);
}

TEST_CASE("roster: whoever is blocked is cut off and not let in again") {
    Scene scene;
    scene.link_by_us(InstanceId{1});
    scene.roster.on(Block{you.node.device, true}, scene.now, scene.out);
    CHECK(scene.rest.told.ends_with(" went forget"));
    CHECK(events<PeerDown>(scene.out).front().reason == DownReason::blocked);

    scene.rest.told.clear();
    scene.roster.on(Accepted{LinkId{1}, {there.ip, 40'000}}, scene.now, scene.out);
    Frame greeting;
    greeting.msg = to_string(there);
    greeting.hello = Scene::hello(InstanceId{1});
    scene.receive(LinkId{1}, greeting);

    CHECK(scene.rest.told.empty());
}

}  // namespace lanchat::controller::roster::roster_part_test
