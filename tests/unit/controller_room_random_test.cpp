// Whatever comes in whatever order: the room neither crashes nor breaks its contract.
#include <doctest/doctest.h>

#include "message/limits.hpp"
#include "message/rng.hpp"
#include "tests/unit/controller_scene.hpp"

namespace lanchat::controller::controller_room_random_test {
namespace {

// Draws inputs without any sense, with links that exist, existed and never did.
class Chaos {
  public:
    Chaos(Scene& scene, std::uint64_t seed) : scene_(scene), rng_(seed) {}

    void act() {
        switch (rng_.below(18)) {
            case 0:
                return void(scene_.give(Sighted{where()}));
            case 1:
                return void(scene_.give(Unreachable{where()}));
            case 2:
                return void(scene_.give(Swept{}));
            case 3:
                links_.push_back(LinkId{2 * links_.size() + 1});
                return void(scene_.give(Accepted{links_.back(), where()}));
            case 4:
                return scene_.lose(link(), rng_.below(2) == 0 ? End::refused : End::broken);
            case 5:
                return void(scene_.give(Probed{link(), rng_.below(2) == 0}));
            case 6:
                return scene_.say("something");
            case 7:
                return void(scene_.give(Receive{rng_.below(3) > 0}));
            case 8:
                return rare();
            case 9:
            case 10:
                return drain();
            case 11:
                return scene_.sleep(Duration{static_cast<Duration::rep>(rng_.below(3'000'000))});
            case 12:
                return void(scene_.give(Wake{}));
            case 13:
                return answer();
            default:
                return scene_.receive(link(), frame());
        }
    }

  private:
    Endpoint where() {
        return at(static_cast<std::uint8_t>(1 + rng_.below(4)),
                  static_cast<std::uint16_t>(4565 + rng_.below(2)));
    }
    LinkId link() {
        if (!scene_.dials.empty() && rng_.below(2) == 0)
            return scene_.dials[rng_.below(scene_.dials.size())].link;
        if (!links_.empty()) return links_[links_.size() - 1 - rng_.below(links_.size()) / 4];
        return LinkId{rng_.below(9)};
    }
    void drain() {
        if (scene_.busy.empty()) return void(scene_.give(Drained{LinkId{rng_.below(20)}}));
        auto free = scene_.busy.begin();
        std::advance(free, static_cast<long>(rng_.below(scene_.busy.size())));
        scene_.give(Drained{*free});
    }
    // The disk did something, or says that it did.
    void answer() {
        if (rng_.below(4) == 0) scene_.disk_is_quick = !scene_.disk_is_quick;
        if (rng_.below(2) == 0) return scene_.flush();
        const auto which = voices_[rng_.below(5)].runs(1, 1 + rng_.below(9));
        if (scene_.fetches.empty() || rng_.below(8) == 0)
            return void(scene_.give(Fetched{link(), which.front()->log(), which}));
        const Fetch fetch = scene_.fetches[rng_.below(scene_.fetches.size())];
        scene_.give(
            Fetched{fetch.link, fetch.want.log, rng_.below(2) == 0 ? which : decltype(which){}});
    }
    void rare() {
        const auto luck = rng_.below(60);
        if (luck == 0) scene_.give(Leave{});
        if (luck == 1) scene_.give(EndOfInput{std::nullopt});
        if (luck == 2)
            scene_.give(EndOfInput{Duration{static_cast<Duration::rep>(rng_.next() >> 30)}});
    }
    Frame frame() {
        static const std::string words[] = {"", "ok", "10.0.0.2:4565", "10.0.0.1:4565", "text"};
        Frame frame;
        frame.msg = words[rng_.below(5)];
        if (rng_.below(2) == 0)
            frame.hello = Scene::hello(InstanceId{498 + rng_.below(5)}, rng_.below(4));
        if (rng_.below(2) == 0) frame.received = ack();
        if (rng_.below(6) == 0) frame.ping = Ping{1, rng_.below(2) == 0};
        if (rng_.below(12) == 0) frame.bye = static_cast<Bye>(rng_.below(5));
        if (rng_.below(3) == 0) {
            const Seq first = 1 + rng_.below(20);
            const auto more = rng_.below(4);
            frame.runs = voices_[rng_.below(5)].runs(first, first + more);
        }
        if (rng_.below(8) == 0) {
            frame.listing = rng_.below(2) == 0;
            frame.have.push_back(head());
        }
        if (rng_.below(8) == 0) compare(frame);
        if (rng_.below(8) == 0)
            frame.want.push_back({log(), rng_.below(9), rng_.below(2000), rng_.below(2) == 0});
        if (rng_.below(8) == 0)
            frame.linked =
                Linked{rng_.below(3), nodes_of({some_instance()}), nodes_of({some_instance()})};
        return frame;
    }
    void compare(Frame& frame) {
        frame.digest = Digest{{}, {}, rng_.below(2) == 0};
        if (rng_.below(2) == 0) frame.digest->buckets.resize(digest_buckets);
        if (rng_.below(2) == 0) frame.differ = rng_.next();
        frame.listed = rng_.below(4) == 0;
    }
    Ack ack() {
        const Seq after = rng_.below(2) * rng_.below(9);
        return {after, after + (rng_.below(3) == 0 ? rng_.next() / 2 : rng_.below(9))};
    }
    Head head() {
        const Seq after = rng_.below(2) * rng_.below(30);
        const Span base{after, after + 1 + rng_.below(40), {}};
        Head head{log(), base, std::nullopt, Clock{rng_.next()}};
        if (rng_.below(3) == 0) head.tail = {base.last + 1 + rng_.below(9), base.last + 20, {}};
        return head;
    }
    InstanceId some_instance() { return InstanceId{498 + rng_.below(5)}; }
    LogId log() { return rng_.below(3) == 0 ? scene_.own_log() : voices_[rng_.below(5)].log(); }

    Scene& scene_;
    Rng rng_;
    std::vector<Voice> voices_{Voice(InstanceId{498}), Voice(InstanceId{499}), Voice(mid),
                               Voice(InstanceId{501}), Voice(InstanceId{502})};
    std::vector<LinkId> links_;
};

TEST_CASE("random inputs never crash a room or make it send twice at once") {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        CAPTURE(seed);
        Scene scene(mid, seed % 4 != 0);  // its own checks are the test
        Chaos chaos(scene, seed);
        for (int i = 0; i < 400; ++i) chaos.act();
        scene.pass(30s);

        std::set<std::string> ids;
        for (const Message& message : scene.events<Message>())
            REQUIRE(ids.insert(message.id).second);
        REQUIRE(scene.room.peers().linked().size() <= scene.room.peers().size());
    }
}

TEST_CASE("the same inputs have the same effects") {
    std::vector<std::size_t> effects[2];
    for (auto& run : effects) {
        Scene scene;
        Chaos chaos(scene, 42);
        for (int i = 0; i < 2000; ++i) chaos.act();
        for (const auto& [link, frames] : scene.sent) run.push_back(frames.size());
        run.push_back(scene.notified.size());
        run.push_back(scene.connects.size());
        for (const Dial& dial : scene.dials) run.push_back(dial.hello.nonce);
    }

    CHECK(effects[0] == effects[1]);
}

}  // namespace
}  // namespace lanchat::controller::controller_room_random_test
