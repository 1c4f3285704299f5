// The store: every run that was ever verified here, on disk, and what people ask about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "message/extent.hpp"
#include "message/fork.hpp"
#include "message/result.hpp"
#include "message/run.hpp"

namespace lanchat::store {

// What is held of a log.
struct Holding {
    LogId log;
    Extent extent;

    bool operator==(const Holding&) const = default;
};

// What a trim has dropped.
struct Trimmed {
    std::size_t lines = 0;        // 0: all is within the bounds
    std::vector<Holding> raised;  // the logs whose floor has risen, as they are now
};

// How much is held.
struct Tally {
    std::uint64_t lines = 0;
    std::uint64_t logs = 0;
    std::uint64_t trimmed = 0;            // lines below the floors of these logs
    std::uint64_t bytes = 0;              // that all of it takes, on disk or in memory
    std::optional<WallTime> oldest = {};  // when the first line of all was said
};

// At most so many hits of a search are looked at: this bounds what a word of every line costs.
inline constexpr std::size_t searched_max = 4'096;

// One flush makes at most so much durable.
inline constexpr std::size_t commit_entries_max = 1'024;
inline constexpr std::size_t commit_bytes_max = std::size_t{1024} * 1024;

// The place of a line in the order in which lines came into this store, from 1. The same number is
// given twice where a directory was put back from an older copy, or where two copies of one are
// used: see Position.
using Arrival = std::uint64_t;

// An era is what came between one opening of a store and the next. Its random name is kept in the
// store, so a place that names its era can be proven to be of this store as it is now, and with it
// all that came before.
struct Position {
    std::uint64_t era = 0;
    Arrival arrival = 0;

    bool operator==(const Position&) const = default;
};

// How an opened store names places. Until something comes, the era before goes on.
struct Eras {
    std::uint64_t before = 0;
    std::uint64_t now = 0;
    Arrival opened_at = 0;  // the last arrival of the era before

    Position at(Arrival arrival) const { return {arrival > opened_at ? now : before, arrival}; }
};

// A line as it lies in the store.
struct Line {
    Arrival arrival = 0;
    Entry entry;            // without the head before it
    bool legacy = false;    // unsigned, heard from a legacy peer; `entry.name` is its address
    std::string id = {};    // of a legacy line; empty: it is from before ids were kept
    Hash checksum = {};     // of a legacy line, with its arrival
    bool disputed = false;  // it lies behind a fork of its log: kept, but no part of the transcript
    BodyState body = BodyState::here;  // else it has no text
};

// What was new in a run, or one part of it: `count` of its items from `first` on, of which the
// first arrived as `arrival` and the others right after it.
struct Added {
    RunPtr run;
    std::size_t first = 0;
    std::size_t count = 0;
    Arrival arrival = 0;

    Arrival last() const { return arrival + count - 1; }
};

// What a legacy peer said.
struct Heard {
    std::string id;  // of the message that showed it
    WallTime at;
    std::string room;
    std::string address;
    std::string text;
};

// As `runs_max` of trim(): no bound, for a caller that nobody waits for.
inline constexpr std::size_t all_runs = ~std::size_t{0};

// What two devices say to each other alone is a conversation. It lies in the store as a room does,
// under a name that is too long for one.
std::string conversation_of(const DeviceId& one, const DeviceId& other);

// Chooses lines. All limits are inclusive, and empty ones do not limit. Direct messages are in no
// room, and pass only where they are asked for.
struct Filter {
    std::string room = {};
    std::optional<DeviceId> author = {};
    std::string legacy_author = {};  // the address of a legacy peer; only if `author` is none
    std::optional<WallTime> since = {};
    std::optional<WallTime> until = {};
    std::set<DeviceId> hidden = {};  // authors of lines that are left out
    std::string conversation = {};   // only what is said there
    bool direct_too = false;         // what is said in all of them is not left out
    bool met_too = false;            // entries that are no lines are not left out
};

// Port with two implementations: SQLite and memory. Not for use by two threads at once. A Failure
// of a write leaves the store as it was before.
class Store {
  public:
    virtual ~Store() = default;

    // Random, made with the store.
    virtual std::uint64_t id() const = 0;

    // How this store names places. Does not change while it is open.
    virtual Eras eras() const = 0;
    // Whether this store, as it is now, has named that place: then all that came up to it is what
    // those have seen who were told it. False if that cannot be proven.
    virtual Result<bool> proves(const Position& place) = 0;

    // The arrival of the newest line; 0: none ever came.
    virtual Arrival last() const = 0;

    // Keeps what is new in `runs`: a run that does not fit to what is held of its log (extent.hpp)
    // is left out, and what is held already is skipped. Once this returns the lines survive a
    // power cut. Returns what was new, by arrival; runs that had waited for one of `runs` come
    // right behind it. `arrived` is now: from it the age of the runs counts.
    virtual Result<std::vector<Added>> append(const std::vector<RunPtr>& runs,
                                              WallTime arrived) = 0;

    // What has become of bodies since this was asked last: of runs without them, of entries that
    // take them back, of `fill`. In order.
    virtual std::vector<BodyNews> take_body_news() = 0;
    // Keeps those bodies that were lacking and are what their entries have signed. Once this
    // returns they survive a power cut. Returns their lines, which arrived long ago.
    virtual Result<std::vector<Line>> fill(const LogId& log, const std::vector<Body>& bodies) = 0;
    // Those bodies of these entries that are here: at most `bytes_max` of them, or one.
    virtual Result<std::vector<Body>> bodies(const LogId& log, const std::vector<Seq>& entries,
                                             std::size_t bytes_max) = 0;
    // Whose bodies are lacking.
    virtual Result<std::vector<LineId>> lacking() = 0;
    // What authors have taken back, here or not: at most `count`.
    virtual Result<std::vector<Dropped>> dropped(std::size_t count) = 0;

    // Keeps lines of legacy peers for `history`, with one flush for all of them. Returns the
    // arrival of the first; the others follow it.
    virtual Result<Arrival> append_legacy(const std::vector<Heard>& heard) = 0;

    // Whether an append takes no longer than to tell another thread of it.
    virtual bool is_quick() const { return false; }

    // Does a small part of the work that can wait until there is nothing else to do. False: nothing
    // is left, or it cannot be done now. No answer depends on it.
    virtual bool catch_up() { return false; }
    // Keeps the proof, unless one of a lower place is known: lines from its place on are disputed
    // from now on, and nothing more comes to them. Once this returns it survives a power cut.
    // Returns what is held of the log then.
    virtual Result<Extent> freeze(const Fork& proof) = 0;
    // The proof of the lowest place, verified anew.
    virtual Result<std::optional<Fork>> proof_of(const LogId& log) = 0;

    virtual Result<std::vector<Holding>> holdings() = 0;
    // Calls `take` with each holding, in any order, since there may be millions. A Failure unless
    // all were given.
    virtual std::optional<Failure> each_holding(const std::function<void(const Holding&)>& take) {
        const auto all = holdings();
        if (!all) return Failure{all.why()};
        for (const Holding& one : *all) take(one);
        return std::nullopt;
    }

    // All `met` entries that are held: who names whom.
    virtual Result<std::vector<Met>> met() = 0;

    // How much is held. Reads no more than counters, so it may be asked often.
    virtual Result<Tally> tally() = 0;

    // The whole runs that hold `log` from the entry after `after` on, verified anew, until one of
    // the maxima is met (at least one run). Those that follow each other are given as one, unless
    // some of them is disputed. Empty when there is none. A run that no longer verifies ends the
    // list and is a Failure when it is the first. None that is disputed as a whole.
    virtual Result<std::vector<RunPtr>> runs(const LogId& log, Seq after, std::size_t entries_max,
                                             std::size_t bytes_max) = 0;
    // As above, but the runs that hold the entry `seq` and those before it, newest first.
    virtual Result<std::vector<RunPtr>> runs_back_from(const LogId& log, Seq seq,
                                                       std::size_t entries_max,
                                                       std::size_t bytes_max) = 0;

    // In the order of all nodes, oldest first: the newest `count` lines that pass the filter.
    virtual Result<std::vector<Line>> newest(const Filter& filter, std::size_t count) = 0;
    // In order of arrival, those after `after`.
    virtual Result<std::vector<Line>> arrived(Arrival after, const Filter& filter,
                                              std::size_t count) = 0;
    // The newest `count` that hold all words of `query`, oldest first. Any text is a valid query;
    // one without letters or digits finds nothing. Of more than `searched_max` hits only so many,
    // the last to arrive, are looked at.
    virtual Result<std::vector<Line>> search(std::string_view query, const Filter& filter,
                                             std::size_t count) = 0;
    // The own line said with this id, if any.
    virtual Result<std::optional<Line>> said(const DeviceId& author, std::string_view said_id) = 0;

    // Addresses of all legacy peers whose lines were ever heard, by name.
    virtual Result<std::vector<std::string>> legacy_authors() = 0;

    // All that lines were ever said in, by name.
    virtual Result<std::vector<std::string>> rooms() = 0;

    // Raises floors until at most `bytes_max` bytes are held and nothing arrived before `oldest`,
    // beginning with the author who uses most. Whole runs; never the newest of a log. Legacy lines
    // count as one author's. At most `runs_max` runs at once, so that nobody waits long.
    virtual Result<Trimmed> trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                 std::size_t runs_max) = 0;

    // Makes fewer runs of those that arrived before `before` and follow each other (rules.hpp): of
    // a talk each line came in a run of its own, and its signature takes more than the line. No
    // answer depends on it, but that a run is given up as a whole. Looks at `runs_max` runs at
    // most, each once in the life of a store; true: there are more to look at.
    virtual Result<bool> join_runs(WallTime before, std::size_t runs_max) = 0;
};

}  // namespace lanchat::store
