// Letters by themselves: what is said to one device goes to that one, and nobody else hears of it.
#include <doctest/doctest.h>

#include "controller/letters/mail.hpp"
#include "message/limits.hpp"
#include "tests/unit/controller_crowd.hpp"

namespace lanchat::controller::letters::letters_part_test {
namespace {

using namespace test;

constexpr LinkId first{3};
constexpr LinkId second{5};

class Rest final : public Needs {
  public:
    void pump(const PersonKey& key, Now, Effects&) override { pumped.push_back(key); }
    void seal(Effects&) override {}
    void seal_soon(Instant) override { soon = true; }
    Clock next_clock(const Believed& now) override { return Clock::at(now.time); }
    void said_directly(const Say&, Entry entry, const Believed&, Now, Effects&) override {
        said.push_back(entry);
    }
    std::optional<Ended> end_of_log_to(const DeviceId&) const override { return before; }
    std::set<LogId> logs_with(const DeviceId&) const override { return known; }
    bool is_stored(const LineId&) const override { return stored; }
    bool is_stored_there(const PersonKey&, const LineId&) const override { return stored_there; }
    void add_head(Frame& frame, const LogId& log) const override {
        frame.have.push_back({log, {0, 1, {}}, {}, {}});
    }
    void tell_of(const PersonKey& key, const LogId&, Instant) override { told.push_back(key); }

    std::vector<PersonKey> pumped;
    std::vector<PersonKey> told;
    std::vector<Entry> said;
    std::set<LogId> known;
    std::optional<Ended> before;
    bool soon = false;
    bool stored = false;
    bool stored_there = false;
};

struct Scene {
    explicit Scene(bool tls = true) : self(self_of(InstanceId{500}, tls)) {}

    RunPtr say(InstanceId to, const std::string& text) {
        mail.say({"", text, {}, false, Voice(to).device()}, now, out);
        auto runs = mail.seal_all();
        REQUIRE(runs.size() == 1);
        return runs.front();
    }
    Frame fill(const PersonKey& key) {
        Frame frame;
        mail.fill(crowd.state(key), frame);
        return frame;
    }

    Now now{Instant{1h}, WallTime{1'700'000'000'000}};
    const Self self;
    WallTimes walls;
    Rest rest;
    Crowd<Peer> crowd;
    Mail mail{self, walls, true, 1, rest, crowd.peers};
    Effects out;
};

}  // namespace

TEST_CASE("letters: a line leaves once it is on the disk, to the one it is for") {
    Scene scene;
    const auto to = scene.crowd.link(InstanceId{1}, first);
    const auto other = scene.crowd.link(InstanceId{2}, second);
    const RunPtr run = scene.say(InstanceId{1}, "psst");
    CHECK(scene.rest.soon);
    REQUIRE(scene.rest.said.size() == 1);
    CHECK(scene.rest.said.front().text == "psst");
    CHECK(scene.fill(to).runs.empty());

    scene.mail.spread(run, scene.now.steady);
    scene.mail.go_on(scene.now, scene.out);

    CHECK(scene.rest.pumped == std::vector{to});
    CHECK(scene.fill(other).runs.empty());
    CHECK(scene.fill(to).runs == std::vector{run});
    CHECK(scene.fill(to).runs.empty());
}

TEST_CASE("letters: what we heard is acknowledged to its author alone") {
    Scene scene;
    const auto author = scene.crowd.link(InstanceId{1}, first);
    scene.crowd.link(InstanceId{2}, second);
    Voice voice = Voice(InstanceId{1}).to(scene.self.device());

    scene.mail.spread(voice.run(1, 1), scene.now.steady);

    CHECK(scene.rest.told == std::vector{author});
}

TEST_CASE("letters: who is too slow is told instead, and asks") {
    Scene scene;
    const auto to = scene.crowd.link(InstanceId{1}, first);
    for (std::size_t bytes = 0; bytes <= limits::window_bytes_max; bytes += 8'000)
        scene.mail.spread(scene.say(InstanceId{1}, std::string(8'000, 'x')), scene.now.steady);

    CHECK(scene.rest.told.front() == to);
    CHECK(scene.crowd.state(to).unsent_bytes <= limits::window_bytes_max);
}

TEST_CASE("letters: over a new link all logs of the two are listed, nothing else") {
    Scene scene;
    const auto to = scene.crowd.link(InstanceId{1}, first);
    scene.mail.spread(scene.say(InstanceId{1}, "psst"), scene.now.steady);
    scene.rest.known = {Voice(InstanceId{1}).to(scene.self.device()).log()};

    scene.mail.began(scene.crowd.who(to), scene.crowd.state(to));

    const Frame frame = scene.fill(to);
    CHECK(frame.runs.empty());
    CHECK(frame.listing);
    CHECK(frame.have.size() == 1);
    CHECK_FALSE(scene.fill(to).listing);
}

TEST_CASE("letters: nobody may speak of direct logs of others, or over a link that others read") {
    for (const bool tls : {true, false}) {
        Scene scene(tls);
        const auto key = scene.crowd.link(InstanceId{1}, first);
        const Member& who = scene.crowd.who(key);
        const auto ours = Voice(InstanceId{1}).to(scene.self.device()).log();
        const auto theirs = Voice(InstanceId{1}).to(Voice(InstanceId{2}).device()).log();
        CHECK(scene.mail.may_tell(who, Voice(InstanceId{1}).log()));
        CHECK(scene.mail.may_tell(who, ours) == tls);
        CHECK_FALSE(scene.mail.may_tell(who, theirs));

        Frame frame;
        frame.want = {{ours, 0, 0, false}};
        CHECK(scene.mail.may_take(who, frame) == tls);
        frame.want = {{theirs, 0, 0, false}};
        CHECK_FALSE(scene.mail.may_take(who, frame));
        frame = {};
        frame.have = {{theirs, {0, 1, {}}, {}, {}}};
        CHECK_FALSE(scene.mail.may_take(who, frame));
        frame = {};
        frame.runs = {Voice(InstanceId{1}).to(Voice(InstanceId{2}).device()).run(1, 1)};
        CHECK_FALSE(scene.mail.may_take(who, frame));
    }
}

TEST_CASE("letters: all is delivered when it is stored by whoever of them is here") {
    Scene scene;
    CHECK(scene.mail.all_delivered());
    scene.say(InstanceId{1}, "psst");
    CHECK_FALSE(scene.mail.all_delivered());
    scene.rest.stored = true;
    CHECK(scene.mail.all_delivered());
    scene.crowd.link(InstanceId{1}, first);
    CHECK_FALSE(scene.mail.all_delivered());
    scene.rest.stored_there = true;
    CHECK(scene.mail.all_delivered());
}

}  // namespace lanchat::controller::letters::letters_part_test
