// One simulated network and what befalls it, all decided by one seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/body.hpp"
#include "tests/sim/impostor.hpp"
#include "tests/sim/legacy.hpp"
#include "tests/sim/stranger.hpp"

namespace lanchat::sim {

// Where the machines of a world are.
inline constexpr std::uint32_t lan = 0x0A000000;  // 10.0.0.0
inline constexpr Ipv4 loopback{0x7F000001};

struct WorldSettings {
    std::uint64_t seed = 0;
    std::size_t nodes_min = 2;
    std::size_t nodes_max = 50;
    bool sync_only = false;  // nobody sends a line unasked
    bool trace = false;
    bool by_instance = false;  // every node takes an instance for its owner, see BodySettings
};

class World {
  public:
    explicit World(WorldSettings settings);

    // Faults, then peace, then a quiet time that is judged. Throws Broken.
    void run();
    const Marks& marks() const { return marks_; }

  private:
    // How long the parts of a seed take.
    struct Course {
        Duration trouble_least;
        Duration trouble_more;  // at most so much more
        Duration settle;
        Duration quiet;
        Duration talk;  // of the quiet time; what is said last has to reach slow disks after it
    };

    // A place where a node runs; after a restart another one.
    struct Seat {
        Endpoint address;
        std::optional<Endpoint> second;
        Body* node = nullptr;
        Duration step_delay{0};
        bool takes_legacy = true;
        bool slow_disk = false;
        bool forgetful = false;
        bool gives_bare = false;
        bool glimpses = false;
        std::int64_t clock_off_ms = 0;
        bool clock_jumps = false;
        controller::Haste haste = {};
        std::shared_ptr<const DeviceKey> key;
        std::shared_ptr<Disk> disk;
        std::optional<Disk> backup;
        std::optional<DeviceId> may_block = {};
        bool blocks = false;
        std::optional<std::size_t> last;  // who ran here and left the disk as it is
    };
    struct LegacySeat {
        Endpoint address;
        LegacyPeer* peer = nullptr;
    };

    // plan.cpp, plan_strangers.cpp: what happens
    void draw_places();
    void draw_seat(Ipv4 host, std::uint16_t port);
    std::int64_t draw_clock_off();
    void draw_legacy_peers();
    void draw_starts();
    void draw_faults();
    void draw_deaths();
    void draw_cuts();
    void draw_roamers();
    void draw_freezes();
    void draw_farewells();
    void draw_partition();
    void draw_jumps();
    void draw_disk_faults();
    void draw_block();
    void draw_verifications();
    void draw_talk();
    Endpoint place_apart(std::uint32_t host, std::uint32_t port, std::uint32_t number) const;
    void draw_strangers();
    void draw_hostile_authors();
    void draw_late_joiner(std::uint32_t number);
    void draw_impostors();
    void draw_squatters();
    void draw_second_thoughts();
    void draw_crowd();
    void make_peace();
    void silence_hostile(bool who_stay);  // at the peace, or else before the end
    void unblock_the_last();

    void start(std::size_t seat);
    void restart_later(std::size_t seat, bool other_address);
    void start_legacy(std::size_t seat);
    void make_stranger(StrangerSettings settings);
    std::vector<Shown> living() const;
    void spoil_disk(std::size_t seat);
    void clone(std::size_t original, std::size_t copy);
    void burst(std::size_t seat, std::size_t lines, std::size_t bytes);
    void utter(std::size_t seat, std::size_t bytes = 0);
    void whisper(std::size_t seat);
    void talk_quietly();

    void settle_legacy();
    std::set<std::string> odd_links() const;
    void check_links();
    static void check_bodies(const Body& a, const Body& b);
    void check_stops() const;
    void tell_the_end();
    bool reach(const Body& a, const Body& b) const;

    bool chance(std::uint64_t percent) { return rng_.below(100) < percent; }
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + rng_.below(high - low + 1);
    }
    Instant sometime(Duration from, Duration to);
    std::size_t any_seat() { return rng_.below(seats_.size()); }
    Body* node_at(std::size_t seat) const;
    Endpoint free_address(Ipv4 host);

    WorldSettings settings_;
    bool large_;  // every second and every line costs: they are few, and the lines short
    Course course_;
    Rng rng_;
    Marks marks_;
    Schedule schedule_;
    std::optional<Network> network_;
    History history_;
    std::map<std::string, std::size_t> names_;
    std::map<std::string, std::size_t> tenants_;
    std::set<Endpoint> range_;
    std::optional<Surroundings> around_;

    std::vector<Seat> seats_;
    std::vector<LegacySeat> legacy_seats_;
    std::vector<std::unique_ptr<Body>> nodes_;
    std::vector<std::unique_ptr<LegacyPeer>> legacy_peers_;
    std::vector<std::unique_ptr<Stranger>> strangers_;
    std::vector<std::unique_ptr<Impostor>> impostors_;
    std::set<Endpoint> hostile_;          // who listens there may stay
    std::set<std::string> hostile_keys_;  // and whose key that is
    Instant peace_{};
    Ipv4 hub_{};  // reaches those who are apart
    std::uint64_t uttered_ = 0;
    bool whispers_ = false;
    bool shared_host_ = false;
    bool absurd_clocks_ = false;
};

}  // namespace lanchat::sim
