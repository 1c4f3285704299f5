// Random valid frames at random times.
#include "tests/sim/stranger.hpp"

#include "message/limits.hpp"
#include "message/wire.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

Stranger::Stranger(Surroundings& around, StrangerSettings settings)
    : around_(around), settings_(settings), rng_(settings_.seed) {
    if (!settings_.target) {
        around_.network.listen(settings_.self, *this);
        return;
    }
    const Plug plug = around_.network.dial(*this, settings_.self.ip, *settings_.target);
    heard_[plug] = 0;
    greet(plug);
}

void Stranger::die() {
    alive_ = false;
    around_.network.crash(*this, false);
}

void Stranger::accepted(Plug plug, Endpoint) { heard_[plug] = 0; }

void Stranger::arrived(Plug plug, const std::string& bytes) {
    if (settings_.reads) around_.network.consumed(plug, bytes.size());
    const auto it = heard_.find(plug);
    if (!alive_ || it == heard_.end()) return;
    const bool first = it->second++ == 0;
    if (first && plug.side == 1) answer(plug);
    const auto frame = decode(bytes);
    if (settings_.polite && frame) {
        Frame reply;
        if (frame->ping && !frame->ping->reply) reply.ping = Ping{frame->ping->nonce, true};
        if (first || !frame->lines.empty())
            reply.received = frame->lines.empty() ? 0 : frame->lines.back().seq;
        if (reply.ping || reply.received) around_.network.send(plug, encode(reply));
    }
    if (first) babble(plug, settings_.frames);
}

void Stranger::ended(Plug plug, End) { heard_.erase(plug); }

void Stranger::greet(Plug plug) {
    Frame frame;
    frame.msg = to_string(settings_.self);
    frame.hello = hello();
    if (settings_.greeting == Greeting::silence) return;
    if (settings_.greeting == Greeting::garbage) frame = random_frame();
    around_.network.send(plug, encode(frame));
    if (!settings_.polite) babble(plug, settings_.frames);  // without waiting for an answer
}

void Stranger::answer(Plug plug) {
    Frame frame;
    frame.msg = "ok";
    frame.hello = hello();
    if (frame.hello) frame.received = rng_.below(3);
    if (settings_.greeting == Greeting::silence) return;
    if (settings_.greeting == Greeting::garbage) frame = random_frame();
    around_.network.send(plug, encode(frame));
}

void Stranger::babble(Plug plug, int frames) {
    if (frames <= 0) return;
    const Duration pause{static_cast<Duration::rep>(rng_.below(300'000))};
    around_.schedule.after(pause, [this, plug, frames] {
        if (!alive_ || !heard_.contains(plug)) return;
        const auto mood = rng_.below(40);
        if (mood == 0) return around_.network.reset(plug);
        if (mood == 1) return around_.network.finish(plug);
        around_.network.send(plug, encode(random_frame()));
        babble(plug, frames - 1);
    });
}

Frame Stranger::random_frame() {
    static constexpr const char* words[] = {"", "ok", "hi", "10.0.0.1:4565", "not an address"};
    Frame frame;
    frame.msg = words[rng_.below(5)];
    if (rng_.below(4) == 0) frame.hello = hello();
    if (rng_.below(3) == 0) frame.received = rng_.below(2) == 0 ? rng_.below(50) : rng_.next();
    if (rng_.below(3) == 0) frame.ping = Ping{rng_.next(), rng_.below(2) == 0};
    if (rng_.below(8) == 0) frame.bye = static_cast<Bye>(rng_.below(5));
    Seq seq = rng_.below(20) == 0 ? rng_.next() / 2 : rng_.below(50);
    for (auto lines = rng_.below(4); lines > 0; --lines) {
        seq += 1 + rng_.below(3);
        frame.lines.push_back({seq, WallTime{static_cast<std::int64_t>(rng_.next())},
                               rng_.below(2) == 0 ? "general" : "elsewhere", "nonsense"});
    }
    return frame;
}

std::optional<Hello> Stranger::hello() {
    if (settings_.greeting == Greeting::legacy) return std::nullopt;
    const bool mirror = settings_.greeting == Greeting::mirror;
    return Hello{
        static_cast<std::uint32_t>(1 + rng_.below(2)),
        mirror && settings_.mirrored != InstanceId{} ? settings_.mirrored : settings_.instance,
        rng_.next(), "stranger", 0};
}

}  // namespace lanchat::sim
