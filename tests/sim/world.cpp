// The course of a seed, and what is checked when it is quiet.
#include "tests/sim/world.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t large_from = 100;  // nodes
constexpr Duration still_time = 3s;      // of the quiet time nothing is told any more
constexpr Duration told_time = 10s;  // then all know what hostile ones have shown, on slow disks

}  // namespace

World::World(WorldSettings settings)
    : settings_(settings),
      large_(settings.nodes_min >= large_from),
      course_(large_ ? Course{4s, 1s, 15s, 9s, 3s} : Course{5s, 15s, 15s, 60s, 35s}),
      rng_(settings.seed) {
    rng_.next();
    const bool slow_lan = rng_.below(4) == 0;
    Weather weather;
    weather.delay_max = slow_lan ? Duration{20ms} : Duration{1ms};
    weather.pipe.bytes_per_us = static_cast<double>(between(2, 100));
    weather.pipe.window_bytes = between(32, 1024) * 1024;
    network_.emplace(schedule_, marks_, rng_.next(), weather);
    const bool tls = settings_.seed % 4 != 0;
    around_.emplace(Surroundings{schedule_, *network_, marks_, history_, names_, tenants_, range_,
                                 settings_.trace, tls, tls && settings_.seed % 3 == 0});
    if (around_->closed) marks_.hit(Mark::closed);
}

void World::run() {
    const auto more = static_cast<std::uint64_t>(course_.trouble_more.count());
    peace_ =
        Instant{} + course_.trouble_least + Duration{static_cast<Duration::rep>(rng_.below(more))};
    history_.lines_are_pushed = !settings_.sync_only;
    history_.peace = peace_;
    history_.quiet_from = Instant::max();
    draw_places();
    draw_starts();
    draw_faults();
    schedule_.at(peace_, [this] { make_peace(); });
    schedule_.run_until(peace_ + course_.settle);

    check_links();
    history_.quiet_from = schedule_.now();
    talk_quietly();
    const auto stays = [](const auto& hostile) { return hostile->stays(); };
    const bool restless =
        std::ranges::any_of(strangers_, stays) || std::ranges::any_of(impostors_, stays);
    // In a short time second addresses are still tried, and over another link all is told again.
    if (!restless && !large_) history_.still_from = schedule_.now() + course_.quiet - still_time;
    const Instant end = schedule_.now() + course_.quiet;
    schedule_.run_until(end - std::min(told_time, course_.quiet / 2));
    silence_hostile(true);
    schedule_.run_until(end);
    history_.all_is_told = !restless;
    check_links();
    check_stops();
    tell_the_end();
    const auto faults = judge(history_);
    std::string words;
    for (std::size_t i = 0; i < std::min<std::size_t>(faults.size(), 10); ++i)
        words += "\n  " + faults[i];
    require(faults.empty(), std::to_string(faults.size()) + " broken promises" + words);
}

void World::start(std::size_t number) {
    Seat& seat = seats_[number];
    if (seat.node != nullptr && seat.node->alive()) return;
    if (network_->listens(seat.address)) seat.address = free_address(seat.address.ip);
    range_.insert(seat.address);
    BodySettings settings;
    settings.instance = InstanceId{rng_.next() | 1};
    settings.listens = {seat.address};
    if (seat.second) settings.listens.push_back(*seat.second);
    settings.legacy_peers = seat.takes_legacy;
    settings.push = !settings_.sync_only;
    settings.seed = rng_.next();
    settings.step_delay = seat.step_delay;
    settings.key = seat.key;
    settings.disk = seat.disk;
    settings.slow_disk = seat.slow_disk;
    settings.forgetful = seat.forgetful;
    settings.gives_bare = seat.gives_bare;
    settings.glimpses = seat.glimpses;
    settings.clock_off_ms = seat.clock_off_ms;
    settings.clock_jumps = seat.clock_jumps;
    settings.haste = seat.haste;
    settings.follows = seat.last;
    settings.may_block = seat.may_block;
    settings.blocks = seat.blocks;
    settings.by_instance = settings_.by_instance;
    nodes_.push_back(std::make_unique<Body>(*around_, settings));
    seat.node = nodes_.back().get();
    seat.last = seat.node->person();
}

void World::start_legacy(std::size_t number) {
    LegacySeat& seat = legacy_seats_[number];
    legacy_peers_.push_back(std::make_unique<LegacyPeer>(*around_, seat.address, rng_.next()));
    seat.peer = legacy_peers_.back().get();
}

void World::make_stranger(StrangerSettings settings) {
    if (schedule_.now() >= peace_) return;
    settings.instance = InstanceId{rng_.next() | 1};
    settings.seed = rng_.next();
    strangers_.push_back(std::make_unique<Stranger>(*around_, settings));
}

std::vector<Shown> World::living() const {
    std::vector<Shown> living;
    for (const auto& node : nodes_)
        if (node->alive())
            living.push_back({node->settings().listens.front(),
                              {node->settings().key->id(), node->settings().instance},
                              node->own_log(),
                              "node"});
    return living;
}

void World::utter(std::size_t seat, std::size_t bytes) {
    Body* node = node_at(seat);
    if (node == nullptr || node->leaving()) return;
    std::string text = "line " + std::to_string(++uttered_);
    if (text.size() < bytes) text.resize(bytes, '.');
    node->say(std::move(text), bytes == 0 && rng_.below(4) == 0);
}

// To a device that may be away, or nowhere for good.
void World::whisper(std::size_t seat) {
    Body* node = node_at(seat);
    if (node == nullptr || node->leaving()) return;
    const DeviceId to = seats_[any_seat()].key->id();
    node->tell(to, "whisper " + std::to_string(++uttered_), rng_.below(4) == 0);
}

// As the program does: what has no room waits.
void World::burst(std::size_t seat, std::size_t lines, std::size_t bytes) {
    const Body* node = node_at(seat);
    if (node == nullptr || lines == 0) return;
    const std::size_t now = node->has_room() ? std::min<std::size_t>(lines, 100) : 0;
    for (std::size_t i = 0; i < now; ++i) utter(seat, bytes);
    if (schedule_.now() > peace_ + 5s) return;
    schedule_.after(now > 0 ? 1ms : 50ms, [=, this] { burst(seat, lines - now, bytes); });
}

void World::make_peace() {
    network_->heal_all();
    const bool is_joined = std::ranges::any_of(nodes_, [&](const auto& node) {
        return node->alive() && !node->leaving() && node->settings().listens.front().ip == hub_;
    });
    if (!is_joined) network_->join_all();
    silence_hostile(false);
    for (const auto& node : nodes_)
        if (node->alive()) {
            node->thaw();
            node->receive(true);
        }
    unblock_the_last();
    settle_legacy();
}

void World::silence_hostile(bool who_stay) {
    const auto silence = [&](const auto& all) {
        for (const auto& hostile : all)
            if (hostile->stays() == who_stay) hostile->die();
    };
    silence(strangers_);
    silence(impostors_);
}

// Who is blocked is heard through others only: there must be one.
void World::unblock_the_last() {
    for (Seat& seat : seats_) {
        if (!seat.blocks || seat.node == nullptr || !seat.node->alive()) continue;
        const bool others = std::ranges::any_of(nodes_, [&](const auto& node) {
            return node->alive() && !node->leaving() && node.get() != seat.node &&
                   node->settings().key->id() != *seat.may_block;
        });
        if (others) continue;
        marks_.hit(Mark::unblocked);
        seat.blocks = false;
        seat.node->block(false);
    }
}

// An original that had dialled notices a dead connection only when it writes (original.md 3.3), so
// it says something now and then; nobody relies on these lines.
void World::settle_legacy() {
    if (schedule_.now() > peace_ + course_.settle - 6s) return;
    for (const auto& seat : legacy_seats_)
        if (seat.peer != nullptr && seat.peer->alive())
            seat.peer->say("legacy " + std::to_string(++uttered_));
    schedule_.after(1s, [this] { settle_legacy(); });
}

void World::talk_quietly() {
    const std::size_t lines = large_ ? 1 : seats_.size() > 12 ? 2 : 6;
    const Duration begin = schedule_.now() - Instant{};
    const auto soon = [&] { return sometime(begin, begin + course_.talk); };
    for (std::size_t seat = 0; seat < seats_.size(); ++seat)
        for (std::size_t i = 0; i < lines; ++i) schedule_.at(soon(), [this, seat] { utter(seat); });
    for (std::size_t i = 0; whispers_ && i < seats_.size(); ++i)
        schedule_.at(soon(), [this] { whisper(any_seat()); });
    for (const auto& seat : legacy_seats_)
        for (std::size_t i = 0; i < lines; ++i)
            schedule_.at(soon(), [this, peer = seat.peer] {
                peer->say("legacy " + std::to_string(++uttered_));
            });
}

// Pairs without exactly one connection, and nodes that list somebody else than who is there.
std::set<std::string> World::odd_links() const {
    std::map<std::pair<const Party*, const Party*>, int> links;
    network_->each_open([&](const Party& a, const Party& b) {
        ++links[{std::min(&a, &b), std::max(&a, &b)}];
    });
    std::set<std::string> odd;
    const auto check_pair = [&](const Body* a, const Party* b, const std::string& b_name) {
        const auto it = links.find({std::min<const Party*>(a, b), std::max<const Party*>(a, b)});
        const int open = it == links.end() ? 0 : it->second;
        if (open != 1)
            odd.insert(to_string(a->settings().listens.front()) + " and " + b_name +
                       (open == 0 ? " have no link" : " have several links"));
    };
    std::vector<const Body*> alive;
    for (const auto& node : nodes_)
        if (node->alive()) alive.push_back(node.get());
    for (std::size_t i = 0; i < alive.size(); ++i) {
        const auto others_in_reach = std::ranges::count_if(alive, [&](const Body* other) {
            return other != alive[i] && reach(*alive[i], *other);
        });
        auto others = static_cast<std::size_t>(others_in_reach);
        for (std::size_t j = 0; j < i; ++j)
            if (reach(*alive[i], *alive[j]))
                check_pair(alive[i], alive[j], to_string(alive[j]->settings().listens.front()));
        for (const auto& seat : legacy_seats_) {
            if (!seat.peer->alive() || !alive[i]->settings().legacy_peers) continue;
            ++others;
            check_pair(alive[i], seat.peer, "legacy " + to_string(seat.address));
        }
        const auto linked = alive[i]->peers().linked();
        const auto hostile = std::ranges::count_if(linked, [&](const PeerInfo& peer) {
            return hostile_.contains(peer.address) || hostile_keys_.contains(peer.id);
        });
        if (linked.size() != others + static_cast<std::size_t>(hostile) ||
            alive[i]->peers().size() < linked.size())
            odd.insert(to_string(alive[i]->settings().listens.front()) + " does not list " +
                       std::to_string(others));
    }
    return odd;
}

// A second address of a linked node is dialled now and then: what is odd must stay so to count.
void World::check_links() {
    auto odd = odd_links();
    if (odd.empty()) return;
    schedule_.run_until(schedule_.now() + 1s);
    const auto still = odd_links();
    std::erase_if(odd, [&](const std::string& pair) { return !still.contains(pair); });
    require(odd.empty(), odd.empty() ? "" : *odd.begin());
}

bool World::reach(const Body& a, const Body& b) const {
    return !a.blocks(b) && !b.blocks(a) &&
           !network_->apart(a.settings().listens.front().ip, b.settings().listens.front().ip);
}

void World::tell_the_end() {
    for (const auto& a : nodes_) {
        if (!a->alive()) continue;
        a->tell_heads();
        a->check_peer_map();
        for (const auto& b : nodes_) {
            if (a->person() < b->person() && !reach(*a, *b))
                history_.apart.insert({a->person(), b->person()});
            if (b->alive() && reach(*a, *b)) check_bodies(*a, *b);
        }
    }
}

// What one of them lacks the other cannot give.
void World::check_bodies(const Body& a, const Body& b) {
    for (const LineId& line : a.settings().disk->lacking()) {
        const bool is_disputed = !a.settings().disk->extent_of(line.log).holds(line.seq);
        if (is_disputed) continue;
        const bool may_give = !line.log.is_direct() ||
                              is_between(line.log, a.settings().key->id(), b.settings().key->id());
        require(!may_give || b.settings().disk->bodies(line.log, {line.seq}).empty(),
                "the body of " + message_id(line) + " is at " +
                    to_string(b.settings().listens.front()) + ", and " +
                    to_string(a.settings().listens.front()) + " lacks it");
    }
}

void World::check_stops() const {
    for (const auto& node : nodes_)
        require(!node->alive() || !node->leaving(), "who is told to leave stops");
}

Instant World::sometime(Duration from, Duration to) {
    const auto span = static_cast<std::uint64_t>((to - from).count());
    return Instant{} + from + Duration{static_cast<Duration::rep>(rng_.below(span + 1))};
}

Body* World::node_at(std::size_t seat) const {
    Body* node = seats_[seat].node;
    return node != nullptr && node->alive() ? node : nullptr;
}

Endpoint World::free_address(Ipv4 host) {
    Endpoint where{host, 4565};
    while (network_->listens(where) || range_.contains(where)) ++where.port;
    return where;
}

}  // namespace lanchat::sim
