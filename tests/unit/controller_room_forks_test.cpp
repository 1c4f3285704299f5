// Forks: compared, proven, handed on; a forked log ends at the lowest proven place, everywhere.
#include <doctest/doctest.h>

#include <set>

#include "controller_scene.hpp"

namespace lanchat::controller::controller_room_forks_test {
namespace {

constexpr InstanceId forker{77};

// The first `common` lines of the forker, then `more` that only this branch has.
Voice branch(Seq common, std::size_t more, const std::string& word) {
    Voice voice(forker);
    voice.head(std::max<Seq>(common, 1));
    if (common == 0) voice = Voice(forker, word);
    for (; more > 0; --more) voice.say({word});
    return voice;
}

Frame frame_of(const std::vector<RunPtr>& runs) {
    Frame frame;
    frame.runs = runs;
    return frame;
}

Frame head_frame(Voice& voice, Seq last, Seq forked = 0) {
    Frame frame;
    frame.have.push_back({voice.log(), {0, last, voice.head(last)}, {}, {}, forked});
    return frame;
}

Fork proof_of(Voice& a, Voice& b, Seq first, Seq last) {
    const auto fork = fork_between(a.run(first, last), b.run(first, last));
    REQUIRE(fork);
    return *fork;
}

Frame proof_frame(const Fork& proof) {
    Frame frame;
    frame.proofs.push_back(proof);
    return frame;
}

// A scene with two neighbours, which holds the lines of a branch.
struct Chat : Scene {
    LinkId ben = link_by_us(at(2), high);
    LinkId carl = link_by_us(at(3), low);

    // Ben has them, and gives what he is asked for.
    void hold(Voice& voice, Seq last) {
        receive(ben, head_frame(voice, last));
        pass(limits::pull_delay);
        drain(ben);
        receive(ben, frame_of(voice.runs(1, last)));
        drain(ben);
        pass(limits::news_delay);
        drain(carl);
        drain(ben);
        REQUIRE(room.held(voice.log()).size() == last);
    }

    // All of `voice`, a branch of 2 + 4 lines, until Ben proves that there is another one.
    void hold_forked(Voice& voice) {
        Voice other = branch(2, 4, "b");
        hold(voice, 6);
        receive(ben, proof_frame(proof_of(voice, other, 1, 6)));
    }

    std::vector<Fork> proofs_sent(LinkId link) const {
        std::vector<Fork> found;
        for (const Frame& frame : sent.at(link))
            found.insert(found.end(), frame.proofs.begin(), frame.proofs.end());
        return found;
    }
    std::optional<Head> last_head(LinkId link, const LogId& log) const {
        std::optional<Head> last;
        for (const Frame& frame : sent.at(link))
            for (const Head& head : frame.have)
                if (head.log == log) last = head;
        return last;
    }
};

TEST_CASE("a branch that does not chain is asked for where it parts, and proves the fork") {
    Chat chat;
    Voice a = branch(4, 2, "a");
    Voice b = branch(4, 4, "b");
    chat.hold(a, 6);
    chat.receive(chat.carl, head_frame(b, 8));
    chat.pass(limits::pull_delay);
    chat.drain(chat.carl);
    CHECK(chat.last_want(chat.carl, b.log()) == Want{b.log(), 6, 8, false});
    chat.receive(chat.carl, frame_of({b.run(7, 8)}));
    chat.drain(chat.carl);
    CHECK(chat.last_want(chat.carl, b.log()) == Want{b.log(), 5, 6, false});
    CHECK(chat.proofs.empty());

    chat.receive(chat.carl, frame_of({b.run(3, 8)}));

    REQUIRE(chat.proofs.size() == 1);
    CHECK(chat.proofs[0].seq == 5);
    CHECK(chat.room.held(a.log()).base == Stretch{0, {}, 4, a.head(4)});
    CHECK(chat.events<Forked>().size() == 1);
}

TEST_CASE("where branches part is found by asking for the middle") {
    constexpr Seq lines = 1'000;
    constexpr Seq common = 333;
    Chat chat;
    Voice a = branch(common, lines - common, "a");
    Voice b = branch(common, lines - common, "b");
    chat.hold(a, lines);
    chat.receive(chat.carl, head_frame(b, lines));

    int questions = 0;
    std::optional<Want> asked;
    while (questions < 100) {
        chat.drain(chat.carl);
        const auto want = chat.last_want(chat.carl, b.log());
        if (want == asked) break;
        asked = want;
        ++questions;
        chat.receive(chat.carl, frame_of({b.run(asked->seq, asked->seq)}));
    }

    CHECK(questions <= 12);
    CHECK(chat.room.held(a.log()).base == Stretch{0, {}, common, a.head(common)});
    CHECK(chat.proofs.back().seq == common + 1);
    CHECK(chat.proofs.back().is_tight());
    CHECK(chat.events<Forked>().size() == 1);
}

TEST_CASE("an author who sends a part of another history is compared with what is held") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), forker);
    Voice a = branch(2, 4, "a");
    Voice b = branch(2, 4, "b");
    scene.receive(link, frame_of(a.runs(1, 6)));

    scene.receive(link, frame_of({b.run(3, 5)}));

    REQUIRE(scene.proofs.size() == 1);
    CHECK(scene.proofs[0].seq == 3);
    CHECK(scene.room.held(a.log()).last() == 2);
}

TEST_CASE("whoever lacks the proof gets it, once") {
    Chat chat;
    Voice a = branch(2, 4, "a");
    chat.hold_forked(a);
    for (int n = 0; n < 20; ++n) {
        chat.pass(1s);
        chat.drain(chat.carl);
        chat.drain(chat.ben);
        for (const LinkId link : {chat.ben, chat.carl}) chat.receive(link, {});
    }

    CHECK(chat.proofs_sent(chat.ben).empty());
    REQUIRE(chat.proofs_sent(chat.carl).size() == 1);
    CHECK(chat.proofs_sent(chat.carl)[0].seq == 3);
    CHECK(chat.last_head(chat.carl, a.log()) ==
          Head{a.log(), {0, 2, a.head(2)}, {}, Voice(forker).run(2, 2)->items()[0].clock, 3});
}

TEST_CASE("who wants what lies behind a fork gets its proof again, ever more rarely") {
    Chat chat;
    Voice a = branch(2, 4, "a");
    chat.hold_forked(a);
    for (int n = 0; n < 100; ++n) {
        chat.pass(1s);
        chat.drain(chat.carl);
        chat.drain(chat.ben);
        chat.receive(chat.ben, {});
        chat.receive(chat.carl, Scene::want(a.log(), 2, 3));
    }

    CHECK(chat.proofs_sent(chat.ben).empty());
    CHECK(chat.proofs_sent(chat.carl).size() >= 2);
    CHECK(chat.proofs_sent(chat.carl).size() <= 10);
}

TEST_CASE("who told that it can prove a fork as low gets no proof; who can prove one higher does") {
    Chat chat;
    Voice a = branch(2, 4, "a");
    Voice b = branch(2, 4, "b");
    chat.hold(a, 6);
    chat.receive(chat.carl, head_frame(a, 2, 3));
    chat.receive(chat.ben, head_frame(a, 3, 4));
    Voice zoe(InstanceId{78});  // any log that a third one would tell of
    const LinkId dora = chat.link_by_us(at(4), InstanceId{90});
    chat.receive(dora, proof_frame(proof_of(a, b, 1, 6)));
    chat.pass(1s);
    chat.drain(chat.carl);
    chat.drain(chat.ben);

    CHECK(chat.proofs_sent(chat.carl).empty());
    CHECK(chat.proofs_sent(chat.ben).size() == 1);
}

TEST_CASE("who is new is told what is frozen, and gets the proof unless it has it") {
    Chat chat;
    Voice a = branch(0, 3, "a");
    Voice b = branch(0, 3, "b");
    chat.receive(chat.ben, proof_frame(proof_of(a, b, 1, 3)));
    const LinkId dora = chat.link_by_us(at(4), InstanceId{90});
    const LinkId emil = chat.link_by_us(at(5), InstanceId{91});
    Frame knows;
    knows.have.push_back({a.log(), {}, {}, {}, 1});
    chat.receive(emil, knows);
    chat.pass(2s);
    for (const LinkId link : {dora, emil}) chat.drain(link);

    CHECK(chat.last_head(dora, a.log()) == Head{a.log(), {}, {}, {}, 1});
    CHECK(chat.proofs_sent(dora).size() == 1);
    CHECK(chat.proofs_sent(emil).empty());
}

TEST_CASE("nothing behind the place is asked for, shown or told; what is before it still comes") {
    Chat chat;
    Voice a = branch(4, 6, "a");
    Voice b = branch(4, 6, "b");
    chat.hold(a, 2);
    chat.receive(chat.ben, proof_frame(proof_of(a, b, 3, 8)));
    chat.receive(chat.carl, head_frame(a, 9));
    chat.pass(limits::pull_delay);
    chat.drain(chat.carl);
    CHECK(chat.last_want(chat.carl, a.log()) == Want{a.log(), 2, 4, false});

    chat.receive(chat.carl, frame_of({a.run(1, 9)}));

    CHECK(chat.room.held(a.log()).last() == 4);
    CHECK(chat.texts_shown() == std::vector<std::string>{"line 1", "line 2", "line 3", "line 4"});
    CHECK(chat.disk.holdings()->front().extent == chat.room.held(a.log()));
}

TEST_CASE("nothing is told of a log before the proof is on the disk") {
    Chat chat;
    Voice a = branch(2, 4, "a");
    Voice b = branch(2, 4, "b");
    chat.hold(a, 6);
    chat.disk_is_quick = false;
    const auto before = chat.last_head(chat.carl, a.log());
    chat.receive(chat.ben, proof_frame(proof_of(a, b, 1, 6)));
    chat.receive(chat.ben, frame_of({a.run(1, 6)}));
    chat.pass(2s);
    chat.drain(chat.carl);
    CHECK(chat.last_head(chat.carl, a.log()) == before);
    CHECK(chat.proofs_sent(chat.carl).empty());
    CHECK(chat.proves.empty());

    chat.disk_is_quick = true;
    chat.serve();
    chat.pass(1s);
    chat.drain(chat.carl);

    CHECK(chat.last_head(chat.carl, a.log())->forked == 3);
    CHECK(chat.proofs_sent(chat.carl).size() == 1);
}

TEST_CASE("a lower place counts, a higher one does not") {
    Chat chat;
    Voice a = branch(6, 4, "a");
    Voice b = branch(6, 4, "b");
    Voice c = branch(3, 7, "c");
    chat.hold(a, 10);
    chat.receive(chat.ben, proof_frame(proof_of(a, b, 5, 10)));
    CHECK(chat.room.held(a.log()).last() == 6);
    chat.receive(chat.ben, proof_frame(proof_of(a, c, 2, 10)));
    CHECK(chat.room.held(a.log()).last() == 3);
    chat.receive(chat.carl, proof_frame(proof_of(b, a, 7, 10)));

    CHECK(chat.room.held(a.log()).base == Stretch{0, {}, 3, a.head(3)});
    CHECK(chat.room.held(a.log()).forked == 4);
    CHECK(chat.events<Forked>().size() == 1);
}

TEST_CASE("a log that goes lower line by line makes us send few proofs") {
    Chat chat;
    Voice a = branch(200, 1, "a");
    for (Seq place = 200; place > 1; --place) {
        Voice b = branch(place - 1, 1, "b");
        chat.receive(chat.ben, proof_frame(*fork_between(a.run(1, 200), b.run(1, place))));
        chat.pass(50ms);
        chat.drain(chat.carl);
        for (const LinkId link : {chat.ben, chat.carl}) chat.receive(link, {});
    }

    CHECK(chat.proofs_sent(chat.carl).size() <= 6);
    for (int n = 0; n < 70; ++n) {
        chat.pass(1s);
        chat.drain(chat.carl);
        for (const LinkId link : {chat.ben, chat.carl}) chat.receive(link, {});
    }
    CHECK(chat.proofs_sent(chat.carl).back().seq == 2);
}

TEST_CASE("a head that lies costs one question") {
    Chat chat;
    Voice a = branch(4, 2, "a");
    chat.hold(a, 6);
    Frame lie = head_frame(a, 6);
    lie.have.front().base.head = hash_of("a lie");
    chat.receive(chat.carl, lie);
    chat.receive(chat.carl, lie);
    chat.drain(chat.carl);
    int questions = 0;
    for (const Frame& frame : chat.sent[chat.carl])
        questions += static_cast<int>(frame.want.size());
    CHECK(questions == 1);

    chat.receive(chat.carl, frame_of({a.run(1, 6)}));

    CHECK(chat.proofs.empty());
    CHECK(chat.room.held(a.log()).last() == 6);
}

TEST_CASE("somebody else who signs in our name is told of once, and our log goes on") {
    Chat chat;
    Voice me(mid);
    Voice thief(mid, "stolen");
    const auto proof = fork_between(me.run(1, 2), thief.run(1, 2));
    chat.say("one");
    chat.receive(chat.ben, proof_frame(*proof));
    chat.receive(chat.carl, proof_frame(*proof));
    chat.say("two");
    chat.pass(limits::seal_delay);
    chat.drain(chat.ben);

    CHECK(chat.events<Forked>().size() == 1);
    CHECK(chat.events<Forked>()[0].author.id == to_string(me.device()));
    CHECK(chat.lines_sent(chat.ben) == std::vector<Seq>{1, 2});
    CHECK(chat.room.held(chat.own_log()).last() == 2);
}

TEST_CASE("a forked log of the times before is as forked now, and told of no more") {
    Voice a = branch(2, 4, "a");
    Voice b = branch(2, 4, "b");
    store::MemoryStore disk{1};
    REQUIRE(disk.append(a.runs(1, 6), {1}));
    const Extent left = *disk.freeze(proof_of(a, b, 1, 6));
    RoomSettings settings;
    settings.instance = mid;
    settings.key = shared_key_of(500);
    settings.held[a.log()] = {left, left, false};
    Room room(settings, Now{Instant{1h}, {}});
    std::vector<Effect> out;

    room.step(Imported{a.run(1, 6)}, Now{Instant{1h}, {}}, out);

    CHECK(room.held(a.log()) == left);
    CHECK(out.empty());
}

}  // namespace
}  // namespace lanchat::controller::controller_room_forks_test
