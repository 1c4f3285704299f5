// What a seed draws: places, starts and faults. Every seed has its own mixture.
#include <algorithm>
#include <iterator>

#include "tests/sim/world.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::sim {

using namespace std::chrono_literals;

namespace {

// Mostly small worlds: they find most and cost little.
std::size_t draw_size(Rng& rng, std::size_t min, std::size_t max) {
    const auto luck = rng.below(200);
    const std::size_t top = luck < 176 ? 4 : luck < 198 ? 12 : max - min;
    return min + rng.below(std::min(top, max - min) + 1);
}

}  // namespace

void World::draw_places() {
    const std::size_t nodes = draw_size(rng_, settings_.nodes_min, settings_.nodes_max);
    shared_host_ = chance(30);
    const bool differ = nodes == 2 && chance(60);
    absurd_clocks_ = !differ && chance(20);
    draw_legacy_peers();
    const bool pairs = chance(15);  // two on each host
    for (std::size_t i = 0; i < nodes; ++i) {
        const auto number = static_cast<std::uint32_t>(pairs ? i / 2 : i);
        const Ipv4 host = shared_host_ ? loopback : Ipv4{lan + 1 + number};
        const std::size_t port = 4565 + (shared_host_ ? i : pairs ? i % 2 : 0);
        draw_seat(host, static_cast<std::uint16_t>(port));
    }
    if (!differ) return;
    marks_.hit(Mark::pair_of_clocks);
    seats_[rng_.below(2)].clock_off_ms = draw_clock_off();
}

// From a second to centuries, in both directions.
std::int64_t World::draw_clock_off() {
    constexpr std::int64_t year = std::int64_t{365} * 24 * 3600 * 1000;
    std::int64_t most = 2'000;
    for (auto doublings = rng_.below(33); doublings > 0; --doublings) most *= 2;
    const auto off = static_cast<std::int64_t>(
        between(1'000, static_cast<std::uint64_t>(std::min(most, 200 * year))));
    return chance(50) ? off : -off;
}

void World::draw_seat(Ipv4 host, std::uint16_t port) {
    Seat seat;
    seat.address = {host, port};
    range_.insert(seat.address);
    seat.takes_legacy = !around_->closed && (legacy_seats_.empty() || !chance(10));
    // The original takes two addresses for two people.
    if (legacy_seats_.empty() && chance(4)) {
        marks_.hit(Mark::two_addresses);
        seat.second = Endpoint{host, static_cast<std::uint16_t>(port + 1000)};
        range_.insert(*seat.second);
    }
    if (chance(6)) {
        marks_.hit(Mark::slow_node);
        // A legacy peer gets one line a step: what waits for it must end before it is quiet.
        const std::uint64_t ms = legacy_seats_.empty() ? between(1, 20) : 1;
        seat.step_delay = Duration{static_cast<Duration::rep>(ms * 1000)};
        const double bytes_per_us = static_cast<double>(between(20, 100)) / 100;
        if (!shared_host_) network_->set_pipe(host, {bytes_per_us, 16'384});
    }
    if (absurd_clocks_ && chance(30)) {
        constexpr std::int64_t day = std::int64_t{24} * 3600 * 1000;
        marks_.hit(Mark::absurd_clock);
        seat.clock_off_ms = chance(40)   ? draw_clock_off()
                            : chance(50) ? 50 * 365 * day
                                         : -true_time_ms;  // to 1970
    }
    seat.slow_disk = chance(6);
    if (seat.slow_disk) marks_.hit(Mark::slow_disk);
    seat.forgetful = !large_ && chance(3);
    if (seat.forgetful) marks_.hit(Mark::forgetful);
    seat.gives_bare = chance(10);
    if (chance(50)) seat.haste = {between(1, 20), between(1, 9)};  // few lines are much to it
    seat.key = shared_key_of(rng_.next());
    seat.glimpses = seat.key->id().bytes.front() % 2 == 0;
    seat.disk = std::make_shared<Disk>();
    seat.disk->heeds_drops = !chance(12);
    if (!seat.disk->heeds_drops) marks_.hit(Mark::ignores_drops);
    seats_.push_back(seat);
}

void World::draw_legacy_peers() {
    if (around_->closed || !chance(25)) return;
    const auto peers = between(1, 2);
    for (std::uint32_t i = 0; i < peers; ++i) {
        const Ipv4 host = shared_host_ ? loopback : Ipv4{lan + 0x800 + i};
        legacy_seats_.push_back({Endpoint{host, static_cast<std::uint16_t>(6000 + i)}, nullptr});
        range_.insert(legacy_seats_.back().address);
    }
}

void World::draw_starts() {
    const bool at_once = chance(50);
    if (at_once) marks_.hit(Mark::simultaneous_start);
    const Duration spread = at_once ? Duration{1ms} : Duration{3s};
    for (std::size_t seat = 0; seat < seats_.size(); ++seat)
        schedule_.at(sometime(0s, spread), [this, seat] { start(seat); });
    for (std::size_t seat = 0; seat < legacy_seats_.size(); ++seat) {
        schedule_.at(sometime(0s, spread), [this, seat] { start_legacy(seat); });
        if (!chance(40)) continue;
        marks_.hit(Mark::legacy_restart);
        const Instant death = sometime(4s, 8s);
        schedule_.at(death, [this, seat] { legacy_seats_[seat].peer->die(); });
        schedule_.at(death + Duration{static_cast<Duration::rep>(between(10'000, 3'000'000))},
                     [this, seat] { start_legacy(seat); });
    }
}

void World::draw_faults() {
    draw_talk();
    if (chance(50)) draw_deaths();
    if (chance(50) && !shared_host_) draw_cuts();
    if (chance(35)) draw_freezes();
    if (chance(20)) draw_farewells();
    if (chance(20) && !shared_host_) draw_partition();
    if (chance(20)) draw_jumps();
    const bool spoils = chance(20);
    if (spoils) draw_disk_faults();
    if (!spoils && hub_ == Ipv4{} && chance(45)) draw_block();
    if (chance(20)) draw_verifications();
    if (chance(30)) draw_strangers();
    if (chance(25)) draw_hostile_authors();
    if (chance(20)) draw_squatters();
    if (chance(6) && seats_.size() <= 4 && !around_->closed) draw_crowd();
    if (chance(30)) draw_impostors();
    if (chance(10)) draw_second_thoughts();
    if (chance(25) && !shared_host_ && hub_ == Ipv4{}) draw_roamers();
}

void World::draw_deaths() {
    for (auto deaths = between(1, 3); deaths > 0; --deaths) {
        const std::size_t seat = any_seat();
        const Ipv4 host = seats_[seat].address.ip;
        const bool alone = std::ranges::count_if(seats_, [&](const Seat& other) {
                               return other.address.ip == host;
                           }) == 1;
        const bool power_cut = alone && chance(40);
        const bool back = chance(80);
        const bool other_address = chance(50);
        const Duration away{static_cast<Duration::rep>(between(10'000, 5'000'000))};
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            if (node_at(seat) == nullptr) return;
            if (power_cut) marks_.hit(Mark::power_cut);
            node_at(seat)->die(power_cut);
            if (power_cut) network_->set_host_down(host, true);
            if (!back) return;
            schedule_.after(away, [=, this] {
                if (power_cut) network_->set_host_down(host, false);
                restart_later(seat, other_address);
            });
        });
    }
}

void World::restart_later(std::size_t number, bool other_address) {
    if (node_at(number) != nullptr || schedule_.now() > peace_) return;
    marks_.hit(other_address ? Mark::restart_other_address : Mark::restart_same_address);
    Seat& seat = seats_[number];
    if (other_address) seat.address = free_address(seat.address.ip);
    start(number);
}

void World::draw_cuts() {
    for (auto cuts = between(1, 4); cuts > 0; --cuts) {
        const Ipv4 a = seats_[any_seat()].address.ip;
        const bool legacy = !legacy_seats_.empty() && chance(30);
        const Ipv4 b = legacy ? legacy_seats_.front().address.ip : seats_[any_seat()].address.ip;
        if (a == b) continue;
        const bool both = chance(50);
        const Duration length{
            static_cast<Duration::rep>(between(100'000, chance(50) ? 2'000'000 : 20'000'000))};
        const Instant when = sometime(0s, peace_ - Instant{});
        schedule_.at(when, [=, this] {
            marks_.hit(both ? Mark::cut_both_ways : Mark::cut_one_way);
            network_->cut(a, b);
            if (both) network_->cut(b, a);
        });
        schedule_.at(std::min(when + length, peace_), [=, this] {
            network_->heal(a, b);
            if (both) network_->heal(b, a);
        });
    }
}

// Nothing passes at the old address any more, and nobody is told so.
void World::draw_roamers() {
    constexpr std::uint32_t elsewhere = 0x8000;
    for (auto moves = between(1, 2); moves > 0; --moves) {
        const std::size_t number = any_seat();
        const std::uint32_t host = lan + elsewhere + static_cast<std::uint32_t>(2 * number + moves);
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            Seat& seat = seats_[number];
            const Ipv4 before = seat.address.ip;
            const auto neighbours = std::ranges::count_if(
                seats_, [before](const Seat& other) { return other.address.ip == before; });
            if (node_at(number) == nullptr || seat.second || neighbours > 1) return;
            seat.address.ip = Ipv4{host};
            range_.insert(seat.address);
            marks_.hit(Mark::roamer);
            network_->set_host_down(before, true);
            node_at(number)->move_to(seat.address);
        });
    }
}

void World::draw_freezes() {
    for (auto freezes = between(1, 3); freezes > 0; --freezes) {
        const std::size_t seat = any_seat();
        const Duration length{static_cast<Duration::rep>(between(100'000, 14'000'000))};
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            Body* node = node_at(seat);
            if (node == nullptr || node->frozen()) return;
            marks_.hit(Mark::freeze);
            node->freeze();
            schedule_.after(length, [node] {
                if (node->alive()) node->thaw();
            });
        });
    }
}

void World::draw_farewells() {
    for (auto farewells = between(1, 2); farewells > 0; --farewells) {
        const std::size_t seat = any_seat();
        const bool at_once = chance(50);
        const Duration linger{static_cast<Duration::rep>(between(0, 6'000'000))};
        const bool back = chance(60);
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            Body* node = node_at(seat);
            if (node == nullptr || node->frozen()) return;
            at_once ? node->leave() : node->end_of_input(linger);
            if (back) schedule_.after(10s, [=, this] { restart_later(seat, false); });
        });
    }
}

// Some pairs never reach each other, and somebody reaches all: their lines pass through others.
void World::draw_partition() {
    std::set<Ipv4> hosts;
    for (const Seat& seat : seats_) hosts.insert(seat.address.ip);
    if (hosts.size() < 3) return;
    hub_ = *hosts.begin();
    std::vector<Ipv4> outer(std::next(hosts.begin()), hosts.end());
    const bool around_a_hub = outer.size() <= 5 && chance(40);
    if (around_a_hub) marks_.hit(Mark::hub);
    const bool one_way = chance(40);
    marks_.hit(one_way ? Mark::partition_one_way : Mark::partition);
    const std::size_t cut = around_a_hub ? outer.size() : 2;
    for (std::size_t a = 0; a < cut; ++a)
        for (std::size_t b = a + 1; b < cut; ++b) {
            network_->cut_for_good(outer[a], outer[b]);
            if (!one_way) network_->cut_for_good(outer[b], outer[a]);
        }
}

void World::draw_jumps() {
    for (auto jumps = between(1, 3); jumps > 0; --jumps) {
        constexpr std::int64_t year = std::int64_t{365} * 24 * 3600 * 1000;
        const std::int64_t ms = chance(50) ? year : -year;
        const std::size_t seat = any_seat();
        seats_[seat].clock_jumps = true;
        schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
            if (node_at(seat) == nullptr) return;
            marks_.hit(Mark::clock_jump);
            node_at(seat)->set_clock_off(ms);
        });
    }
}

// A node dies, something happens to its data directory, it starts again.
void World::draw_disk_faults() {
    const std::size_t seat = any_seat();
    const Instant backup = sometime(0s, peace_ - Instant{});
    schedule_.at(backup, [=, this] { seats_[seat].backup = *seats_[seat].disk; });
    const Instant death = sometime(backup - Instant{}, peace_ - Instant{});
    const std::size_t original = chance(40) ? any_seat() : seat;
    schedule_.at(death, [=, this] {
        if (node_at(seat) != nullptr) node_at(seat)->die(false);
        original == seat ? spoil_disk(seat) : clone(original, seat);
        schedule_.after(Duration{static_cast<Duration::rep>(between(10'000, 2'000'000))},
                        [=, this] { restart_later(seat, false); });
    });
}

// From the beginning or some time on; who starts again remembers it.
void World::draw_block() {
    const std::size_t seat = any_seat();
    const std::size_t other = any_seat();
    if (seat == other) return;
    marks_.hit(Mark::blocked);
    seats_[seat].may_block = seats_[other].key->id();
    seats_[seat].blocks = chance(50);
    if (seats_[seat].blocks) return;
    schedule_.at(sometime(0s, peace_ - Instant{}), [=, this] {
        seats_[seat].blocks = true;
        if (node_at(seat) != nullptr) node_at(seat)->block(true);
    });
}

void World::draw_verifications() {
    for (auto more = between(1, 4); more > 0; --more)
        schedule_.at(sometime(0s, peace_ - Instant{}), [this, a = any_seat(), b = any_seat()] {
            if (node_at(a) != nullptr) node_at(a)->verify(seats_[b].key->id());
        });
}

// Said, and taken back after a restart, while somebody is away: who comes back is told of the log
// that takes back before the one that it is taken back from.
void World::draw_second_thoughts() {
    const std::size_t author = any_seat();
    const std::size_t reader = any_seat();
    if (author == reader) return;
    const Instant when = sometime(1s, peace_ - Instant{} - 3s);
    const auto at = [&](Duration later, auto act) { schedule_.at(when + later, act); };
    const auto die = [this](std::size_t seat) {
        if (node_at(seat) != nullptr) node_at(seat)->die(false);
    };
    at(0s, [=] { die(reader); });
    at(300ms, [=, this] { utter(author); });
    at(1500ms, [=, this] {
        die(author);
        restart_later(author, false);
    });
    for (const Duration later : {1600ms, 1700ms, 1800ms})
        at(later, [=, this] {
            Body* node = node_at(author);
            if (node != nullptr && !node->leaving()) node->take_back_one();
        });
    at(2s, [=, this] { restart_later(reader, false); });
}

void World::spoil_disk(std::size_t number) {
    Seat& seat = seats_[number];
    seat.last.reset();
    const bool restore = seat.backup && chance(60);
    marks_.hit(restore ? Mark::database_restored : Mark::database_deleted);
    const bool heeds_drops = seat.disk->heeds_drops;
    seat.disk = restore ? std::make_shared<Disk>(*seat.backup) : std::make_shared<Disk>();
    seat.disk->heeds_drops = heeds_drops;
}

// The whole data directory, key and all, is copied to another machine while its node may run.
void World::clone(std::size_t original, std::size_t copy) {
    marks_.hit(Mark::identity_cloned);
    seats_[copy].last.reset();
    seats_[copy].key = seats_[original].key;
    seats_[copy].disk = std::make_shared<Disk>(*seats_[original].disk);
}

void World::draw_talk() {
    const auto lines = between(0, 40);
    for (std::uint64_t i = 0; i < lines; ++i)
        schedule_.at(sometime(0s, peace_ - Instant{}), [this, seat = any_seat()] { utter(seat); });
    whispers_ = chance(50) && around_->tls;
    for (auto i = whispers_ ? between(1, 40) : 0; i > 0; --i)
        schedule_.at(sometime(0s, peace_ - Instant{}),
                     [this, seat = any_seat()] { whisper(seat); });
    for (auto i = chance(50) ? between(1, 6) : 0; i > 0; --i)
        schedule_.at(sometime(0s, peace_ - Instant{}), [this, seat = any_seat()] {
            if (Body* node = node_at(seat); node != nullptr && !node->leaving())
                node->take_back_one();
        });
    if (chance(15)) {
        marks_.hit(Mark::burst);
        const auto many = between(200, large_ ? 300 : 3000);
        schedule_.at(sometime(0s, peace_ - Instant{}),
                     [=, this, seat = any_seat()] { burst(seat, many, 0); });
    }
    if (chance(10)) {
        const std::size_t seat = any_seat();
        const Instant when = sometime(0s, peace_ - Instant{});
        schedule_.at(when, [=, this] {
            if (node_at(seat) != nullptr) node_at(seat)->receive(false);
        });
        schedule_.at(when + 3s, [=, this] {
            if (node_at(seat) != nullptr) node_at(seat)->receive(true);
        });
    }
    if (chance(12) && !legacy_seats_.empty() &&
        !large_) {  // more than the ledger holds, past a legacy peer
        const Instant when = sometime(3s, peace_ - Instant{});
        schedule_.at(when, [=, this] {
            LegacyPeer* reader = legacy_seats_.front().peer;
            if (reader == nullptr || !reader->alive()) return;
            reader->freeze();
            burst(0, 110, 65'000);
            schedule_.after(6s, [reader] { reader->thaw(); });
        });
    }
    if (chance(9) && seats_.size() <= 4) {  // more than the ledger holds, past a frozen reader
        const Instant when = sometime(3s, peace_ - Instant{});
        const bool few_but_long = chance(75);
        schedule_.at(when, [=, this] {
            Body* reader = node_at(1);
            if (reader == nullptr) return;
            reader->freeze();
            burst(0, few_but_long ? 110 : 13'000, few_but_long ? 65'000 : 0);
            schedule_.after(6s, [reader] {
                if (reader->alive()) reader->thaw();
            });
        });
    }
}

}  // namespace lanchat::sim
