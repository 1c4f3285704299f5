// Hostile and confused programs: they send valid frames in states where nobody should.
#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "tests/sim/body.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::sim {

// What a hostile member does with logs.
enum class Role {
    babbler,     // random frames
    replayer,    // valid runs of others, again and again
    withholder,  // announces what it never gives
    liar,        // claims to have 2^63 lines of every log
    flooder,     // says much
    asker,       // wants everything, for ever
    forker,      // signs different lines for one place
    clock_liar,  // tells absurd wall times, and dates its lines so
    planter,     // brings lines of authors that it invents, of whom it names some
    forger,      // says lines of its own that it has not signed
};
Mark mark_of(Role role);

enum class Greeting { lanchat, legacy, mirror, garbage, silence };

struct StrangerSettings {
    Endpoint self;                   // what it claims to be, and where it listens if it does
    std::optional<Endpoint> target;  // whom it dials
    Greeting greeting = Greeting::lanchat;
    InstanceId instance{};
    InstanceId mirrored{};  // mirror: the instance and device of its victim
    DeviceId mirrored_device;
    bool shares_key = false;    // it is another process of that device
    int frames = 0;             // random ones, after the greeting
    bool polite = false;        // answers pings and acknowledges, like a node that says nothing
    bool falls_silent = false;  // after its first answer
    bool stays = false;         // after the peace, too
    bool reads = true;
    Role role = Role::babbler;
    std::uint64_t seed = 0;
};

class Stranger : public Party {
  public:
    Stranger(Surroundings& around, StrangerSettings settings);

    void die();
    bool stays() const { return settings_.stays; }

    void accepted(Plug plug, Endpoint from) override;
    void arrived(Plug plug, const std::string& bytes) override;
    void drained(Plug) override {}
    void ended(Plug plug, End end) override;

  private:
    bool speaks_tls() const;
    void greet(Plug plug);
    void answer(Plug plug);
    void babble(Plug plug, int frames);
    void pester(Plug plug);
    Frame random_frame();
    void compare(Frame& frame);
    Ack some_ack();
    Head some_head();
    Frame role_frame(Plug plug);
    RunPtr forked_run(Plug plug);
    Frame planted_frame();
    std::string forged_bytes();
    const std::vector<RunPtr>& branch(std::uint64_t number);
    void learn(const Frame& frame);
    LogId some_log();
    NodeId invented();
    bool is_peace() const { return around_.schedule.now() >= around_.history.peace; }
    std::optional<Hello> hello();

    Surroundings& around_;
    StrangerSettings settings_;
    Rng rng_;
    bool alive_ = true;
    std::map<Plug, int> heard_;  // frames that came over each open plug
    std::set<Plug> nodes_;       // what came there was said by a lanchat node
    Voice voice_;
    Voice late_voice_;  // the same, with an absurd clock
    Voice named_;       // invented, and named by it
    Voice planted_;     // invented
    Seq said_ = 0;
    std::vector<LogId> logs_;
    std::vector<RunPtr> runs_;
    std::vector<Receipt> receipts_;
    std::array<std::vector<RunPtr>, 2> branches_;
    std::map<Plug, std::size_t> branch_told_;  // runs of it
};

}  // namespace lanchat::sim
