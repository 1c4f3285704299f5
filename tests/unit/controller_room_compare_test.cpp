// A room compares all its logs with each peer: over every new link, and again until both are equal.
#include <doctest/doctest.h>

#include <algorithm>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_compare_test {
namespace {

constexpr InstanceId absent{77};

// Nobody answers a digest but the test.
class Comparing : public Scene {
  public:
    Comparing() { answers_digests = false; }

    std::ptrdiff_t questions(LinkId link) const { return count(link, true); }
    std::ptrdiff_t answers(LinkId link) const { return count(link, false); }
    std::size_t heads(LinkId link) const {
        std::size_t heads = 0;
        for (const Frame& frame : sent.at(link)) heads += frame.have.size();
        return heads;
    }
    Digest last_digest(LinkId link) const {
        std::optional<Digest> last;
        for (const Frame& frame : sent.at(link))
            if (frame.digest) last = frame.digest;
        REQUIRE(last);
        return *last;
    }
    // It holds what we held when we asked it.
    void answer_same(LinkId link) {
        Frame frame;
        frame.digest = Digest{last_digest(link).all, {}, false};
        receive(link, frame);
        drain(link);
    }
    // It differs in these buckets.
    void answer(LinkId link, const Buckets& differ) {
        Frame question;
        question.digest = Digest{{}, {}, true};
        receive(link, question);
        drain(link);
        Frame frame;
        frame.digest = last_digest(link);
        frame.digest->all = {};
        REQUIRE(frame.digest->buckets.size() == digest_buckets);
        for (std::size_t n = 0; n < digest_buckets; ++n)
            if (differ.test(n)) frame.digest->buckets[n] = {};
        ask(link);
        receive(link, frame);
        drain(link);
    }
    // Makes the room ask this peer again.
    void ask(LinkId link) {
        const auto before = questions(link);
        for (int i = 0; i < 100 && questions(link) == before; ++i) {
            pass(100ms);
            receive(link, {});
            drain(link);
        }
        REQUIRE(questions(link) > before);
    }
    // An earlier process of our device said three lines.
    LogId import_own() {
        Voice before(static_cast<std::uint64_t>(mid), InstanceId{499}, WallTime{1'600'000'000'000});
        for (const RunPtr& run : before.runs(1, 3)) give(Imported{run});
        return before.log();
    }

  private:
    std::ptrdiff_t count(LinkId link, bool asks) const {
        return std::ranges::count_if(sent.at(link), [&](const Frame& frame) {
            return frame.digest && frame.digest->asks == asks;
        });
    }
};

TEST_CASE("over a new link all is compared, and who holds the same is told of no log") {
    Comparing scene;
    for (std::uint64_t n = 0; n < 50; ++n)
        scene.give(Imported{Voice(InstanceId{2000 + n}).run(1, 1)});
    const LinkId link = scene.link_by_us(at(2), high);
    CHECK(scene.questions(link) == 1);
    scene.answer_same(link);
    scene.pass(3s);

    CHECK(scene.heads(link) == 0);
    CHECK(scene.questions(link) == 1);
}

TEST_CASE("no news go where it is not told yet what is no news") {
    Comparing scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LinkId other = scene.link_by_us(at(3), low);
    scene.receive(other, Scene::lines(low, 1, 3));
    scene.pass(1s);
    CHECK(scene.heads(link) == 0);

    SUBCASE("until that is told") { scene.answer_same(link); }
    SUBCASE("or it does not answer") {
        scene.pass(limits::news_wait);
        scene.drain(link);
    }
    scene.pass(limits::news_delay);
    CHECK(scene.heads(link) == 1);
}

TEST_CASE("when it has become quiet it is asked again, once") {
    Comparing scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.answer_same(link);
    scene.pass(5s);
    REQUIRE(scene.questions(link) == 1);

    for (Seq n = 1; n <= 10; ++n) {
        scene.receive(link, Scene::lines(high, n, n));
        scene.drain(link);
        scene.pass(1s);
        scene.drain(link);
        CHECK(scene.questions(link) == 1);
    }
    scene.pass(limits::round_settles);
    scene.drain(link);
    CHECK(scene.questions(link) == 2);
    scene.answer_same(link);
    const auto before = scene.sent.at(link).size();
    scene.pass(3s);
    CHECK(scene.sent.at(link).size() == before);
}

TEST_CASE("where it never becomes quiet it is asked all the same") {
    Comparing scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.answer_same(link);
    for (Seq n = 1; n <= 130; ++n) {
        scene.receive(link, Scene::lines(high, n, n));
        scene.drain(link);
        scene.pass(1s);
        scene.drain(link);
    }
    CHECK(scene.questions(link) >= 2);
    CHECK(scene.questions(link) <= 4);
}

TEST_CASE("what was never told as news is found when all is compared") {
    Comparing scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.answer_same(link);
    scene.receive(link, Scene::lines(high, 1, 1));
    scene.drain(link);
    scene.pass(limits::round_settles + 1s);
    scene.drain(link);
    REQUIRE(scene.questions(link) == 2);

    Frame differs;
    differs.digest = Digest{{}, std::vector<ShortHash>(digest_buckets), false};
    scene.receive(link, differs);
    scene.drain(link);
    CHECK(scene.heads(link) == 1);
    CHECK(scene.last_sent(link).listed);
    Frame heads = Scene::have(absent, 2, true);
    heads.listed = true;
    scene.receive(link, heads);
    scene.drain(link);

    CHECK(scene.last_want(link, Voice(absent).log()) == Want{Voice(absent).log(), 0, 2, false});
    scene.receive(link, Scene::lines(absent, 1, 2));
    CHECK(scene.texts_shown().size() == 3);
    CHECK_FALSE(scene.events<Message>().back().history);  // it came after it had told all
}

TEST_CASE("who asks again and again without a reason costs us an answer a second") {
    Comparing scene;
    for (std::uint64_t n = 0; n < 200; ++n)
        scene.give(Imported{Voice(InstanceId{2000 + n}).run(1, 1)});
    const LinkId link = scene.link_by_us(at(2), high);
    scene.answer_same(link);
    scene.pass(3s);
    Frame frame;
    frame.digest = Digest{{}, {}, true};
    frame.differ = ~std::uint64_t{0};
    const auto heads = scene.heads(link);
    for (int i = 0; i < 100; ++i) {
        scene.receive(link, frame);
        scene.drain(link);
        scene.pass(20ms);
        scene.drain(link);
    }
    CHECK(scene.answers(link) <= 3);
    CHECK(scene.heads(link) - heads <= 3 * 200);
}

TEST_CASE("who holds the same as we has all lines of our earlier processes") {
    Comparing scene;
    const LogId log = scene.import_own();
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Watch{{log, 2}});
    CHECK(scene.room.delivery({log, 2})->delivered == 0);

    scene.answer_same(link);
    CHECK(scene.room.delivery({log, 2})->delivered == 1);
    CHECK(scene.events<Delivery>().back().count.delivered == 1);
    scene.give(Watch{{log, 3}});  // and what is watched later
    CHECK(scene.room.delivery({log, 3})->delivered == 1);
}

TEST_CASE("a bucket that is the same counts for our lines in it") {
    Comparing scene;
    const LogId log = scene.import_own();
    scene.give(Imported{Voice(absent).run(1, 1)});
    const std::size_t ours = bucket_of(log);
    const std::size_t others = bucket_of(Voice(absent).log());
    REQUIRE(ours != others);
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Watch{{log, 2}});

    SUBCASE("another bucket differs") {
        scene.answer(link, Buckets{}.set(others));
        CHECK(scene.room.delivery({log, 2})->delivered == 1);
    }
    SUBCASE("their bucket differs") {
        scene.answer(link, Buckets{}.set(ours));
        CHECK(scene.room.delivery({log, 2})->delivered == 0);
    }
}

TEST_CASE("who holds a part of what we said has that part, though all ends alike") {
    Comparing scene;
    const LogId log = scene.import_own();
    const LinkId link = scene.link_by_us(at(2), high);
    for (const Seq seq : {Seq{2}, Seq{3}}) scene.give(Watch{{log, seq}});
    Frame part;
    part.listing = true;
    part.have.push_back({log, {2, 3, {}}, {}, {}});
    part.digest = Digest{scene.last_digest(link).all, {}, false};
    scene.receive(link, part);
    scene.drain(link);

    CHECK(scene.room.delivery({log, 2})->delivered == 0);
    CHECK(scene.room.delivery({log, 3})->delivered == 1);
    scene.pass(limits::news_delay);
    scene.drain(link);
    REQUIRE(scene.heads(link) == 1);  // it learns who has the rest
    CHECK(scene.last_sent(link).have.front().base.after == 0);
}

TEST_CASE("the question over a new link tells how far our log goes, for its lines follow at once") {
    Comparing scene;
    scene.say("said before");
    scene.pass(limits::seal_delay);
    const LinkId link = scene.link_by_us(at(2), high);

    const auto asks = [](const Frame& frame) { return frame.digest && frame.digest->asks; };
    const auto first = std::ranges::find_if(scene.sent.at(link), asks);
    REQUIRE(first != scene.sent.at(link).end());
    CHECK(first->listing);
    REQUIRE(first->have.size() == 1);
    CHECK(first->have[0].log == scene.own_log());
    CHECK(first->have[0].base.last == 1);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_compare_test
