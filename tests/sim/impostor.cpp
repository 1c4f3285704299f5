// Everything it says is valid, and signed by its own key.
#include "tests/sim/impostor.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "message/wire.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t links_max = 6;

}  // namespace

Impostor::Impostor(Surroundings& around, ImpostorSettings settings, Living living)
    : around_(around),
      settings_(std::move(settings)),
      living_(std::move(living)),
      rng_(settings_.seed) {
    around_.network.listen(settings_.self, *this);
    act();
}

void Impostor::die() {
    alive_ = false;
    around_.network.crash(*this, false);
}

void Impostor::act() {
    const Duration least = is_peace() ? 2s : 50ms;
    around_.schedule.after(least + Duration{static_cast<Duration::rep>(rng_.below(1'000'000))},
                           [this] {
                               if (!alive_) return;
                               if (guises_.size() < links_max) dial();
                               for (const auto& [plug, guise] : std::map(guises_))
                                   if (guise.greeted) pretend(plug, guise);
                               act();
                           });
}

// It may be the one it speaks to.
Shown Impostor::some_victim(const std::vector<Shown>& living) {
    return living[rng_.below(living.size())];
}

void Impostor::dial() {
    const auto living = living_();
    if (living.empty()) return;
    const Endpoint target = some_victim(living).where;
    const Guise guise{some_victim(living), false, {}};
    const Plug plug = around_.network.dial(*this, settings_.self.ip, target, around_.tls);
    guises_[plug] = guise;
    Frame greeting;
    const auto port = rng_.below(2) == 0 ? settings_.self.port : guise.victim.where.port;
    greeting.msg = to_string(Endpoint{settings_.self.ip, port});
    greeting.hello = hello(guise);
    around_.network.send(plug, encode(greeting));
}

void Impostor::accepted(Plug plug, Endpoint) {
    const auto living = living_();
    if (living.empty()) return around_.network.reset(plug);
    guises_[plug] = Guise{some_victim(living), false, {}};
}

std::uint64_t Impostor::nonce() {
    const auto luck = rng_.below(4);
    if (luck < 2) return luck;
    return luck == 2 ? std::numeric_limits<std::uint64_t>::max() : rng_.next();
}

Hello Impostor::hello(const Guise& guise) {
    Hello hello;
    hello.instance = guise.victim.node.instance;
    hello.nonce = nonce();
    hello.name = guise.victim.name;
    hello.device = settings_.key->id();
    if (rng_.below(2) == 0) hello.epoch = guise.victim.log.epoch;
    around_.history.people[around_.person(hello.node())].alive = settings_.stays;
    return hello;
}

void Impostor::arrived(Plug plug, const std::string& bytes) {
    around_.network.consumed(plug, bytes.size());
    const auto it = guises_.find(plug);
    if (!alive_ || it == guises_.end()) return;
    const auto frame = decode(bytes);
    if (!frame) return;
    Guise& guise = it->second;
    Frame reply;
    if (!std::exchange(guise.greeted, true)) {
        if (frame->hello) guise.other = frame->hello->node();
        if (plug.side == 1) {
            reply.msg = controller::accepted_word;
            reply.hello = hello(guise);
        }
        reply.received = Ack{};
    }
    if (frame->ping && !frame->ping->reply) reply.ping = Ping{frame->ping->nonce, true};
    // As if it were on the victim's disk.
    if (!frame->runs.empty()) reply.received = Ack{0, frame->runs.back()->last()};
    if (reply.received || reply.ping) around_.network.send(plug, encode(reply));
}

// In the guise of the victim.
void Impostor::pretend(Plug plug, const Guise& guise) {
    Frame frame;
    const LogId theirs = log_of(guise.other);
    Receipt receipt{settings_.key->id(),
                    guise.victim.node.instance,
                    theirs,
                    0,
                    1 + rng_.below(30),
                    std::numeric_limits<std::uint64_t>::max(),
                    {}};
    sign(receipt, *settings_.key);
    if (rng_.below(2) == 0) frame.receipts.push_back(receipt);
    if (rng_.below(2) == 0) frame.received = Ack{0, 1 + rng_.below(30)};
    if (rng_.below(2) == 0)
        frame.linked =
            Linked{rng_.next() >> 8, {{settings_.key->id(), guise.victim.node.instance}}, {}};
    if (rng_.below(8) == 0) frame.want.push_back({letters(guise), 0, 0, false});
    if (rng_.below(8) == 0)
        frame.have.push_back({letters(guise), {0, 1 + rng_.below(9), hash_of("?")}, {}, {}});
    if (rng_.below(8) == 0) frame.wall = WallTime{static_cast<std::int64_t>(rng_.next() >> 16)};
    around_.network.send(plug, encode(frame));
}

// What the victim and who listens may say to each other.
LogId Impostor::letters(const Guise& guise) {
    LogId log = guise.victim.log;
    log.to = guise.other.device;
    return log;
}

}  // namespace lanchat::sim
