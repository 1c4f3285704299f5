// Tolls: whoever sends runs or receipts pays for the verification of their signatures, with
// waiting.
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
    // `runs` of `from`, or as many receipts, were verified: how long its next frame must wait to be
    // read. Zero for who stays below limits::verified_runs_per_s, after a burst of
    // limits::verified_runs_burst.
    Duration pay(const Endpoint& from, std::size_t runs, Instant now);

    std::size_t accounts() const { return settled_.size(); }

  private:
    std::map<Endpoint, Instant> settled_;  // when all that was verified will be paid for
};

}  // namespace lanchat::link
