// What the simulator found in what rooms tell each other of their logs.
#include <doctest/doctest.h>

#include <algorithm>

#include "message/limits.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller {
namespace {

// The heads of `count` logs that nobody has, as part of a listing.
Frame inventions(std::uint64_t count) {
    Frame frame;
    for (std::uint64_t i = 0; i < count; ++i) {
        const LogId log{Voice(InstanceId{7}).device(), Epoch{i}};
        frame.have.push_back({log, 9, hash_of("nothing"), 0});
    }
    frame.listing = true;
    return frame;
}

std::ptrdiff_t questions(const Scene& scene, LinkId link, const LogId& log) {
    std::ptrdiff_t count = 0;
    const auto sent = scene.sent.find(link);
    if (sent == scene.sent.end()) return 0;
    for (const Frame& frame : sent->second)
        count += std::ranges::count(frame.want, log, &Want::log);
    return count;
}

std::ptrdiff_t all_questions(const Scene& scene, LinkId link) {
    std::ptrdiff_t count = 0;
    for (const Frame& frame : scene.sent.at(link)) count += std::ssize(frame.want);
    return count;
}

// Time passes, and everybody answers pings.
void pass_alive(Scene& scene, Duration time, const std::vector<LinkId>& links) {
    for (; time > Duration{0}; time -= 1s) {
        scene.pass(1s);
        for (const LinkId link : links) {
            scene.drain(link);
            scene.receive(link, {});
        }
    }
}

TEST_CASE("who announces logs and gives none does not keep us from asking others") {
    Scene scene;
    const LinkId withholder = scene.link_by_us(at(2), low);
    const LinkId honest = scene.link_by_us(at(3), high);
    scene.receive(withholder, inventions(2 * limits::pulls_max));
    scene.drain(withholder);

    const InstanceId absent{77};
    scene.receive(honest, Scene::have(absent, 3, true));
    pass_alive(scene, limits::pull_timeout + 2s, {withholder, honest});

    CHECK(questions(scene, honest, Voice(absent).log()) >= 1);
}

TEST_CASE("who let us wait is asked one question at a time until it answers") {
    Scene scene;
    const LinkId withholder = scene.link_by_us(at(2), low);
    scene.receive(withholder, inventions(2 * limits::pulls_max));
    scene.drain(withholder);
    const auto at_first = all_questions(scene, withholder);

    pass_alive(scene, 4 * limits::pull_timeout, {withholder});

    CHECK(at_first == std::ssize(std::vector<int>(limits::pulls_max)));
    CHECK(all_questions(scene, withholder) - at_first <= 5);
}

TEST_CASE("who answers after all is asked for everything again") {
    Scene scene;
    const InstanceId absent{77};
    const LinkId slow = scene.link_by_us(at(2), low);
    scene.receive(slow, Scene::have(absent, 3, true));
    scene.receive(slow, inventions(limits::pulls_max / 2));
    pass_alive(scene, limits::pull_timeout + 2s, {slow});

    scene.receive(slow, Scene::lines(absent, 1, 3));
    const auto before = all_questions(scene, slow);
    pass_alive(scene, 2 * limits::pull_timeout, {slow});

    CHECK(all_questions(scene, slow) - before >=
          std::ssize(std::vector<int>(limits::pulls_max)) / 2);
}

}  // namespace
}  // namespace lanchat::controller
