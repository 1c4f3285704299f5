// The history of a simulated chat, and the judge who decides whether it kept the promises.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/events.hpp"
#include "message/time.hpp"

namespace lanchat::sim {

using controller::DownReason;
using controller::UndeliveredReason;

enum class Kind { lanchat, legacy, stranger };

// A process, which is the author of one log. After a restart the same device is another person. Its
// index in History::people is its name here.
struct Person {
    Kind kind = Kind::stranger;
    bool alive = false;                    // when the history ends; strangers: may be linked then
    bool takes_legacy = true;              // links with legacy peers
    bool ever_killed = false;              // died without a goodbye: its reports died with it
    std::string name;                      // for messages
    std::string device;                    // lanchat: as in PeerInfo
    std::optional<std::size_t> follows;    // who had its data directory before, as it was left
    bool odd_clock = false;                // its wall clock shows nonsense, or will
    std::optional<std::size_t> page_of{};  // it is no process, but another log of that one
    Instant born{};                        // when the process started
    std::string to{};                      // another log of it, for this device alone
};

enum class What {
    up,
    down,
    said,
    shown,
    undelivered,
    loaded,     // found on the disk at the start: the log of `peer`, after `text` up to `number`
    stored,     // flushed: the log of `peer`, after `text` up to `number`
    lacks,      // the body of the line `number` of the log of `peer` is not here
    filled,     // it is here from now on, or was taken back
    exchanged,  // something of logs was sent
    clock_set,  // its wall clock was
    delivered,  // the node knows where the line `number` of the log of `peer` is
    placed,     // `peer` came, and over that link speaks `number`
    told,       // `number` was sent something of the log of `peer`, which is for one device alone
    carried,    // `number` was sent somebody's receipt for the log of `peer`
    forked,     // at the end: that of the log of `peer` is proven at `number`
    holds       // at the end: so many lines of the log of `peer`, whose head is `text`
};

struct Record {
    Instant when;
    What what;
    std::size_t node = 0;      // whose screen, keyboard or disk
    std::size_t peer = 0;      // the other one; said: the node itself; shown: the author
    std::uint64_t number = 0;  // seq of the line (legacy authors: 0), or how many are undelivered
    std::uint64_t text = 0;    // fingerprint of the line
    DownReason why = DownReason::lost;
    bool history = false;         // shown: as history
    bool hidden = false;          // said, shown: to nobody: its author is blocked, or it is no line
    std::int64_t ahead_ms = 0;    // said, shown: how much later than now it is dated
    std::uint32_t delivered = 0;  // on so many disks
    std::uint32_t missing = 0;    // on so many it is not, and they are here
    bool clocks_agree = false;    // said: more than half of the clocks that count are right
    std::uint64_t clock = 0;      // said, shown: the first that counts in the order of all lines

    bool operator==(const Record&) const = default;
};

struct History {
    std::vector<Person> people;
    std::vector<Record> records;          // in order of time
    Instant peace = Instant::max();       // no fault and no start after this
    Instant quiet_from{};                 // and all has healed
    Instant still_from = Instant::max();  // nobody said anything for long before this
    bool lines_are_pushed = true;         // nobody waits to be asked
    bool all_is_told = false;             // in the end it is known of all lines where they are
    std::set<std::pair<std::size_t, std::size_t>> apart;  // who cannot reach whom, in the end
};

// FNV-1a: the same everywhere.
std::uint64_t fingerprint(std::string_view text);

// What was promised and not kept, in words; empty is good. Between lanchat nodes, always: no line
// twice in what one data directory remembers, none out of its log's order unless it is marked as
// history, none marked so that is said in the quiet time, and all that were said before their
// reader started; none that was not said, none stored that was not shown, none forgotten that was
// flushed. In the end all nodes that are alive have shown the same lines of every log, all that
// were said by the living among them, and have nothing to tell each other. Nobody counts a line as
// delivered to more than have it, body and all; what is said and watched in the quiet time is known
// to be with everybody. Where most clocks are right, nobody dates a line more than 10 minutes off.
// Whatever they show, what is said after a line was shown comes after it in the order of all lines,
// where both authors are linked with each other and with the same others. Who leaves in good order
// reports what did not arrive. Whose log is proven to be forked anywhere, it ends at one place and
// in one head everywhere. Of a log that is for one device alone nobody sees or stores anything but
// that device and its author's, and in the end both have the same, if they can reach each other.
// Whoever shows what is public of another gets nothing that belongs to that key: no place among the
// peers, no direct line, no acknowledgement, no receipt. In the quiet time: nobody comes or goes,
// everybody sees everybody within reach and nobody else, legacy peers get and give each line once.
// Logs of strangers may end anywhere.
std::vector<std::string> judge(const History& history);

}  // namespace lanchat::sim
