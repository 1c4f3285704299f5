// How often strangers may guess at the passphrase of our network, and we at theirs (log.md 26).
//
// Whoever talks CPace with another learns one thing: whether one passphrase is right. So all there
// is to gain from guessing is many talks, and a talk is what is paced here: one a second in all
// that may fail, five a minute with one address, one a day with one TLS key. Who is right costs
// nothing; who was right before does not wait. Of those who wait whoever failed least goes first,
// of equals whoever came last: a crowd of guessers makes nobody wait who has just come.
//
// Pure: no clock and no thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "message/address.hpp"
#include "message/hash.hpp"
#include "message/ids.hpp"
#include "message/time.hpp"

namespace lanchat::link {

class Guesses {
  public:
    enum class Ticket : std::uint64_t {};

    struct Guesser {
        Ipv4 ip;
        Hash key;         // its TLS key
        DeviceId device;  // which it has proven to be
    };

    // The member knew the passphrase in an earlier life of this node.
    void expect(const DeviceId& member);

    // Somebody wants to talk. No value: not today.
    std::optional<Ticket> enter(const Guesser& who, Instant now);

    // Whose turn it is; nobody's: ask again at `next_at`, or after any other call.
    std::optional<Ticket> next(Instant now);
    std::optional<Instant> next_at() const { return next_at_; }

    // Who has to go because the room is full of others, each told once.
    std::vector<Ticket> crowded_out();

    enum class Outcome {
        knew,       // the passphrase
        did_not,    // and has said so
        broke_off,  // nobody knows; it may have been to hold up the others
        left        // before it was its turn, or at once when it was
    };
    void ended(Ticket ticket, Outcome outcome, Instant now);

  private:
    struct Waiting {
        Guesser who;
        bool talks = false;
    };
    struct Rank {
        std::size_t failures;
        std::uint64_t came_before;  // the later the smaller
        auto operator<=>(const Rank&) const = default;
    };

    void forget(Instant now);
    void refill(Instant now);
    std::size_t failures(Ipv4 ip) const;
    Rank rank(Ticket ticket, const Waiting& waiting) const;
    bool is_known(const Guesser& who) const { return members_.contains(who.device); }
    std::optional<Instant> address_free_at(Ipv4 ip) const;

    std::map<Ticket, Waiting> tickets_;
    std::uint64_t count_ = 0;
    std::vector<Ticket> crowded_out_;
    std::size_t left_ = 0;  // talks that may fail now
    Instant refilled_{};    // when the last of them was added
    bool is_fresh_ = true;  // nobody has asked yet
    std::optional<Instant> next_at_;
    std::map<Ipv4, std::deque<Instant>> failed_at_;  // within the window
    std::map<Hash, Instant> failed_keys_;
    std::deque<Hash> failed_order_;
    std::set<DeviceId> members_;
    std::deque<DeviceId> members_order_;
};

}  // namespace lanchat::link
