// Complaints about strangers: each connection that is cut is worth a word, but not thousands of
// them. The first is told at once; then, once a minute at most, how many there were since.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "message/address.hpp"
#include "message/time.hpp"

namespace lanchat::link {

// Pure: no clock and no thread of its own.
class Complaints {
  public:
    // `from` has done what `why` says. Returns what to tell now, if anything.
    std::optional<std::string> add(const Endpoint& from, std::string_view why, Instant now);

    // What to tell once time has passed, if anything.
    std::optional<std::string> due(Instant now);

    // Whether something waits to be told.
    bool has_more() const { return count_ > 0; }

  private:
    std::string last_;
    std::size_t count_ = 0;  // not told yet
    std::optional<Instant> told_;
};

}  // namespace lanchat::link
