// Peers tell each other where others are.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_places_test {
namespace {

Frame places(const std::vector<Endpoint>& where) {
    Frame frame;
    frame.places = where;
    return frame;
}

std::size_t asked(const Scene& scene, LinkId link) {
    const auto sent = scene.sent.find(link);
    return sent == scene.sent.end()
               ? 0
               : static_cast<std::size_t>(std::ranges::count(sent->second, true, &Frame::seeks));
}

TEST_CASE("who is new asks its first peers, and dials whom they name") {
    Scene scene(mid);
    const LinkId link = scene.link_by_us(at(2), high);
    CHECK(asked(scene, link) == 1);
    scene.connects.clear();
    scene.receive(link, places({at(3), at(4), at(1), at(2)}));
    CHECK(scene.connects == std::vector{at(3), at(4)});  // neither ourselves nor who is here
}

TEST_CASE("only few are asked at once, and nobody is heard who was not asked") {
    Scene scene(mid);
    std::vector<LinkId> links;
    for (std::uint8_t n = 0; n < 5; ++n)
        links.push_back(
            scene.link_by_us(at(static_cast<std::uint8_t>(10 + n)), InstanceId{600U + n}));
    CHECK(asked(scene, links[2]) == 1);
    CHECK(asked(scene, links[3]) == 0);
    scene.connects.clear();
    scene.receive(links[3], places({at(3)}));
    CHECK(scene.connects.empty());
    scene.receive(links[0], places({at(3)}));
    scene.receive(links[0], places({at(4)}));
    CHECK(scene.connects == std::vector{at(3)});
}

TEST_CASE("now and then one is asked again") {
    Scene scene(mid);
    const LinkId link = scene.link_by_us(at(2), high);
    scene.receive(link, places({}));
    for (int n = 0; n < 20; ++n) {
        scene.pass(limits::ping_after + 1ms);
        scene.drain(link);
        scene.receive(link, Scene::ack(0));
    }
    CHECK(asked(scene, link) == 2);
}

TEST_CASE("who asks is told of all others, and of those on this machine only if it is there too") {
    const Endpoint here{Ipv4{0x7F000001}, 4566};
    for (const bool asker_is_here : {false, true}) {
        CAPTURE(asker_is_here);
        Scene scene(mid);
        const Endpoint from = asker_is_here ? Endpoint{here.ip, 4567} : at(2);
        const LinkId link = scene.link_by_us(from, high);
        scene.link_by_us(at(3), low);
        scene.link_by_us(here, InstanceId{77});
        scene.legacy_by_us(at(9));
        Frame seeks;
        seeks.seeks = true;
        scene.receive(link, seeks);
        scene.drain(link);
        auto told = scene.last_sent(link).places;
        std::ranges::sort(told);
        auto all = std::vector{at(3), at(9)};
        if (asker_is_here) all.push_back(here);
        CHECK(told == all);
    }
}

}  // namespace
}  // namespace lanchat::controller::controller_room_places_test
