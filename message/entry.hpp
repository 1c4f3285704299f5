// An entry of a log: one line of chat, or something else that its author wants known; with what
// ties it to its place. What people wrote lies in a body beside it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/hash.hpp"
#include "message/ids.hpp"
#include "message/rarely.hpp"
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

// The place of a line.
struct LineId {
    LogId log;
    Seq seq = 0;

    auto operator<=>(const LineId&) const = default;
};

// What an entry is. `other` is a kind that this build does not know, or one that it knows with
// something senseless inside: it is kept, relayed and shown to nobody (log.md 31).
enum class EntryKind : std::uint8_t { text, met, drop, other };

// On behalf of whom the author of a line said it: a guest, or somebody beyond a bridge.
struct Via {
    std::string name;     // as they call themselves: a name (text.hpp)
    std::string through;  // the bridge, in a word: "irc"; or "guest"; 1 to 32 bytes
    // Random numbers of the bridges that the line has passed. A bridge adds its own, and takes no
    // line further that has it already, or as many as there may be: so none goes round.
    std::vector<std::uint64_t> passed;

    bool operator==(const Via&) const = default;
};

// What may stand beside a text. Every build shows it.
struct Marks {
    Rarely<Via> via;          // none: its author speaks for itself
    Rarely<LineId> reply_to;  // a line that those who read this one read too
    bool urgent = false;      // whoever is not looking should look
    bool action = false;      // what the author does, told in the third person: `/me waves`

    bool operator==(const Marks&) const = default;
};

// Random bytes that a body begins with. They are dropped with it, so that the hash of a short text
// does not tell what it was.
using Salt = std::array<std::uint8_t, 16>;

struct Entry {
    LogId log;
    Seq seq = 0;
    Hash before;  // head of the log before this entry
    Clock clock;
    EntryKind kind = EntryKind::text;
    std::string room;
    std::string name;        // its author's, when it was said
    Rarely<Ended> previous;  // in entry 1: this device's log before this one
    DeviceId met{};          // of kind `met`
    Rarely<Ended> dropped;   // of kind `drop`: the entry whose body its author takes back

    // Of kind `text`: what its body holds. Without its body they are empty.
    std::string text;
    std::string said_id;  // the caller's `--id`, empty: none
    Marks marks;
    Salt salt{};  // to be random where an entry is made

    bool is_line() const { return kind == EntryKind::text; }
    bool operator==(const Entry&) const = default;
};

// What an author takes back: an entry of its own, which is the one that makes `head` there.
struct Dropped {
    LineId line;
    Hash head;

    auto operator<=>(const Dropped&) const = default;
};

// Where the body of an entry is (log.md 28 to 30). `lacking`: nobody has given it so far;
// `dropped`: its author has taken it back. Of version 1 what was taken back is only hidden.
enum class BodyState { here, lacking, dropped };

// What has become of the body of a line.
struct BodyNews {
    LineId line;
    BodyState now = BodyState::here;

    bool operator==(const BodyNews&) const = default;
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

// The same for many lines, most of them of one log: its name, which is a hash, is kept.
class MessageIds {
  public:
    std::string of(const LineId& line);

  private:
    LogId log_;
    std::string name_;  // of `log_`, with the colon; empty: nothing was asked for
};

// The bytes of an entry that stay in its log, without those of its body and of its run.
// Precondition: texts are valid UTF-8 within their limits; the kind is not `other`.
std::string encode(const Entry& entry);
// Its body: salt and what people wrote. Empty: it has none. Preconditions: as above.
std::string encode_body(const Entry& entry);

// Where an entry stands, as its run tells.
struct EntryPlace {
    LogId log;
    Seq seq = 0;
    Hash before;  // decoding takes any
};

// Judges by the bytes alone, so that every node judges alike. Unknown fields are no fault, nor are
// unknown kinds. The body is still to come.
Result<Entry> decode_entry(std::string_view bytes, const EntryPlace& place);
// As above, into an entry whose memory is used again; or why not.
std::optional<Failure> decode_entry(std::string_view bytes, const EntryPlace& place, Entry& entry);

// What an entry of kind `drop` takes back: it is of the same author for the same readers.
Dropped dropped_by(const Entry& entry);

// Takes out of its body what an entry says. A body in which there is nothing that people could read
// makes it one of kind `other`.
void take_body(std::string_view body, Entry& entry);

// Why what all kinds share, which alone decides, makes an entry invalid. Null: it does not.
const char* why_invalid(const Entry& entry);

}  // namespace lanchat
