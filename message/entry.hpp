// An entry of a log: one line of chat, or that its author met a device; with what ties it to its
// place. Bytes are kept as they came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/hash.hpp"
#include "message/ids.hpp"
#include "message/result.hpp"
#include "message/time.hpp"

namespace lanchat {

inline constexpr const char* general_room = "general";

// Hybrid logical clock (Kulkarni et al., 2014): 48 bits of milliseconds since 1970, then a 16-bit
// counter. Strictly increasing within a log. Never checked against anyone's wall clock.
struct Clock {
    std::uint64_t packed = 0;

    static constexpr Clock at(WallTime time, std::uint16_t counter = 0) {
        constexpr std::int64_t ms_max = (std::int64_t{1} << 48) - 1;
        const std::int64_t ms = time.ms < 0 ? 0 : time.ms > ms_max ? ms_max : time.ms;
        return {static_cast<std::uint64_t>(ms) << 16 | counter};
    }
    constexpr WallTime time() const { return {static_cast<std::int64_t>(packed >> 16)}; }
    auto operator<=>(const Clock&) const = default;
};

// Where a log ended, as far as the next one of that device knows.
struct Ended {
    Epoch epoch{};
    Seq seq = 0;
    Hash head;

    bool operator==(const Ended&) const = default;
};

struct Entry {
    LogId log;
    Seq seq = 0;
    Hash before;  // head of the log before this entry
    Clock clock;
    std::string room;
    std::string name;  // its author's, when it was said
    std::string text;
    std::string said_id;            // the caller's `--id`, empty: none
    std::optional<Ended> previous;  // in entry 1: this device's log before this one
    DeviceId met{};                 // none: it is a line. Else it has no text and no `said_id`

    bool is_line() const { return met == DeviceId{}; }
    bool operator==(const Entry&) const = default;
};

// The place of a line.
struct LineId {
    LogId log;
    Seq seq = 0;

    auto operator<=>(const LineId&) const = default;
};

// An entry that names somebody as met.
struct Met {
    DeviceId who;
    LineId where;

    auto operator<=>(const Met&) const = default;
};

// The order of all lines on every node: (clock, device, epoch, seq).
bool comes_before(const Entry& a, const Entry& b);

// log:number, unique in the network. The log is named by 26 characters of base32, a hash of it.
std::string message_id(const LogId& log, Seq seq);
std::string log_name(const LogId& log);
inline std::string message_id(const LineId& line) { return message_id(line.log, line.seq); }

// Precondition: texts are valid UTF-8 within their limits.
std::string encode(const Entry& entry);

// Judges by the bytes alone, so that every node judges alike. Unknown fields are no fault.
Result<Entry> decode_entry(std::string_view bytes);

}  // namespace lanchat
