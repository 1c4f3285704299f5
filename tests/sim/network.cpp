// Connections as queues of packets in virtual time.
#include "tests/sim/network.hpp"

#include <algorithm>

namespace lanchat::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration connect_timeout = 250ms;
constexpr std::uint64_t retransmit_us = 200'000;

}  // namespace

Network::Network(Schedule& schedule, Marks& marks, std::uint64_t seed, Weather weather)
    : schedule_(schedule), marks_(marks), rng_(seed), weather_(weather) {}

void Network::listen(Endpoint where, Party& party) { listeners_[where] = &party; }

void Network::close(Endpoint where) { listeners_.erase(where); }

Plug Network::dial(Party& party, Ipv4 from, Endpoint to, bool encrypted) {
    const Plug plug{static_cast<std::uint32_t>(wires_.size()), 0};
    Wire& wire = *wires_.emplace_back(std::make_unique<Wire>());
    next_port_ = next_port_ == 65'535 ? 40'000 : static_cast<std::uint16_t>(next_port_ + 1);
    wire.from = Endpoint{from, next_port_};
    wire.to = to;
    wire.sides[0].owner = &party;
    wire.sides[0].host = from;
    wire.sides[0].open = true;
    wire.sides[1].host = to.ip;
    wire.base_delay = &base_delay(from, to.ip);
    wire.encrypted = encrypted;
    launch(plug, {Kind::syn, {}, 0, {}});
    return plug;
}

void Network::send(Plug plug, std::string bytes) {
    Side* side = open_side(plug);
    if (side == nullptr || side->finishing) return;
    side->waiting.push_back(std::move(bytes));
    start_sending(plug);
}

void Network::consumed(Plug plug, std::size_t bytes) {
    if (open_side(plug) != nullptr) launch(plug, {Kind::window, {}, bytes, {}});
}

void Network::finish(Plug plug) {
    Side* side = open_side(plug);
    if (side == nullptr || side->finishing) return;
    side->finishing = true;
    launch(plug, {plug.side == 0 ? Kind::fin : Kind::status, {}, 0, {}});
    if (plug.side == 1) schedule_.after(10us, [this, plug] { end(plug, End::refused); });
}

void Network::reset(Plug plug) {
    Side* side = open_side(plug);
    if (side == nullptr) return;
    side->open = false;
    side->waiting.clear();
    // A reset may overtake what it follows.
    if (rng_.below(2) == 0)
        std::erase_if(side->under_way, [](const Packet& p) { return p.kind == Kind::data; });
    launch(plug, {Kind::reset, {}, 0, {}});
}

void Network::probe(Ipv4 from, Endpoint to, const std::function<void(bool)>& answer) {
    const bool lost = blocked(from, to.ip) || blocked(to.ip, from);
    const Duration base = base_delay(from, to.ip);
    const Duration round_trip = jittered(base) + jittered(base);
    schedule_.after(lost ? connect_timeout : round_trip,
                    [this, lost, to, answer] { answer(!lost && listens(to)); });
}

void Network::watch(Plug plug, Duration patience) {
    schedule_.after(1s, [this, plug, patience] {
        if (open_side(plug) == nullptr) return;
        const Wire& wire = *find(plug.wire);
        const auto since = [&](Ipv4 from, Ipv4 to) {
            Instant oldest = Instant::max();
            if (const auto it = cuts_.find({from, to}); it != cuts_.end()) oldest = it->second;
            for (const Ipv4 host : {from, to})
                if (const auto it = down_.find(host); it != down_.end())
                    oldest = std::min(oldest, it->second);
            return oldest;
        };
        const Ipv4 here = wire.sides[static_cast<std::size_t>(plug.side)].host;
        const Ipv4 there = wire.sides[static_cast<std::size_t>(1 - plug.side)].host;
        const Instant silent = std::min(since(here, there), since(there, here));
        const bool nobody = silent == Instant::max() && !answers(plug);
        if (nobody || (silent != Instant::max() && schedule_.now() - silent >= patience)) {
            launch(plug, {Kind::reset, {}, 0, {}});
            return end(plug, End::broken);
        }
        watch(plug, patience);
    });
}

bool Network::answers(Plug plug) const {
    const Wire* wire = wires_[plug.wire].get();
    if (wire == nullptr) return false;
    const auto& sides = wire->sides;
    return sides[0].open && sides[1].open && !blocked(sides[0].host, sides[1].host) &&
           !blocked(sides[1].host, sides[0].host);
}

void Network::crash(const Party& party, bool power_cut) {
    std::erase_if(listeners_, [&](const auto& entry) { return entry.second == &party; });
    std::vector<Plug> plugs;
    each_wire([&](std::uint32_t id, Wire& wire) {
        for (int side : {0, 1}) {
            Side& mine = wire.sides[static_cast<std::size_t>(side)];
            if (mine.owner != &party || !mine.open) continue;
            mine.open = false;
            mine.waiting.clear();
            plugs.push_back({id, side});
        }
    });
    if (power_cut) return;
    for (const Plug plug : plugs) launch(plug, {Kind::reset, {}, 0, {}});
}

void Network::set_host_down(Ipv4 host, bool down) {
    if (down) {
        down_.emplace(host, schedule_.now());
        return;
    }
    down_.erase(host);
    each_wire([&](std::uint32_t, const Wire& wire) {
        const Ipv4 a = wire.sides[0].host;
        const Ipv4 b = wire.sides[1].host;
        if (a != host && b != host) return;
        retransmit(a, b);
        retransmit(b, a);
    });
}

void Network::cut(Ipv4 from, Ipv4 to) { cuts_.emplace(Path{from, to}, schedule_.now()); }

void Network::heal(Ipv4 from, Ipv4 to) {
    if (!lasting_.contains({from, to}) && cuts_.erase({from, to}) > 0) retransmit(from, to);
}

void Network::cut_for_good(Ipv4 from, Ipv4 to) {
    lasting_.insert({from, to});
    cut(from, to);
}

void Network::join_all() {
    lasting_.clear();
    heal_all();
}

void Network::heal_all() {
    while (!down_.empty()) set_host_down(down_.begin()->first, false);
    const auto cuts = cuts_;
    for (const auto& [path, since] : cuts) heal(path.first, path.second);
}

void Network::each_open(const std::function<void(const Party&, const Party&)>& visit) const {
    each_wire([&](std::uint32_t, const Wire& wire) {
        if (wire.sides[0].open && wire.sides[1].open)
            visit(*wire.sides[0].owner, *wire.sides[1].owner);
    });
}

Network::Side* Network::open_side(Plug plug) {
    Wire* wire = find(plug.wire);
    if (wire == nullptr) return nullptr;
    Side& side = wire->sides[static_cast<std::size_t>(plug.side)];
    return side.open ? &side : nullptr;
}

void Network::start_sending(Plug plug) {
    Side* side = open_side(plug);
    if (side == nullptr || side->sending || side->waiting.empty()) return;
    const Pipe& here = pipe(side->host);
    const Pipe& there = pipe(find(plug.wire)->sides[static_cast<std::size_t>(1 - plug.side)].host);
    if (side->unread > std::min(here.window_bytes, there.window_bytes))
        return marks_.hit(Mark::link_full);
    side->sending = true;
    std::string bytes = std::move(side->waiting.front());
    side->waiting.pop_front();
    side->unread += bytes.size();
    const auto us = 5 + static_cast<Duration::rep>(double(bytes.size()) /
                                                   std::min(here.bytes_per_us, there.bytes_per_us));
    schedule_.after(Duration{us}, [this, plug, bytes = std::move(bytes)]() mutable {
        Side* still = open_side(plug);
        if (still == nullptr) return;
        still->sending = false;
        launch(plug, {Kind::data, std::move(bytes), 0, {}});
        still->owner->drained(plug);
        start_sending(plug);
    });
}

void Network::launch(Plug from, Packet packet) {
    Wire& wire = *find(from.wire);
    Side& side = wire.sides[static_cast<std::size_t>(from.side)];
    packet.ready = std::max(side.last_arrival, schedule_.now() + jittered(*wire.base_delay));
    side.last_arrival = packet.ready;
    const Instant when = packet.ready;
    side.under_way.push_back(std::move(packet));
    schedule_.at(when, [this, from] { deliver(from); });
}

void Network::deliver(Plug from) {
    if (find(from.wire) == nullptr) return;
    Wire& wire = *find(from.wire);
    Side& side = wire.sides[static_cast<std::size_t>(from.side)];
    const Ipv4 there = wire.sides[static_cast<std::size_t>(1 - from.side)].host;
    while (!side.under_way.empty() && side.under_way.front().ready <= schedule_.now()) {
        if (blocked(side.host, there)) return;  // until it heals
        const Packet packet = std::move(side.under_way.front());
        side.under_way.pop_front();
        handle(from.other(), packet);
    }
    const auto done = [](const Side& s) { return !s.open && s.under_way.empty(); };
    if (done(wire.sides[0]) && done(wire.sides[1])) wires_[from.wire].reset();
}

void Network::handle(Plug to, const Packet& packet) {
    if (packet.kind == Kind::syn) return arrive_syn(to);
    Side* side = open_side(to);
    if (side == nullptr) {  // its kernel does not know this connection
        const bool answer = packet.kind == Kind::data || packet.kind == Kind::fin;
        if (answer && open_side(to.other()) != nullptr) launch(to, {Kind::reset, {}, 0, {}});
        return;
    }
    switch (packet.kind) {
        case Kind::data:
            return side->owner->arrived(to, packet.bytes);
        case Kind::window:
            side->unread -= std::min(side->unread, packet.credit);
            return start_sending(to);
        case Kind::fin:
            launch(to, {Kind::status, {}, 0, {}});
            return end(to, End::refused);
        case Kind::status:
            return end(to, End::refused);
        case Kind::reset:
            return end(to, End::broken);
        case Kind::syn:
            break;
    }
}

void Network::arrive_syn(Plug to) {
    const Wire& wire = *find(to.wire);
    const auto listener = listeners_.find(wire.to);
    if (listener == listeners_.end()) return launch(to, {Kind::reset, {}, 0, {}});
    Side& side = find(to.wire)->sides[1];
    side.owner = listener->second;
    side.open = true;
    side.owner->accepted(to, wire.from);
}

void Network::end(Plug plug, End end) {
    Side* side = open_side(plug);
    if (side == nullptr) return;
    side->open = false;
    side->waiting.clear();
    const Wire& wire = *find(plug.wire);
    const bool heard_plain = wire.answered_plain && plug.side == 0;
    side->owner->ended(plug, heard_plain ? End::no_tls : end);
}

bool Network::blocked(Ipv4 from, Ipv4 to) const {
    return down_.contains(from) || down_.contains(to) || cuts_.contains({from, to});
}

void Network::retransmit(Ipv4 from, Ipv4 to) {
    each_wire([&](std::uint32_t id, const Wire& wire) {
        for (int side : {0, 1}) {
            const Side& sender = wire.sides[static_cast<std::size_t>(side)];
            const Side& receiver = wire.sides[static_cast<std::size_t>(1 - side)];
            if (sender.host != from || receiver.host != to || sender.under_way.empty()) continue;
            const Plug plug{id, side};
            const Duration later{static_cast<Duration::rep>(rng_.below(retransmit_us))};
            const Instant when = std::max(sender.under_way.front().ready, schedule_.now() + later);
            schedule_.at(when, [this, plug] { deliver(plug); });
        }
    });
}

const Duration& Network::base_delay(Ipv4 from, Ipv4 to) {
    const Path path{std::min(from, to), std::max(from, to)};
    auto known = delays_.find(path);
    if (known == delays_.end()) {
        const auto span =
            static_cast<std::uint64_t>((weather_.delay_max - weather_.delay_min) / 1us);
        const Duration base =
            weather_.delay_min + Duration{static_cast<Duration::rep>(rng_.below(span + 1))};
        known = delays_.emplace(path, base).first;
    }
    return known->second;
}

Duration Network::jittered(Duration base) {
    const auto jitter = static_cast<std::uint64_t>(base.count() / 4 + 1);
    return base + Duration{static_cast<Duration::rep>(rng_.below(jitter))};
}

const Pipe& Network::pipe(Ipv4 host) const {
    const auto it = pipes_.find(host);
    return it == pipes_.end() ? weather_.pipe : it->second;
}

}  // namespace lanchat::sim
