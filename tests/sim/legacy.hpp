// A model of the original Go program: its map, its refusals, its faults (original.md 3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/body.hpp"

namespace lanchat::sim {

// Serves and dials like proximity-chat at dd35ed7: a dialler that finds the peer present
// half-closes what it has just dialled; a server that reads an end removes whatever entry has that
// address. Any frame it would not understand breaks the seed.
class LegacyPeer : public Party {
  public:
    LegacyPeer(Surroundings& around, Endpoint address, std::uint64_t seed);

    void say(const std::string& text);  // to every entry, and into the history
    void die();
    void freeze() { frozen_ = true; }
    void thaw();

    bool alive() const { return alive_; }
    Endpoint address() const { return address_; }
    std::size_t person() const { return person_; }
    // The addresses in its map.
    std::vector<std::string> entries() const;

    void accepted(Plug plug, Endpoint from) override;
    void arrived(Plug plug, const std::string& bytes) override;
    void drained(Plug) override {}
    void ended(Plug plug, End end) override;

  private:
    enum class Phase { greeting, member, duplicate };
    struct Stream {
        Phase phase = Phase::greeting;
        std::string peer;  // the address it is known by
    };

    void scan();
    void scan_next(std::set<Endpoint> left);
    void dial(Endpoint where);
    void served(Plug plug, Stream& stream, const std::string& msg);
    void answered(Plug plug, Stream& stream, const std::string& msg);
    void show(const Stream& stream, const std::string& msg);
    std::string plain_text(const std::string& bytes, bool may_extend) const;
    void trace(const std::string& words) const;

    Surroundings& around_;
    Endpoint address_;
    std::size_t person_;
    Rng rng_;
    bool alive_ = true;
    bool frozen_ = false;
    std::vector<std::pair<Plug, std::string>> unread_;
    std::map<std::string, Plug> entries_;
    std::map<Plug, Stream> streams_;
};

}  // namespace lanchat::sim
