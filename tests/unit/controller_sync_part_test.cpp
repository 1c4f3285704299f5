// Sync by itself: what is held is told, what is missing is asked for, and forks are proven.
#include <doctest/doctest.h>

#include "controller/sync/sync.hpp"
#include "message/limits.hpp"
#include "tests/unit/controller_crowd.hpp"

namespace lanchat::controller::sync::sync_part_test {
namespace {

using namespace test;

constexpr LinkId first{3};
constexpr LinkId second{5};

// The rest of the brain says nothing itself, and notes what it was asked for.
class Rest final : public Needs {
  public:
    void pump(const PersonKey& key, Now, Effects&) override { pumped.push_back(key); }
    bool show(const VerifiedRun& run, const Arriving& how, Effects&) override {
        shown += run.size();
        return how.imported || run.last() <= how.missed;
    }
    PeerInfo author(const Entry&) const override { return {}; }
    bool is_own(const LogId& log) const override { return log == own; }
    LogId own_log() const override { return own; }
    std::vector<Said> said() const override { return {{Epoch{5}, 7}}; }
    LineId say_met(const DeviceId& device, Now, Effects&) override {
        met.push_back(device);
        return {own, 1};
    }
    std::set<LogId> watched_logs() const override { return {}; }
    void has_stored(const Member&, const LogId&, EntryRange range) override {
        stored_there = range.last;
    }
    void acknowledged(const PersonKey&, const Ack&, Instant) override {}
    void owe_ack(const PersonKey& key, const VerifiedRun&, Instant) override {
        owed.push_back(key);
    }
    bool must_ask(const PersonKey&) const override { return false; }
    bool may_tell(const Member&, const LogId&) const override { return may; }
    void list_letters(const PersonKey&) override {}
    void neighbours_changed(const std::vector<NodeId>& came, Instant) override {
        came_there = came.size();
    }

    LogId own;
    bool may = true;
    std::vector<PersonKey> pumped;
    std::vector<PersonKey> owed;
    std::vector<DeviceId> met;
    std::size_t shown = 0;
    std::size_t came_there = 0;
    Seq stored_there = 0;
};

struct Scene {
    explicit Scene(bool closed = false) : settings{{}, {}, 4'096, {}, closed, {}} {
        rest.own = log_of(self.node());
    }

    // It is linked, and neither lists all it has: news may go at once.
    PersonKey link(InstanceId instance, LinkId over) {
        const PersonKey key = crowd.link(instance, over);
        sync.began(crowd.who(key), crowd.state(key), now.steady);
        return key;
    }
    void take(const PersonKey& key, const Frame& frame) {
        sync.take(crowd.who(key), crowd.state(key), frame, now, out);
        sync.ask_for_missing(now, out);
    }
    void bring(const PersonKey& key, const RunPtr& run) {
        Frame frame;
        frame.runs = {run};
        take(key, frame);
    }
    // It was kept, and is told on.
    void store(const RunPtr& run) {
        sync.stored(*run);
        sync.spread(*run, now.steady);
    }
    Frame fill(const PersonKey& key) {
        Frame frame;
        sync.fill(crowd.who(key), crowd.state(key), first, frame, now.steady, out);
        return frame;
    }
    static Frame have(Voice& voice, Seq last) {
        Frame frame;
        frame.have = {{voice.log(), {0, last, voice.head(last)}, {}, {}}};
        return frame;
    }

    Now now{Instant{1h}, WallTime{1'700'000'000'000}};
    const Self self = self_of(InstanceId{500});
    Course course{now.steady};
    Rng rng{1};
    Rest rest;
    Crowd<Peer> crowd;
    Settings settings;
    Sync sync{self, course, settings, rng, rest, crowd.peers};
    Effects out;
};

}  // namespace

TEST_CASE("sync: the first frame over a link asks what the peer holds, and says how much is said") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);

    const Frame frame = scene.fill(key);

    REQUIRE(frame.digest);
    CHECK(frame.digest->asks);
    CHECK(frame.said == std::vector<Said>{{Epoch{5}, 7}});
    CHECK_FALSE(scene.fill(key).digest);
}

TEST_CASE("sync: a question about all logs is answered") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    scene.fill(key);
    Frame question;
    question.digest = Digest{{{1}}, {}, true};
    scene.take(key, question);
    scene.now.steady += 10s;
    CHECK(Sync::fill_due(scene.crowd.state(key)).has_value());
    const Frame answer = scene.fill(key);
    REQUIRE(answer.digest);
    CHECK(answer.digest->buckets.size() == digest_buckets);

    Frame differ;
    differ.differ = 0;
    scene.take(key, differ);
    CHECK(scene.fill(key).listed);
}

TEST_CASE("sync: what a peer has and we lack is asked for after a while, in part or whole") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{2});
    scene.take(key, Scene::have(voice, 3));
    CHECK(scene.rest.pumped.empty());
    const auto due = first_due(Sync::pulling, scene.sync);
    REQUIRE(due);
    scene.now.steady = *due;

    controller::ring(Sync::pulling, scene.sync, scene.now, scene.out);

    CHECK(scene.rest.pumped == std::vector{key});
    const Frame frame = scene.fill(key);
    REQUIRE(frame.want.size() == 1);
    CHECK(frame.want.front().log == voice.log());
    CHECK(scene.fill(key).want.empty());
}

TEST_CASE("sync: nothing is asked for while lines cannot be taken in, or as we leave") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{2});
    scene.take(key, Scene::have(voice, 3));
    scene.course.receiving = false;
    CHECK_FALSE(first_due(Sync::pulling, scene.sync));
    scene.course.receiving = true;
    CHECK(first_due(Sync::pulling, scene.sync));
    scene.course.leave_by = scene.now.steady;
    CHECK_FALSE(first_due(Sync::pulling, scene.sync));
    CHECK_FALSE(first_due(Sync::comparing, scene.sync));
}

TEST_CASE("sync: a run is kept and shown once; on the disk, it is news for others") {
    Scene scene;
    const auto author = scene.link(InstanceId{1}, first);
    const auto other = scene.link(InstanceId{2}, second);
    scene.fill(other);
    const RunPtr run = Voice(InstanceId{1}).run(1, 2);

    scene.bring(author, run);

    CHECK(scene.rest.shown == 2);
    CHECK(only<Append>(scene.out).size() == 1);
    scene.bring(author, run);
    CHECK(scene.rest.shown == 2);
    scene.rest.owed.clear();
    scene.store(run);
    CHECK(scene.rest.owed == std::vector{author});
    scene.now.steady += limits::news_wait;
    const Frame frame = scene.fill(other);
    REQUIRE(frame.have.size() == 1);
    CHECK(frame.have.front().base.last == 2);
    CHECK(scene.fill(author).have.empty());
}

TEST_CASE("sync: what is said between two is told to nobody who may not hear of it") {
    Scene scene;
    const auto author = scene.link(InstanceId{1}, first);
    const auto other = scene.link(InstanceId{2}, second);
    scene.rest.may = false;
    const RunPtr run = Voice(InstanceId{1}).run(1, 2);
    scene.bring(author, run);
    scene.store(run);

    CHECK(scene.crowd.state(other).news.empty());
}

TEST_CASE("sync: a question is answered with what the store reads, in frames") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{2});
    Frame question;
    question.want = {{voice.log(), 0, 0, false}};
    scene.take(key, question);
    scene.fill(key);
    REQUIRE(only<Fetch>(scene.out).size() == 1);
    CHECK(only<Fetch>(scene.out).front().link == first);

    scene.sync.fetched(scene.crowd.state(key), {first, voice.log(), {voice.run(1, 4)}});

    CHECK(scene.fill(key).runs.size() == 1);
}

TEST_CASE("sync: who came and went is told, and what a peer tells of that is taken") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    const auto other = scene.link(InstanceId{2}, second);
    Frame frame;
    frame.ping = Ping{1, false};
    scene.sync.fill_linked(scene.crowd.who(key), scene.crowd.state(key), frame, scene.now.steady);
    REQUIRE(frame.linked);
    CHECK(frame.linked->came == std::vector{other.node});

    Frame told;
    const NodeId far = Voice(InstanceId{9}).node();
    told.linked = Linked{1, {far}, {}};
    scene.take(key, told);

    CHECK(scene.rest.came_there == 1);
    CHECK(scene.sync.ways_to(far) == std::vector{key});
    CHECK(scene.sync.is_beyond(far));
    CHECK_FALSE(scene.sync.is_beyond(other.node));
    scene.sync.went(scene.crowd.who(key), scene.crowd.state(key), scene.now.steady);
    CHECK_FALSE(scene.sync.is_beyond(far));
}

TEST_CASE("sync: runs that contradict each other are compared, and the fork is proven and told") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice a(InstanceId{2});
    Voice b(InstanceId{2});
    const RunPtr ours = a.say({"a"});
    const RunPtr theirs = b.say({"b"});
    scene.bring(key, ours);
    scene.bring(key, theirs);
    REQUIRE(only<Examine>(scene.out).size() == 1);

    scene.sync.examined({first, theirs, {ours}}, &scene.crowd.state(key), scene.now.steady,
                        scene.out);

    REQUIRE(only<Freeze>(scene.out).size() == 1);
    CHECK(events<Forked>(scene.out).size() == 1);
    Extent nothing;
    nothing.forked = 1;
    scene.sync.frozen({a.log(), nothing}, scene.now.steady);
    scene.now.steady += 1s;
    Frame frame;
    scene.sync.fill_proofs(scene.crowd.state(key), first, frame, scene.now.steady, scene.out);
    REQUIRE(only<Prove>(scene.out).size() == 1);
    scene.sync.proven(scene.crowd.state(key), {first, {only<Freeze>(scene.out).front().proof}});
    scene.sync.fill_proofs(scene.crowd.state(key), first, frame, scene.now.steady, scene.out);
    CHECK(frame.proofs.size() == 1);

    Scene another;
    const auto teller = another.link(InstanceId{1}, first);
    another.take(teller, frame);
    CHECK(only<Freeze>(another.out).size() == 1);
}

TEST_CASE("sync: in a closed network only logs of those who are accepted are taken") {
    Scene scene(true);
    const auto key = scene.link(InstanceId{1}, first);
    Voice stranger(InstanceId{9});
    scene.bring(key, stranger.run(1, 1));
    scene.take(key, Scene::have(stranger, 3));
    CHECK(scene.rest.shown == 0);
    CHECK_FALSE(first_due(Sync::pulling, scene.sync));

    scene.sync.accept(stranger.device(), scene.now.steady);

    scene.bring(key, stranger.run(1, 1));
    CHECK(scene.rest.shown == 1);
    scene.now.steady += 10s;
    controller::ring(Sync::naming, scene.sync, scene.now, scene.out);
    CHECK(scene.rest.met == std::vector{stranger.device()});
}

TEST_CASE("sync: a full disk is not given more, and the rest comes later") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{1});
    Seq next = 1;
    while (scene.sync.disk_keeps_up()) {
        scene.bring(key, voice.run(next, next + 99));
        next += 100;
    }
    CHECK_FALSE(first_due(Sync::pulling, scene.sync));
    scene.sync.stored(*voice.run(1, 100));
    CHECK(scene.sync.disk_keeps_up());
}

TEST_CASE("sync: a body that did not come with its entry is asked of everybody, and taken once") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{2});
    const RunPtr run = voice.run(1, 3);
    scene.bring(key, without_body(run, 2));
    scene.store(run);
    const LineId line{voice.log(), 2};
    scene.sync.body_is(line, BodyState::lacking, scene.now.steady);
    CHECK(scene.sync.bodies().last_lacking(voice.log(), 3) == 2);
    CHECK(scene.sync.bodies().last_lacking(voice.log(), 1) == 0);
    scene.now.steady += limits::news_delay;
    CHECK(scene.fill(key).lacks == std::vector<Lack>{{voice.log(), {{1, 2}}}});

    Frame given;
    given.bodies = {{voice.log(), {{2, std::string(run->items()[1].body)}, {3, "nobody asked"}}}};
    scene.out.clear();
    scene.take(key, given);
    const auto fills = only<Fill>(scene.out);
    REQUIRE(fills.size() == 1);
    CHECK(fills.front().bodies == std::vector<Body>{{2, std::string(run->items()[1].body)}});

    scene.sync.body_is(line, BodyState::here, scene.now.steady);
    scene.now.steady += limits::news_delay;
    CHECK(scene.fill(key).lacks == std::vector<Lack>{{voice.log(), {}}});
    scene.out.clear();
    scene.take(key, given);
    CHECK(only<Fill>(scene.out).empty());
}

TEST_CASE("sync: who lacks a body is given it") {
    Scene scene;
    const auto key = scene.link(InstanceId{1}, first);
    Voice voice(InstanceId{2});
    const RunPtr run = voice.run(1, 3);
    scene.bring(key, run);
    Frame lacks = Scene::have(voice, 3);
    lacks.lacks = {{voice.log(), {{2, 3}}}};
    scene.take(key, lacks);
    scene.store(run);
    scene.out.clear();
    scene.fill(key);
    const auto looks = only<Look>(scene.out);
    REQUIRE(looks.size() == 1);
    CHECK(looks.front().entries == std::vector<Seq>{3});

    scene.sync.found(scene.crowd.state(key), {first, voice.log(), {{3, "body"}}});
    CHECK(scene.fill(key).bodies == std::vector<GivenBodies>{{voice.log(), {{3, "body"}}}});
}

}  // namespace lanchat::controller::sync::sync_part_test
