// Tolls: whoever makes us work pays for it, with waiting. Who sends runs or receipts pays for the
// verification of their signatures, a legacy peer for each of its lines.
//
// A frame of 256 one-line runs is 60 KB and costs its receiver 12 to 22 ms (50 to 85 us a
// signature, as long as it takes to hash as many KB): in bytes a flood of them looks like any other
// frame.
#pragma once

#include <cstddef>
#include <map>

#include "message/address.hpp"
#include "message/time.hpp"

namespace lanchat::link {

// On the loop. Each address has its account, whatever its connections: who comes again owes what it
// owed. On loopback an address is many nodes, so each connection has its own.
class Tolls {
  public:
    Tolls(std::size_t per_second, std::size_t burst) : per_second_(per_second), burst_(burst) {}

    // So many `things` of `from` were taken: how long its next frame must wait to be read. Zero for
    // who stays below the rate, after a burst.
    Duration pay(const Endpoint& from, std::size_t things, Instant now);

    std::size_t accounts() const { return settled_.size(); }

  private:
    Duration time_for(std::size_t things) const;

    std::size_t per_second_;
    std::size_t burst_;
    std::map<Endpoint, Instant> settled_;  // when all that was taken will be paid for
};

}  // namespace lanchat::link
