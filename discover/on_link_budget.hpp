// How many silent neighbours we may have asked for lately: the kernel's neighbour table is small.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "message/address.hpp"
#include "message/limits.hpp"
#include "message/time.hpp"

namespace lanchat::discover {

// A dial was asked for and matters more than one address of a scan.
enum class Purpose { scan, dial };

// A connect to an address that nobody answers for leaves an unresolved neighbour in the kernel for
// about 3 s; past 1024 of them the table overflows and the whole machine loses its network. So in
// any `window` at most limits::new_on_link_addresses_max addresses are tried that have not
// answered. Loopback, and addresses that answered within `answer_lasts`, cost nothing.
// Pure; memory is bounded by the two limits below.
class OnLinkBudget {
  public:
    // The kernel gives a neighbour up after 3.07 s, and what we time is not quite when it sends.
    static constexpr Duration window = limits::on_link_window + std::chrono::milliseconds{100};
    static constexpr auto answer_lasts = std::chrono::seconds{30};
    // The scan leaves these slots to dials, and still covers a /24 (253 others) in one go.
    static constexpr std::size_t kept_for_dials = 2;
    // As many as the kernel's own table holds; beyond that the oldest answer is forgotten.
    static constexpr std::size_t answers_max = 1024;

    // From when `ip` may be tried; `now` if at once.
    Instant earliest(Ipv4 ip, Purpose purpose, Instant now);

    // A connect to `ip` begins. Precondition: earliest() for a dial said `now`.
    void tried(Ipv4 ip, Instant now);

    // A connection to `ip` was accepted or refused: somebody is there, and the slot is free again.
    void answered(Ipv4 ip, Instant now);

    std::size_t taken(Instant now);

  private:
    bool is_free_of_charge(Ipv4 ip, Instant now) const;
    void forget_old_tries(Instant now);

    std::map<Ipv4, Instant> tried_;
    std::map<Ipv4, Instant> answered_;
};

}  // namespace lanchat::discover
