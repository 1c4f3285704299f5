// How entries and lines lie in rows, and how they are taken out again without trusting the disk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/run.hpp"
#include "node/store/sqlite.hpp"
#include "node/store/store.hpp"

namespace lanchat::store {

// SQLite's numbers are signed; these keep the order of unsigned ones.
std::int64_t ordered(std::uint64_t value);
std::uint64_t from_ordered(std::int64_t value);

// Compared byte by byte these are in the order of all lines; legacy ones, which are on this node
// only, come last.
std::string order_of(const Entry& entry, bool legacy);

// A log by two columns: its device, with the one behind it that it is for, if any; its epoch.
std::string devices_of(const LogId& log);
std::int64_t epoch_of(const LogId& log);
std::optional<LogId> log_from(const sqlite::Query& row, int devices);
std::optional<Hash> hash_from(std::string_view bytes);

// From four columns: after, before, last, head.
std::optional<Stretch> stretch_from(const sqlite::Query& row, int after);

// What is held of a log, in one piece. Nothing comes back if the disk altered it.
std::string pack(const Holding& holding);
std::optional<Holding> holding_from(std::string_view packed);

// A run as columns, so that a body can go and what vouches for its entry stays.
struct Packed {
    std::string shared;   // message/run.hpp says how
    std::string entries;  // each its length in 4 bytes, lowest first, what it signs of its body,
                          // and its bytes; then a checksum of all this and the run's head
    std::string bodies;   // each its length, as above, and its bytes
};
// Of a run of version 1 `entries` has lengths and bytes only, the rest is empty.
Packed pack(const VerifiedRun& run);

// The columns of a run, in this order.
inline constexpr auto run_columns = "signature, shared, entries, bodies";
// From these columns, of which `signature` is the first. Anything but what was stored is a Failure.
Result<RunPtr> run_from(const sqlite::Query& row, int signature);
// The same, but of its signature nothing is known.
Result<UnprovenRun> unproven_from(const sqlite::Query& row, int signature);

// The columns of two runs, the second behind the first. Nothing if they are no proof.
inline constexpr auto fork_columns =
    "signature, shared, entries, bodies, other_signature, other_shared, other_entries,"
    " other_bodies";
std::optional<Fork> fork_from(const sqlite::Query& row);

// A stored run whose signature nobody has asked for: its entries are known to be those that were
// stored.
class StoredRun {
  public:
    static constexpr auto columns = "first, head, shared, entries, bodies";

    StoredRun() = default;
    StoredRun(const StoredRun&) = delete;
    StoredRun& operator=(const StoredRun&) = delete;

    // From these columns. False if they are damaged so much that it cannot be told where an entry
    // ends.
    [[nodiscard]] bool load(const sqlite::Query& row);

    Seq first() const { return first_; }
    std::size_t size() const { return entries_.size(); }

    // The entry at a place from 0 on. Only those of version 1 know the head before them. Nothing if
    // it is damaged.
    std::optional<Entry> entry(std::size_t place);
    bool is_apart(std::size_t place) const {
        return entries_[place].body.size() != entries_[place].body_name.size;
    }
    // The head of the log before the entry at a place; at `size()` that after the last one.
    std::optional<Hash> head_before(std::size_t place);

  private:
    struct Part {
        std::string_view bytes;
        BodyName body_name;
        std::string_view body;
    };
    bool take_all(std::string_view shared, std::string_view entries, std::string_view bodies);
    std::optional<Entry> entry_v1(std::size_t place);

    std::string entries_column_;
    std::string bodies_column_;
    Seq first_ = 0;
    Hash head_;
    std::optional<Shared> shared_;  // none: of version 1
    std::vector<Part> entries_;
    std::size_t next_place_ = 0;
    std::optional<Entry> next_;  // of version 1, after the last one that was read
};

// From columns id, heard, room, address, text; one that has not arrived.
Line legacy_from(const sqlite::Query& row);

// Takes lines out of their runs; keeps the last few runs it looked at, since those of several
// authors take turns. For one call of the store.
class LineReader {
  public:
    explicit LineReader(sqlite::Database& database) : database_(database) {}

    // Nothing if the line is damaged.
    std::optional<Line> line(Arrival arrival, Seq seq, std::int64_t run);
    std::optional<Line> legacy(Arrival arrival);

  private:
    struct Kept {
        std::int64_t row = 0;
        StoredRun run;
    };
    // Null if it is damaged.
    StoredRun* run_at(std::int64_t row);

    sqlite::Database& database_;
    std::array<Kept, 8> kept_;
    std::size_t oldest_ = 0;  // of these
};

}  // namespace lanchat::store
