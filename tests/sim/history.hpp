// The history of a simulated chat, and the judge who decides whether it kept the promises.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/events.hpp"
#include "message/time.hpp"

namespace lanchat::sim {

using controller::DownReason;
using controller::UndeliveredReason;

enum class Kind { lanchat, legacy, stranger };

// A process: it is somebody else after a restart. Its index in History::people is its name here.
struct Person {
    Kind kind = Kind::stranger;
    bool alive = false;        // when the history ends
    bool takes_legacy = true;  // links with legacy peers
    bool ever_killed = false;  // died without a goodbye: its reports died with it
    std::string name;          // for messages
};

enum class What { up, down, said, shown, undelivered };

struct Record {
    Instant when;
    What what;
    std::size_t node = 0;      // whose screen or keyboard
    std::size_t peer = 0;      // the other one; said: the node itself
    std::uint64_t number = 0;  // seq of the line (legacy authors: 0), or how many are undelivered
    std::uint64_t text = 0;    // fingerprint of the line
    DownReason why = DownReason::lost;

    bool operator==(const Record&) const = default;
};

struct History {
    std::vector<Person> people;
    std::vector<Record> records;  // in order of time
    Instant quiet_from{};         // no fault and no start after this
};

// FNV-1a: the same everywhere.
std::uint64_t fingerprint(std::string_view text);

// What was promised and not kept, in words; empty is good. Between lanchat nodes, always: no line
// twice, none out of its author's order, none that was not said, none from who is not up; a line
// said to a linked peer is shown there or reported. In the quiet time: nobody comes or goes,
// everybody alive sees everybody alive and nobody else, legacy peers get and give each line once.
std::vector<std::string> judge(const History& history);

}  // namespace lanchat::sim
