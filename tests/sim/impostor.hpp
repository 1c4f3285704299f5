// An impostor: it has a key of its own, and shows what is public of others.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

// What everybody may know of a node.
struct Shown {
    Endpoint where;
    NodeId node;
    LogId log;  // it says its lines in
    std::string name;
};

struct ImpostorSettings {
    Endpoint self;  // where it listens
    std::shared_ptr<const DeviceKey> key;
    bool stays = false;  // after the peace, too
    std::uint64_t seed = 0;
};

// It dials and accepts with the instances, logs, names and ports of those who live, and nonces of
// its choice; it acknowledges, signs receipts, and asks for what is said to them alone. Whatever it
// gets that way belongs to a wrong key.
class Impostor : public Party {
  public:
    using Living = std::function<std::vector<Shown>()>;
    Impostor(Surroundings& around, ImpostorSettings settings, Living living);

    void die();
    bool stays() const { return settings_.stays; }

    void accepted(Plug plug, Endpoint from) override;
    void arrived(Plug plug, const std::string& bytes) override;
    void drained(Plug) override {}
    void ended(Plug plug, End) override { guises_.erase(plug); }

  private:
    // Whom it seems to be over one connection.
    struct Guise {
        Shown victim;
        bool greeted = false;  // by the other side
        NodeId other;
    };

    void act();
    void dial();
    Shown some_victim(const std::vector<Shown>& living);
    Hello hello(const Guise& guise);
    std::uint64_t nonce();
    void pretend(Plug plug, const Guise& guise);
    LogId letters(const Guise& guise);
    bool is_peace() const { return around_.schedule.now() >= around_.history.peace; }

    Surroundings& around_;
    ImpostorSettings settings_;
    Living living_;
    Rng rng_;
    bool alive_ = true;
    std::map<Plug, Guise> guises_;
};

}  // namespace lanchat::sim
