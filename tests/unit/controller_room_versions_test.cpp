// What other versions say: runs of the one before, and kinds of entries that are still to come.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_versions_test {
namespace {

using Texts = std::vector<std::string>;

Frame frame_of(const std::vector<RunPtr>& runs) {
    Frame frame;
    frame.runs = runs;
    return frame;
}

// An author, and a neighbour that it cannot reach.
struct Chat : Scene {
    LinkId author = link_by_us(at(2), high);
    LinkId neighbour = link_by_us(at(3), low);

    void hear(const RunPtr& run) {
        receive(author, frame_of({run}));
        drain(author);
        pass(limits::news_delay);
        drain(neighbour);
    }
    // The runs that the neighbour is given when it asks for all of a log.
    std::vector<RunPtr> given(const LogId& log, Seq last) {
        receive(neighbour, want(log, 0, last));
        give(Fetched{neighbour, log, appended});
        return last_sent(neighbour).runs;
    }
};

// In fewer runs, as far as they are of one version.
void check_same(const std::vector<RunPtr>& given, const std::vector<RunPtr>& said) {
    const auto fewer = joined(said);
    REQUIRE(given.size() == fewer.size());
    for (std::size_t n = 0; n < fewer.size(); ++n) {
        CHECK(unverified(*given[n]).entries == unverified(*fewer[n]).entries);
        CHECK(unverified(*given[n]).bodies == unverified(*fewer[n]).bodies);
        CHECK(given[n]->signature() == fewer[n]->signature());
    }
}

TEST_CASE("lines of version 1 are shown, kept, acknowledged and given, and what follows them") {
    Chat chat;
    Voice voice = Voice(high).of_version_1();
    const RunPtr old = voice.say({"one", "two"});
    voice.learn_newest();
    const RunPtr now = voice.say({"three"});

    chat.hear(old);
    CHECK(chat.texts_shown() == Texts{"one", "two"});
    chat.hear(now);

    CHECK(chat.texts_shown() == Texts{"one", "two", "three"});
    CHECK(chat.received_sent(chat.author) == Seq{3});
    CHECK(chat.room.held(voice.log()).base == Stretch{0, {}, 3, voice.head(3)});
    check_same(chat.given(voice.log(), 3), {old, now});
}

TEST_CASE("who says today what it said in version 1 is proven to have said it twice") {
    Chat chat;
    Voice old = Voice(high).of_version_1();
    Voice now = Voice(high);
    chat.hear(old.run(1, 3));
    CHECK(chat.proofs.empty());

    chat.receive(chat.author, frame_of({now.run(1, 3)}));

    REQUIRE(chat.proofs.size() == 1);
    CHECK(chat.proofs.front().seq == 1);
    CHECK(chat.events<Forked>().size() == 1);
}

TEST_CASE("branches of version 1 are still proven to be a fork") {
    Chat chat;
    Voice one = Voice(high).of_version_1();
    Voice other = Voice(high).of_version_1();
    chat.hear(one.run(1, 3));
    other.run(1, 1);
    other.say({"something else"});

    chat.receive(chat.author, frame_of({other.run(1, 2)}));

    REQUIRE(chat.proofs.size() == 1);
    CHECK(chat.proofs.front().seq == 2);
    CHECK(chat.proofs.front().a->is_of_version_1());
    CHECK(chat.proofs.front().b->is_of_version_1());
}

TEST_CASE("what says nothing to us is kept, acknowledged and given, and shown to nobody") {
    Chat chat;
    Voice voice(high);
    const std::vector<RunPtr> said{
        voice.say({"one"}),
        voice.utter(test::varint_field(2, 7) + test::field(16, "later"), "what for?"),
        voice.utter("", "no body"), voice.utter("", std::string(16, 's') + test::field(1, "\xff")),
        voice.say({"two"})};
    for (const RunPtr& run : said) chat.hear(run);

    CHECK(chat.texts_shown() == Texts{"one", "two"});
    CHECK(chat.received_sent(chat.author) == Seq{5});
    CHECK(chat.room.held(voice.log()).base == Stretch{0, {}, 5, voice.head(5)});
    check_same(chat.given(voice.log(), 5), said);
}

TEST_CASE("a line is told with its marks, and signed with them") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    Marks marks;
    marks.via = Via{"Zoë", "irc", {1, 2}};
    marks.reply_to = LineId{Voice(high).log(), 3};
    marks.urgent = marks.action = true;
    Say say{"general", "waves"};
    say.marks = marks;
    scene.give(say);

    const auto check_shown = [&](const Message& message) {
        CHECK(message.via == marks.via);
        CHECK(message.reply_to == message_id(*marks.reply_to));
        CHECK(message.urgent);
        CHECK(message.action);
    };
    check_shown(scene.said().back());
    const auto& sent = scene.last_sent(link);
    REQUIRE(sent.runs.size() == 1);
    CHECK(sent.runs.front()->items().front().entry().marks == marks);

    const RunPtr& run = sent.runs.front();
    Scene other(high);
    const LinkId back = other.link_by_us(at(2), mid);
    other.receive(back, frame_of({run}));
    REQUIRE(other.events<Message>().size() == 1);
    check_shown(other.events<Message>().back());
}

TEST_CASE("two lines that say the same have bodies of different salts") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.say("yes");
    scene.drain(link);
    scene.say("yes");
    scene.drain(link);
    std::vector<BodyName> names;
    for (const RunPtr& run : scene.appended)
        for (const auto& item : run->items()) names.push_back(item.body_name);
    REQUIRE(names.size() == 2);
    CHECK(names[0] != names[1]);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_versions_test
