// What a seed draws of those who do not belong: strangers, liars, impostors.
#include "tests/sim/world.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

// Where no seat is: on a machine of its own, or beside all others.
Endpoint World::place_apart(std::uint32_t host, std::uint32_t port, std::uint32_t number) const {
    return {shared_host_ ? loopback : Ipv4{lan + host + number},
            static_cast<std::uint16_t>(port + number)};
}

void World::draw_strangers() {
    for (auto strangers = between(1, 4); strangers > 0; --strangers) {
        const auto number = static_cast<std::uint32_t>(strangers);
        StrangerSettings settings;
        settings.self = place_apart(0x900, 4700, number);
        settings.greeting = static_cast<Greeting>(rng_.below(5));
        settings.frames = static_cast<int>(rng_.below(30));
        settings.polite = chance(30);
        settings.reads = !chance(20);
        const std::size_t victim = any_seat();
        const bool serves = chance(40);
        if (serves) range_.insert(settings.self);
        // In the name of another node it could take that node's lines: nothing stops it before
        // identities are proven.
        if (serves && settings.greeting == Greeting::mirror) settings.greeting = Greeting::lanchat;
        marks_.hit(serves ? Mark::strange_service : Mark::stranger);
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this]() mutable {
            if (!serves) settings.target = seats_[victim].address;
            if (Body* node = node_at(victim)) {
                settings.mirrored = node->settings().instance;
                settings.mirrored_device = node->settings().key->id();
            }
            make_stranger(settings);
        });
    }
}

void World::draw_hostile_authors() {
    for (auto authors = between(1, 2); authors > 0; --authors) {
        const auto number = static_cast<std::uint32_t>(authors);
        StrangerSettings settings;
        settings.self = place_apart(0xA00, 4800, number);
        // What forks lead to is rare, so there are more of them.
        settings.role = chance(25) ? Role::forker : static_cast<Role>(between(1, 9));
        settings.polite = true;
        settings.stays = chance(50);
        if (settings.stays) marks_.hit(Mark::hostile_stays);
        hostile_.insert(settings.self);
        marks_.hit(mark_of(settings.role));
        range_.insert(settings.self);  // everybody may dial it
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] { make_stranger(settings); });
        if (settings.role == Role::forker && chance(50)) draw_late_joiner(number);
    }
}

// Who may meet one branch of a forked log only, and those that were there before.
void World::draw_late_joiner(std::uint32_t number) {
    marks_.hit(Mark::late_joiner);
    const Endpoint place = place_apart(0xB00, 4900, number);
    draw_seat(place.ip, place.port);
    schedule_.at(sometime(2s, peace_ - Instant{}),
                 [this, seat = seats_.size() - 1] { start(seat); });
}

void World::draw_impostors() {
    for (auto impostors = between(1, 2); impostors > 0; --impostors) {
        const auto number = static_cast<std::uint32_t>(impostors);
        ImpostorSettings settings;
        settings.self = place_apart(0xC00, 5000, number);
        settings.key = shared_key_of(rng_.next());
        settings.stays = chance(50);
        settings.seed = rng_.next();
        marks_.hit(Mark::impostor);
        if (settings.stays) marks_.hit(Mark::hostile_stays);
        hostile_.insert(settings.self);
        hostile_keys_.insert(to_string(settings.key->id()));
        range_.insert(settings.self);  // everybody may dial it
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            impostors_.push_back(
                std::make_unique<Impostor>(*around_, settings, [this] { return living(); }));
        });
    }
}

// Somebody on the victim's host who claims its address before the victim does; with another key, or
// with the same one: a process that hangs.
void World::draw_squatters() {
    const std::size_t victim = any_seat();
    const std::size_t target = any_seat();
    if (victim == target) return;
    marks_.hit(Mark::squatter);
    StrangerSettings settings;
    settings.self = seats_[victim].address;
    settings.greeting = chance(70) ? Greeting::lanchat : Greeting::legacy;
    settings.polite = chance(60);
    settings.falls_silent = chance(50);
    settings.shares_key = settings.greeting == Greeting::lanchat && chance(80);
    const Instant death = sometime(1s, peace_ - Instant{});
    schedule_.at(death, [=, this]() mutable {
        if (node_at(victim) != nullptr) node_at(victim)->die(false);
        settings.target = seats_[target].address;
        settings.self = seats_[victim].address;
        settings.mirrored_device = seats_[victim].key->id();
        schedule_.after(200ms, [=, this] { make_stranger(settings); });
        schedule_.after(800ms, [=, this] { restart_later(victim, false); });
    });
}

void World::draw_crowd() {
    marks_.hit(Mark::crowd);
    for (std::uint32_t i = 0; i < 270; ++i) {
        StrangerSettings settings;
        settings.self = {Ipv4{lan + 0x90000 + i}, 4565};
        settings.target = seats_.front().address;
        settings.polite = true;
        schedule_.at(sometime(1s, 3s), [=, this] { make_stranger(settings); });
    }
}

}  // namespace lanchat::sim
