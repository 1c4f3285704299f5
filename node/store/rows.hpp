// How entries and lines lie in rows, and how they are taken out again without trusting the disk.
#pragma once

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

// The entries of a run as one blob: each its length in 4 bytes, lowest first, then its bytes.
std::string pack(const VerifiedRun& run);
// Nothing if the blob is damaged so much that it cannot be told where entries end.
std::optional<std::vector<std::string_view>> unpack(std::string_view packed);

// From columns `signature` and the one after it: entries. Anything but what was stored is a
// Failure.
Result<RunPtr> run_from(const sqlite::Query& row, int signature);

// From columns signature, entries, other signature, other entries. Nothing if that is no proof.
std::optional<Fork> fork_from(const sqlite::Query& row);

// From columns id, heard, room, address, text; one that has not arrived.
Line legacy_from(const sqlite::Query& row);

// Takes lines out of their runs; keeps the last run it looked at. For one call of the store.
class LineReader {
  public:
    explicit LineReader(sqlite::Database& database) : database_(database) {}

    // Nothing if the line is damaged: its bytes are not those that its run's chain of hashes names.
    std::optional<Line> line(Arrival arrival, Seq seq, std::int64_t run);
    std::optional<Line> legacy(Arrival arrival);

  private:
    bool load(std::int64_t run);
    std::optional<Entry> entry(std::size_t place);

    sqlite::Database& database_;
    std::optional<std::int64_t> run_;
    Seq first_ = 0;
    Hash head_;
    std::string packed_;
    std::vector<std::string_view> entries_;
    std::size_t next_place_ = 0;
    std::optional<Entry> next_;  // after the last one that was read: lines are mostly read in order
};

}  // namespace lanchat::store
