// Lines that are shown before they are proven: what is shown, and that nothing else comes of them.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_glimpses_test {
namespace {

// The only run of that frame.
UnprovenRun unproven(const Frame& frame) {
    return *UnprovenRun::read(unverified(*frame.runs.front()));
}

// What has been sent over that link, and kept, so far.
std::pair<std::size_t, std::size_t> consequences(const Scene& scene, LinkId link) {
    return {scene.sent.at(link).size(), scene.appended.size()};
}

std::vector<std::string> glimpsed(const Scene& scene) {
    std::vector<std::string> texts;
    for (const auto& glimpse : scene.events<Glimpse>()) texts.push_back(glimpse.message.text);
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a line of its author's own link is shown early, and once more when it is proven") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const auto before = consequences(scene, link);
    const Frame frame = Scene::lines(high, 1, 2);

    scene.give(Glimpsed{link, unproven(frame)});
    CHECK(glimpsed(scene) == Texts{"line 1", "line 2"});
    CHECK(scene.texts_shown().empty());
    CHECK(consequences(scene, link) == before);
    scene.receive(link, frame);

    CHECK(scene.texts_shown() == Texts{"line 1", "line 2"});
    CHECK(scene.events<Withdrawn>().empty());
    const auto early = scene.events<Glimpse>();
    const auto proven = scene.events<Message>();
    for (std::size_t n = 0; n < 2; ++n) {
        CHECK(early[n].message.id == proven[n].id);
        CHECK(early[n].message.from == proven[n].from);
        CHECK(early[n].message.line == proven[n].line);
        CHECK(early[n].message.late == proven[n].late);
    }
    scene.give(Glimpsed{link, unproven(frame)});
    CHECK(glimpsed(scene).size() == 2);  // it is here already
}

TEST_CASE(
    "a line that is not proven is withdrawn, and that key's lines are proven first from then on") {
    Scene scene;
    LinkId link = scene.link_by_us(at(2), high);
    const auto before = consequences(scene, link);

    scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    scene.lose(link);

    const auto withdrawn = scene.events<Withdrawn>();
    REQUIRE(withdrawn.size() == 1);
    CHECK(withdrawn.front().id == scene.events<Glimpse>().front().message.id);
    CHECK(withdrawn.front().by.id == to_string(Voice(high).device()));
    CHECK(consequences(scene, link) == before);

    link = scene.link_by_them(at(2), high);
    scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    CHECK(glimpsed(scene).size() == 1);
    scene.receive(link, Scene::lines(high, 1, 1));
    CHECK(scene.texts_shown() == Texts{"line 1"});

    const LinkId other = scene.link_by_us(at(3), low);
    scene.give(Glimpsed{other, unproven(Scene::lines(low, 1, 1))});
    CHECK(glimpsed(scene).size() == 2);
}

TEST_CASE("with too many keys that did not prove what was shown, nobody's lines are shown before") {
    Scene scene;
    const auto glimpse = [&](std::uint16_t n) {
        const InstanceId who{1'000U + n};
        const LinkId link = scene.link_by_them(at(2, n), who);
        scene.give(Glimpsed{link, unproven(Scene::lines(who, 1, 1))});
        return link;
    };
    for (std::uint16_t n = 1; n <= limits::doubted_max; ++n) scene.lose(glimpse(n));
    CHECK(scene.events<Withdrawn>().size() == limits::doubted_max);

    glimpse(limits::doubted_max + 1);
    CHECK(glimpsed(scene).size() == limits::doubted_max);
}

TEST_CASE("what is not taken once it is proven is withdrawn, and nobody is blamed") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    scene.receive(link, {});
    CHECK(scene.events<Withdrawn>().size() == 1);
    scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    CHECK(glimpsed(scene).size() == 2);
}

TEST_CASE("what would be shown otherwise once it is proven is not shown before") {
    Scene scene;
    const LinkId link = scene.link_by_us(at(2), high);
    const LinkId other = scene.link_by_us(at(3), low);
    SUBCASE("somebody else brings it") {
        scene.give(Glimpsed{other, unproven(Scene::lines(high, 1, 1))});
    }
    SUBCASE("something is missing before it") {
        scene.give(Glimpsed{link, unproven(Scene::lines(high, 2, 2))});
    }
    SUBCASE("it was said before its author came") {
        scene.receive(link, Scene::have(high, 3, true));
        scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    }
    SUBCASE("its author is blocked") {
        scene.give(Block{Voice(high).device(), true});
        scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    }
    SUBCASE("nothing is read") {
        scene.give(Receive{false});
        scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    }
    SUBCASE("the link is lost already") {
        scene.lose(link);
        scene.give(Glimpsed{link, unproven(Scene::lines(high, 1, 1))});
    }
    CHECK(glimpsed(scene).empty());
    CHECK(scene.events<Withdrawn>().empty());
}

}  // namespace lanchat::controller::controller_room_glimpses_test
