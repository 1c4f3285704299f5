// What both stores must agree on: which lines pass, in which order, and what joins a log.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/store/store.hpp"

namespace lanchat::store {

bool passes(const Filter& filter, const Entry& entry, bool legacy);

// A room or a conversation.
std::string place_of(const Entry& entry);
// Empty: it names none.
inline const std::string& place_of(const Filter& filter) {
    return filter.conversation.empty() ? filter.room : filter.conversation;
}

// The key by which a room or conversation is found, however its name is written (comparing.hpp).
std::string key_of(const Entry& entry);
std::string key_of(const Filter& filter);

// The order of all nodes; legacy lines, which are on this node only, by arrival where that is
// equal.
bool shown_before(const Line& a, const Line& b);

// How much may be read at once: at least one run.
class Share {
  public:
    Share(std::size_t entries, std::size_t bytes) : entries_(entries), bytes_(bytes) {}
    // False, for good, once it is used up.
    bool takes(std::size_t entries, std::size_t bytes);
    bool takes(const VerifiedRun& run) { return takes(run.size(), run.byte_count()); }

  private:
    std::size_t entries_;
    std::size_t bytes_;
    bool used_ = false;
};

// Sorts, and keeps the last `count`.
std::vector<Line> newest_of(std::vector<Line> lines, std::size_t count);

// A legacy peer's line before it has arrived.
Line legacy_line(const Heard& heard);
// Ties what was heard to its arrival, so that disk faults are seen as in any other line.
Hash legacy_head(const Line& line);

// Items of a run: `count` of them from `first` on.
struct Part {
    std::size_t first = 0;
    std::size_t count = 0;
};
// What of `run` is new.
std::vector<Part> new_parts(const VerifiedRun& run, const Extent& held);

// What a row of the store on disk can say of all items of a run that it names: they arrived one
// after another, were said in one room, and this soon after the first. Who is looked up by an id of
// theirs is alone.
inline constexpr std::uint64_t stretch_span = std::uint64_t{16} << 16;  // 16 ms, as in Clock
// Whether a later entry of a run belongs to the stretch that begins with `first`, if all between
// them do.
bool is_of_stretch(const Entry& first, const Entry& next);
// How many of these lines of legacy peers make a stretch: all of one are of one peer, too.
std::size_t stretch_in(const std::vector<Heard>& heard, std::size_t first);

// The newest so many of the lines that come by.
class Newest {
  public:
    explicit Newest(std::size_t count) : count_(count) {}

    // Whether they are newer than any line of a stretch that begins at this clock.
    bool are_newer_than(std::uint64_t stretch) const;
    void take(Line line);
    // Oldest first; leaves none.
    std::vector<Line> take_all();

  private:
    struct Order {
        bool operator()(const Line& a, const Line& b) const { return shown_before(a, b); }
    };
    std::size_t count_;
    std::set<Line, Order> lines_;  // by arrival too, so that no two are equal
};
// Whether it lies behind a fork of its log, of which this is held.
bool is_disputed(const Entry& entry, const Extent& held);

// A run of these entries is given up, of which the last makes `head`. What is disputed raises no
// floor.
void give_up(Extent& held, Seq first, Seq last, const Hash& head);

// A run that has come to rest in a store.
struct AtRest {
    Seq first = 0;
    Seq last = 0;
    WallTime arrived;
    std::size_t bytes = 0;
    Arrival key = 0;  // of its first line that was new
    Arrival end = 0;  // behind the last of them
};
// Neighbours among the runs of a log that are to be one, in order.
using Group = std::span<const AtRest>;
// As they follow each other: together they are small enough that to read one line of them costs
// about as much as before, came within an hour, so that their age is that of each, and lie near
// each other. The last of all stays as it is, since that one is never given up, and so do disputed
// ones. Sorts `runs`, which the groups are parts of: of one log, which holds `held`.
std::vector<Group> groups_at_rest(std::vector<AtRest>& runs, const Extent& held);
// The one that they become is kept as.
AtRest as_one(Group group);

// What is held once `run` is kept; nothing if it has nothing new or does not fit.
std::optional<Extent> extent_with(const VerifiedRun& run, const Extent& held);

}  // namespace lanchat::store
