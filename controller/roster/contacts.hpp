// The contact book: which addresses are worth a dial, and when the next one is due.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "message/address.hpp"
#include "message/rng.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// sighted ──dial──> greeting ──hello──> linked ──lost──> missed ──10 min──> forgotten
//    ^                 │ refused: 1 s … 30 s                │
//    │                 │ strange: 3 s … 10 min              └ dialled after 0.3 s, then every 1-3 s
//    └────back-off─────┘
class Contacts {
  public:
    explicit Contacts(std::uint64_t seed) : rng_(seed) {}

    // Whether a dial is allowed now. An unknown address is.
    bool may_dial(const Endpoint& where, Instant now) const;

    void linked(const Endpoint& where, bool encrypted);  // it greeted us properly
    void missed(const Endpoint& where, Instant now);  // a linked peer was lost: dial it soon, often
    void unreachable(const Endpoint& where, Instant now);
    void refused(const Endpoint& where, Instant now);  // it speaks our protocol and said no
    void strange(const Endpoint& where, Instant now);  // whatever listens there is not ours
    // The program at `where` speaks plain HTTP/2, and the next dial may do so too. False where TLS
    // was met before: somebody stands in the way there, or another program has taken the place,
    // which may dial us.
    [[nodiscard]] bool plain(const Endpoint& where);
    void speaks_tls(const Endpoint& where);
    void second_address(const Endpoint& where, Instant now);  // of a peer we are linked with
    void is_myself(const Endpoint& where);
    void departed(const Endpoint& where);  // it said goodbye: the sweep will find it

    // Whether it was not asked before since it was last linked with.
    bool is_new_stranger(const Endpoint& where);
    bool is_plain(const Endpoint& where) const;

    // Missed peers whose dial is due; each is then due again later.
    std::vector<Endpoint> take_due(Instant now);
    std::optional<Instant> next_due() const;

  private:
    struct Contact {
        int failures = 0;
        bool myself = false;
        bool plain = false;  // for one dial
        bool tls = false;    // was met there, until it said goodbye
        bool stranger = false;
        Instant not_before{};
        Instant asked_until{};  // a connect is under way: do not ask again before
        std::optional<Instant> missed_since;

        Instant due() const { return std::max(not_before, asked_until); }
    };
    Contact& contact(const Endpoint& where);
    bool is_missed(const Endpoint& where, Instant now);
    void miss_no_longer(const Endpoint& where);
    Duration jittered(Duration delay);
    void back_off(const Endpoint& where, Instant now, Duration first, Duration most);

    void forget(const Endpoint& where);

    std::map<Endpoint, Contact> contacts_;
    std::set<Endpoint> missed_;  // the contacts that are dialled without a sighting
    Rng rng_;
};

}  // namespace lanchat::controller
