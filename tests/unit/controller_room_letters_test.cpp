// Direct messages: two devices hear of them, and nobody else.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_letters_test {
namespace {

using Texts = std::vector<std::string>;

DeviceId device_of(InstanceId who) { return Voice(who).device(); }

// What `who` says to `to` alone, in a log of its own.
Voice letters(InstanceId who, InstanceId to, std::uint64_t epoch = 5) {
    return Voice(static_cast<std::uint64_t>(who), InstanceId{epoch}, WallTime{1'700'000'000'000})
        .to(device_of(to));
}

Head head_of(Voice& voice, Seq seq) { return {voice.log(), {0, seq, voice.head(seq)}, {}, {}}; }

Frame with(std::vector<RunPtr> runs) {
    Frame frame;
    frame.runs = std::move(runs);
    return frame;
}

// We are `mid`; `high` and `low` are linked with us.
struct Three : Scene {
    explicit Three(bool tls = true) : Scene(mid, true, tls) {}

    LinkId bob = link_by_us(at(2), high);
    LinkId carl = link_by_them(at(3), low);

    void tell(const std::string& text, const std::string& said_id = {}, bool watched = false) {
        give(Say{"general", text, said_id, watched, device_of(high)});
        pass(limits::seal_delay);
    }
    LogId to_bob() const { return room.next_line_to(device_of(high)).log; }

    Texts letters_on(LinkId link) const {
        Texts texts;
        for (const Frame& frame : sent.at(link))
            for (const RunPtr& run : frame.runs)
                for (const auto& item : run->items())
                    if (item.entry().log.is_direct()) texts.push_back(item.entry().text);
        return texts;
    }
    std::size_t heads_on(LinkId link) const {
        std::size_t count = 0;
        for (const Frame& frame : sent.at(link))
            count += static_cast<std::size_t>(std::ranges::count_if(
                frame.have, [](const Head& head) { return head.log.is_direct(); }));
        return count;
    }
    // Time enough for all that is owed to go out.
    void settle() {
        for (int n = 0; n < 20; ++n) {
            pass(500ms);
            drain(bob);
            drain(carl);
        }
    }
};

TEST_CASE("a direct message goes to one device, and nothing of it to anybody else") {
    Three scene;
    scene.tell("just us");
    scene.tell("two");
    scene.settle();

    CHECK(scene.letters_on(scene.bob) == Texts{"just us", "two"});
    CHECK(scene.letters_on(scene.carl).empty());
    CHECK(scene.heads_on(scene.carl) == 0);
    const auto shown = scene.events<Message>();
    REQUIRE(shown.size() == 2);
    REQUIRE(shown.front().to);
    CHECK(shown.front().own);
    CHECK(shown.front().to->id == to_string(device_of(high)));
    CHECK(shown.front().id == message_id(scene.to_bob(), 1));
}

TEST_CASE("a name that was written to directly is not handed to another key") {
    Three scene;
    scene.tell("just us");
    CHECK(scene.room.people().find(device_of(high))->messaged);
    scene.lose(scene.bob);
    scene.pass(10s);
    CHECK(scene.room.about(device_of(high)).name == "you");

    const InstanceId thief{7};
    scene.link_by_us(at(4), thief);  // also called "you"

    REQUIRE(scene.events<KeyChanged>().size() == 1);
    CHECK(scene.events<KeyChanged>().front().known.id == to_string(device_of(high)));
    CHECK_FALSE(find_person("you", scene.room.candidates(false), OnKeyChange::block));
}

TEST_CASE("no digest tells of direct messages") {
    Scene quiet(mid, true, true);
    Three scene;
    const auto all_of = [](const Scene& one) {
        ShortHash all;
        for (const auto& [link, frames] : one.sent)
            for (const Frame& frame : frames)
                if (frame.digest) all = frame.digest->all;
        return all;
    };
    const LinkId link = quiet.link_by_us(at(2), high);
    quiet.pass(10s);
    quiet.drain(link);
    scene.tell("just us");
    scene.settle();

    CHECK(all_of(scene) == all_of(quiet));
}

TEST_CASE("a direct message leaves once it is on our disk") {
    Three scene;
    scene.disk_is_quick = false;
    scene.tell("just us");
    scene.drain(scene.bob);
    CHECK(scene.letters_on(scene.bob).empty());

    scene.flush();

    CHECK(scene.letters_on(scene.bob) == Texts{"just us"});
}

TEST_CASE("its audience is one device, here or away") {
    Three scene;
    scene.lose(scene.bob);
    scene.pass(10s);
    scene.tell("when you are back", {}, true);
    const LineId line{scene.to_bob(), 1};
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 1, 0});

    const LinkId again = scene.link_by_us(at(2), high);
    scene.pass(500ms);
    scene.drain(again);
    REQUIRE(std::ranges::any_of(scene.sent[again], [&](const Frame& frame) {
        return frame.listing && std::ranges::any_of(frame.have, [&](const Head& head) {
                   return head.log == line.log && head.base.last == 1;
               });
    }));
    scene.receive(again, Scene::want(line.log, 0, 1));
    scene.drain(again);
    REQUIRE(scene.fetches.size() == 1);
    scene.give(Fetched{again, line.log, *scene.disk.runs(line.log, 0, 9, 9'999)});
    scene.drain(again);
    CHECK(scene.letters_on(again) == Texts{"when you are back"});

    Frame told;
    told.have.push_back({line.log, {0, 1, scene.disk.holdings()->back().extent.head()}, {}, {}});
    told.lacks = {{line.log, {{0, 1}}}};
    scene.receive(again, told);
    CHECK(scene.room.delivery(line) == DeliveryCount{0, 1, 0});  // it has the entry alone

    told.lacks = {{line.log, {}}};
    scene.receive(again, told);
    CHECK(scene.room.delivery(line) == DeliveryCount{1, 1, 0});
}

TEST_CASE("a direct message for us is shown once and acknowledged to its author alone") {
    Three scene;
    Voice voice = letters(high, mid);
    scene.receive(scene.bob, with({voice.say({"psst"})}));
    scene.receive(scene.bob, with({voice.run(1, 1)}));
    scene.settle();

    const auto shown = scene.events<Message>();
    REQUIRE(shown.size() == 1);
    CHECK(shown.front().text == "psst");
    REQUIRE(shown.front().to);
    CHECK(shown.front().to->name == "me");
    CHECK(shown.front().from.address == at(2));
    CHECK(scene.heads_on(scene.bob) == 1);
    CHECK(scene.heads_on(scene.carl) == 0);
}

TEST_CASE("our own direct messages come back from the one they were for") {
    Three scene;
    Voice before = letters(mid, high, 4);
    Frame told;
    told.have.push_back(head_of(before, 2));
    scene.receive(scene.bob, told);
    scene.pass(limits::pull_delay);
    scene.drain(scene.bob);
    REQUIRE(scene.last_want(scene.bob, before.log()));
    scene.receive(scene.bob, with({before.run(1, 2)}));

    CHECK(scene.events<Message>().size() == 2);
    CHECK(scene.events<Message>().front().own);
}

TEST_CASE("the first line of a direct log names the one before it to the same device") {
    Three scene;
    Voice before = letters(mid, high, 4);
    Voice other = letters(mid, low, 3);
    scene.receive(scene.bob, with({before.run(1, 3)}));
    scene.receive(scene.carl, with({other.run(1, 7)}));
    scene.tell("again");
    scene.tell("and again");

    const RunPtr first = *std::ranges::find_if(
        scene.appended, [&](const RunPtr& run) { return run->log() == scene.to_bob(); });
    CHECK(first->items().front().entry().previous == Ended{Epoch{4}, 3, before.head(3)});
    CHECK_FALSE(scene.appended.back()->items().front().entry().previous);
}

TEST_CASE("who speaks of direct messages of others is cut off, whatever it says") {
    Voice theirs = letters(high, low);
    Voice to_us = letters(high, mid);
    const RunPtr said = theirs.say({"not for you"});
    const RunPtr for_us = to_us.say({"for you"});
    std::vector<Frame> frames(5);
    frames[0].runs = {said};
    frames[1].have = {head_of(theirs, 1)};
    frames[2].want = {{theirs.log(), 0, 1, false}};
    frames[3].runs = {for_us};  // from its author alone
    frames[4].want = {{to_us.log(), 0, 1, false}};
    for (const Frame& frame : frames) {
        Three scene;
        scene.receive(scene.bob, with({for_us}));
        const auto shown = scene.events<Message>().size();
        scene.receive(scene.carl, frame);

        CHECK(scene.dropped.contains(scene.carl));
        CHECK(scene.events<Message>().size() == shown);
        CHECK(scene.letters_on(scene.carl).empty());
        CHECK(scene.fetches.empty());
        CHECK(scene.room.held(theirs.log()).size() == 0);
    }
}

TEST_CASE("a fork of a direct log is proven to the other of the two alone") {
    Three scene;
    Voice voice = letters(high, mid);
    Voice twin = letters(high, mid);
    scene.receive(scene.bob, with({voice.say({"yes"})}));
    Frame proof;
    proof.proofs = {*fork_between(voice.run(1, 1), twin.say({"no"}))};
    scene.receive(scene.bob, proof);
    scene.settle();

    CHECK(scene.events<Forked>().size() == 1);
    const auto& frames = scene.sent[scene.carl];
    CHECK(std::ranges::all_of(frames, [](const Frame& frame) { return frame.proofs.empty(); }));
    CHECK(scene.heads_on(scene.carl) == 0);
}

TEST_CASE("over a link that others can read no direct messages go") {
    Three scene(false);
    Voice voice = letters(high, mid);
    scene.tell("just us");
    scene.settle();
    CHECK(scene.letters_on(scene.bob).empty());
    CHECK(scene.heads_on(scene.bob) == 0);

    scene.receive(scene.bob, with({voice.say({"psst"})}));
    CHECK(scene.dropped.contains(scene.bob));
}

TEST_CASE("nobody sends a legacy peer direct messages, and nothing is said to oneself") {
    Three scene;
    const LinkId legacy = scene.legacy_by_them(at(4));
    scene.tell("just us");
    scene.give(Say{"general", "me", {}, false, device_of(mid)});
    scene.settle();

    CHECK(std::ranges::count(scene.msgs_sent(legacy), "just us") == 0);
    CHECK(scene.events<Message>().size() == 1);
}

TEST_CASE("direct messages of a full frame and more arrive in order") {
    Three scene;
    const std::string large(20'000, 'x');
    for (int n = 0; n < 40; ++n) scene.tell(large + std::to_string(n));
    scene.drain(scene.bob);

    Seq next = 1;
    for (const Frame& frame : scene.sent[scene.bob]) {
        std::size_t bytes = 0;
        for (const RunPtr& run : frame.runs) {
            bytes += run->byte_count();
            CHECK(run->first() == next);
            next = run->last() + 1;
        }
        CHECK(bytes <= limits::frame_bytes_target);
    }
    CHECK(next > 20);
    scene.pass(1s);  // what did not fit the window is told, and asked for
    scene.drain(scene.bob);
    CHECK(scene.heads_on(scene.bob) >= 1);
}

TEST_CASE("who leaves waits until direct messages are where they belong") {
    Three scene;
    scene.give(Swept{});
    scene.tell("just us");
    scene.give(EndOfInput{5s});
    scene.pass(1s);
    CHECK_FALSE(scene.ended(scene.bob));

    Frame told;
    told.have.push_back(
        {scene.to_bob(), {0, 1, scene.disk.holdings()->back().extent.head()}, {}, {}});
    scene.receive(scene.bob, told);
    scene.drain(scene.bob);

    CHECK(scene.ended(scene.bob));
}

}  // namespace
}  // namespace lanchat::controller::controller_room_letters_test
