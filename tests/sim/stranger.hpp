// Hostile and confused programs: they send valid frames in states where nobody should.
#pragma once

#include <map>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

enum class Greeting { lanchat, legacy, mirror, garbage, silence };

struct StrangerSettings {
    Endpoint self;                   // what it claims to be, and where it listens if it does
    std::optional<Endpoint> target;  // whom it dials
    Greeting greeting = Greeting::lanchat;
    InstanceId instance{};
    InstanceId mirrored{};  // mirror: the instance of its victim
    int frames = 0;         // random ones, after the greeting
    bool polite = false;    // answers pings and acknowledges, like a node that says nothing
    bool reads = true;
    std::uint64_t seed = 0;
};

class Stranger : public Party {
  public:
    Stranger(Surroundings& around, StrangerSettings settings);

    void die();

    void accepted(Plug plug, Endpoint from) override;
    void arrived(Plug plug, const std::string& bytes) override;
    void drained(Plug) override {}
    void ended(Plug plug, End end) override;

  private:
    void greet(Plug plug);
    void answer(Plug plug);
    void babble(Plug plug, int frames);
    Frame random_frame();
    std::optional<Hello> hello();

    Surroundings& around_;
    StrangerSettings settings_;
    Rng rng_;
    bool alive_ = true;
    std::map<Plug, int> heard_;  // frames that came over each open plug
};

}  // namespace lanchat::sim
