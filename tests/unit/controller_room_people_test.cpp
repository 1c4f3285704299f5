// What a room does about whom it knows: blocking, warnings, and the comparing of keys.
#include <doctest/doctest.h>

#include "message/short_code.hpp"
#include "tests/unit/controller_scene.hpp"

namespace controller_room_people_test {

using namespace lanchat;
using namespace lanchat::controller;
using controller::OnKeyChange;  // config has one, too

namespace {

DeviceId key_at(InstanceId instance) { return Voice(instance).device(); }

Nonce nonce(std::uint8_t byte) {
    Nonce nonce;
    nonce.bytes.fill(byte);
    return nonce;
}

Frame step(VerifyStep::Kind kind, std::string_view bytes = {}) {
    Frame frame;
    frame.verify = VerifyStep{kind, {}};
    std::copy(bytes.begin(), bytes.end(), frame.verify->bytes.begin());
    return frame;
}

std::vector<VerifyStep> steps_sent(const Scene& scene, LinkId link) {
    std::vector<VerifyStep> steps;
    for (const Frame& frame : scene.sent.at(link))
        if (frame.verify) steps.push_back(*frame.verify);
    return steps;
}

std::vector<Verification::Stage> stages(const Scene& scene) {
    std::vector<Verification::Stage> stages;
    for (const auto& event : scene.events<Verification>()) stages.push_back(event.stage);
    return stages;
}

using Kind = VerifyStep::Kind;
using How = Verification::Stage;

// The code is shown; we asked, and our nonce is all ones.
LinkId compared(Scene& scene) {
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Verify{key_at(high)});
    scene.give(Rolled{key_at(high), nonce(1)});
    scene.drain(link);
    scene.receive(link, step(Kind::nonce, nonce(2).view()));
    scene.drain(link);
    return link;
}

std::string code_between(InstanceId asker, InstanceId answerer) {
    return short_code({key_at(asker), key_at(answerer)}, nonce(1), nonce(2));
}

}  // namespace

TEST_CASE("verify: who asks commits, opens, shows, and marks when both agreed") {
    Scene scene;
    const LinkId link = compared(scene);
    const auto sent = steps_sent(scene, link);
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].kind == Kind::commit);
    CHECK(Hash{sent[0].bytes} == commitment_to(nonce(1), {key_at(mid), key_at(high)}));
    CHECK(sent[1].kind == Kind::open);
    CHECK(Nonce{sent[1].bytes} == nonce(1));
    REQUIRE(stages(scene) == std::vector{How::shown});
    const auto code = scene.events<Verification>().front().code;
    CHECK(code == code_between(mid, high));

    scene.receive(link, step(Kind::agree));
    CHECK(scene.room.people().trust(key_at(high)) == Trust::unverified);
    scene.give(Judge{key_at(high), code, true});
    scene.drain(link);
    CHECK(stages(scene).back() == How::verified);
    CHECK(scene.room.people().trust(key_at(high)) == Trust::verified);
    CHECK(scene.room.peers().linked().front().trust == Trust::verified);
    scene.lose(link);
    scene.link_by_them(at(2), high);
    CHECK(scene.room.peers().linked().front().trust == Trust::verified);
    CHECK(steps_sent(scene, link).back().kind == Kind::agree);
}

TEST_CASE("verify: who is asked answers with its nonce, checks the opening, and needs our word") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const auto commit = commitment_to(nonce(1), {key_at(high), key_at(mid)});
    scene.receive(link, step(Kind::commit, commit.view()));
    scene.give(Rolled{key_at(high), nonce(2)});
    scene.drain(link);
    CHECK(steps_sent(scene, link).back().kind == Kind::nonce);
    scene.receive(link, step(Kind::open, nonce(1).view()));
    scene.receive(link, step(Kind::agree));
    REQUIRE(stages(scene) == std::vector{How::shown});
    const auto code = scene.events<Verification>().front().code;
    CHECK(code == code_between(high, mid));
    CHECK(scene.room.people().trust(key_at(high)) == Trust::unverified);
    scene.give(Judge{key_at(high), "another code", true});
    CHECK(scene.room.people().trust(key_at(high)) == Trust::unverified);
    scene.give(Judge{key_at(high), code, true});
    CHECK(scene.room.people().trust(key_at(high)) == Trust::verified);
}

TEST_CASE("verify: an opening that is not what was committed to ends it") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, step(Kind::commit, hash_of("x").view()));
    scene.give(Rolled{key_at(high), nonce(2)});
    scene.drain(link);
    scene.receive(link, step(Kind::open, nonce(1).view()));
    scene.drain(link);
    CHECK(stages(scene) == std::vector{How::refused});
    CHECK(steps_sent(scene, link).back().kind == Kind::refuse);
    scene.receive(link, step(Kind::agree));
    CHECK(scene.room.people().trust(key_at(high)) == Trust::unverified);
}

TEST_CASE("verify: no is final on both sides") {
    Scene ours;
    LinkId link = compared(ours);
    ours.receive(link, step(Kind::agree));
    ours.give(Judge{key_at(high), code_between(mid, high), false});
    ours.drain(link);
    CHECK(stages(ours).back() == How::refused);
    CHECK(steps_sent(ours, link).back().kind == Kind::refuse);

    Scene theirs;
    link = compared(theirs);
    theirs.give(Judge{key_at(high), code_between(mid, high), true});
    theirs.receive(link, step(Kind::refuse));
    CHECK(stages(theirs).back() == How::refused);
    CHECK(theirs.room.people().trust(key_at(high)) == Trust::unverified);
}

TEST_CASE("verify: a lost link or five minutes end it without effect") {
    Scene lost;
    LinkId link = compared(lost);
    lost.give(Judge{key_at(high), code_between(mid, high), true});
    lost.lose(link);
    CHECK(stages(lost).back() == How::lost);

    Scene late;
    link = compared(late);
    for (int n = 0; n < 160; ++n) {  // it lives
        late.pass(2s);
        late.receive(link, Frame{});
        late.drain(link);
    }
    CHECK(stages(late).back() == How::timed_out);
    CHECK(steps_sent(late, link).back().kind == Kind::refuse);
    late.receive(link, step(Kind::agree));
    CHECK(late.room.people().trust(key_at(high)) == Trust::unverified);
}

TEST_CASE("verify: of two who ask at once the greater key does") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Verify{key_at(high)});
    scene.give(Rolled{key_at(high), nonce(1)});
    scene.drain(link);
    const auto commit = commitment_to(nonce(1), {key_at(high), key_at(mid)});
    scene.receive(link, step(Kind::commit, commit.view()));
    scene.give(Rolled{key_at(high), nonce(2)});
    scene.drain(link);
    const bool ours = key_at(mid) > key_at(high);
    scene.receive(link,
                  ours ? step(Kind::nonce, nonce(2).view()) : step(Kind::open, nonce(1).view()));
    REQUIRE(stages(scene) == std::vector{How::shown});
    CHECK(scene.events<Verification>().front().code ==
          (ours ? code_between(mid, high) : code_between(high, mid)));
}

TEST_CASE("verify: three a minute with one key, whoever asks") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    for (int n = 0; n < 5; ++n) {
        scene.receive(link, step(Kind::commit, hash_of("x").view()));
        scene.receive(link, step(Kind::refuse));
        scene.drain(link);
    }
    CHECK(scene.events<Verification>().size() == 3);
    CHECK(scene.room.refuse_verify(key_at(high), scene.time()));
    CHECK_FALSE(scene.room.refuse_verify(key_at(high), scene.time() + 61s));
}

TEST_CASE("verify: only with a lanchat peer that is linked") {
    Scene scene;
    scene.legacy_by_us(at(3));
    CHECK(scene.room.refuse_verify(key_at(high), scene.time()));
    CHECK(scene.room.refuse_verify(key_at(mid), scene.time()));
    const LinkId link = scene.link_by_us(at(2), high);
    CHECK_FALSE(scene.room.refuse_verify(key_at(high), scene.time()));
    scene.receive(link, step(Kind::agree));
    scene.receive(link, step(Kind::open, nonce(1).view()));
    CHECK(scene.events<Verification>().empty());
}

TEST_CASE("block: the link ends, no other begins, and the other is told nothing") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Block{key_at(high), true});
    REQUIRE(scene.events<PeerDown>().size() == 1);
    CHECK(scene.events<PeerDown>().front().reason == DownReason::blocked);
    CHECK(scene.dropped.contains(link));
    CHECK_FALSE(scene.last_sent(link).bye);
    scene.lose(link);

    const LinkId theirs = scene.accept({at(2).ip, 40'000});
    scene.receive(theirs, scene.greeting(at(2), high));
    CHECK(scene.dropped.contains(theirs));
    CHECK_FALSE(scene.sent.contains(theirs));
    const LinkId ours = scene.dial(at(2));
    scene.receive(ours, scene.answer(high));
    CHECK(scene.dropped.contains(ours));
    CHECK(scene.events<PeerUp>().size() == 1);
    CHECK(scene.room.peers().size() == 0);
}

TEST_CASE("block: what it says is kept and handed on, but not shown") {
    Scene scene;
    scene.give(Block{key_at(high), true});
    const LinkId link = scene.link_by_us(at(3), low);
    scene.receive(link, Scene::have(high, 2));
    scene.receive(link, Scene::lines(high, 1, 2));
    CHECK(scene.texts_shown().empty());
    CHECK(scene.appended.size() == 1);
    CHECK(scene.room.held(Voice(high).log()).last() == 2);
    scene.receive(link, Scene::lines(low, 1, 1));
    CHECK(scene.texts_shown().size() == 1);
    scene.give(Block{key_at(high), false});
    scene.receive(link, Scene::lines(high, 3, 3));
    CHECK(scene.texts_shown().size() == 2);
}

TEST_CASE("block: unblocked, it is dialled again soon") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Block{key_at(high), true});
    scene.lose(link);
    scene.pass(5s);
    CHECK(scene.connects.empty());
    scene.give(Block{key_at(high), false});
    scene.pass(1s);
    CHECK(scene.connects == std::vector{at(2)});
}

TEST_CASE("block: not ourselves") {
    Scene scene;
    scene.give(Block{key_at(mid), true});
    scene.say("hello");
    CHECK(scene.room.people().trust(key_at(mid)) == Trust::unverified);
}

TEST_CASE("people: another key under a verified name is a warning, once") {
    Scene scene;
    const LinkId link = compared(scene);
    scene.receive(link, step(Kind::agree));
    scene.give(Judge{key_at(high), code_between(mid, high), true});
    scene.lose(link);
    scene.pass(5s);
    const LinkId other = scene.link_by_us(at(3), low);  // also called "you"
    REQUIRE(scene.events<KeyChanged>().size() == 1);
    const auto warning = scene.events<KeyChanged>().front();
    CHECK(warning.now.id == to_string(key_at(low)));
    CHECK(warning.now.trust == Trust::unverified);
    CHECK(warning.known.id == to_string(key_at(high)));
    CHECK(warning.known.trust == Trust::verified);
    CHECK_FALSE(warning.now.mark.empty());
    scene.receive(other, Scene::lines(low, 1, 1));
    CHECK(scene.events<KeyChanged>().size() == 1);
    CHECK_FALSE(find_person("you", scene.room.candidates(false), OnKeyChange::block));
    CHECK(*find_person("you", scene.room.candidates(false), OnKeyChange::warn) == key_at(low));
}

TEST_CASE("people: the last places are for who is vouched for") {
    Scene scene;
    LinkId link = compared(scene);
    scene.receive(link, step(Kind::agree));
    scene.give(Judge{key_at(high), code_between(mid, high), true});
    scene.lose(link);
    scene.pass(5s);
    for (std::uint32_t i = 0; i < limits::peers_max; ++i) {
        const LinkId in = scene.accept({Ipv4{0x0A010000U + i}, 40'000});
        const InstanceId stranger{2000 + i};
        scene.receive(in, scene.greeting({Ipv4{0x0A010000U + i}, 4565}, stranger));
    }
    CHECK(scene.room.peers().size() == limits::peers_max - limits::peers_reserved);
    scene.link_by_them(at(2), high);
    CHECK(scene.room.peers().size() == limits::peers_max - limits::peers_reserved + 1);
}

TEST_CASE("people: names alone are no warning, but marked") {
    Scene scene;
    scene.link_by_us(at(2), high);
    scene.link_by_us(at(3), low);
    CHECK(scene.events<KeyChanged>().empty());
    for (const auto& peer : scene.room.peers().linked()) CHECK_FALSE(peer.mark.empty());
}

TEST_CASE("people: blocked ones are found among the blocked only") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Block{key_at(high), true});
    scene.lose(link);
    const auto beginning = to_string(key_at(high)).substr(0, 8);
    CHECK_FALSE(find_person("you", scene.room.candidates(false), OnKeyChange::block));
    CHECK(*find_person("you", scene.room.candidates(true), OnKeyChange::block) == key_at(high));
    CHECK(*find_person(beginning, scene.room.candidates(true), OnKeyChange::block) == key_at(high));
}

}  // namespace controller_room_people_test
