// The SQLite store: runs that have come to rest become fewer.
#include <map>
#include <utility>

#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::store {

Result<bool> SqliteStore::join_runs(WallTime before, std::size_t runs_max) {
    std::map<std::int64_t, std::vector<AtRest>> logs;
    std::size_t count = 0;
    Arrival seen = joined_;
    {
        auto row = database_.query(
            "SELECT run, log, first, last, lines, arrived, bytes FROM run"
            " WHERE run>? AND arrived<? ORDER BY run LIMIT ?",
            joined_, before.ms, std::uint64_t{runs_max});
        for (; row.row(); ++count) {
            seen = static_cast<Arrival>(row.integer(0));
            logs[row.integer(1)].push_back({static_cast<Seq>(row.integer(2)),
                                            static_cast<Seq>(row.integer(3)),
                                            {row.integer(5)},
                                            static_cast<std::size_t>(row.integer(6)),
                                            seen,
                                            seen + static_cast<Arrival>(row.integer(4))});
        }
        if (row.failed()) return refusal("cannot read what is held");
    }
    if (count == 0) return false;
    const auto failure = all_or_nothing([&] {
        for (auto& [log, runs] : logs)
            if (!join_in_log(log, runs)) return false;
        return database_.query("UPDATE store SET joined=?", seen).done();
    });
    if (failure) return *failure;
    joined_ = seen;
    retention_.forget();
    return count == runs_max;
}

bool SqliteStore::join_in_log(std::int64_t row, std::vector<AtRest>& runs) {
    std::optional<LogId> id;
    {
        auto name = database_.query("SELECT device, epoch FROM log WHERE log=?", row);
        if (!name.row()) return !name.failed();
        id = log_from(name, 0);
    }
    const auto log = id ? known(*id) : std::nullopt;
    if (!log) return true;
    return std::ranges::all_of(groups_at_rest(runs, log->holding.extent),
                               [&](Group group) { return join(*log, group); });
}

// What is damaged stays as it is. One signature is left to vouch for all, so it is looked at.
bool SqliteStore::join(const Log& log, Group group) {
    std::vector<UnprovenRun> runs;
    for (const AtRest& one : group) {
        auto row = database_.query("SELECT " + std::string(run_columns) + " FROM run WHERE run=?",
                                   one.key);
        if (!row.row()) return !row.failed();
        auto run = unproven_from(row, 0);
        if (!run || run->log() != log.holding.log || run->last() != one.last)
            return suspect(), true;
        runs.push_back(std::move(*run));
    }
    const auto fewer = in_fewer(runs, false, log.holding.extent.limit());
    if (fewer.size() != 1) return true;
    const auto whole = fewer.front().prove();
    if (!whole) return suspect(), true;
    return put_in_one(as_one(group), *whole, group);
}

bool SqliteStore::put_in_one(const AtRest& one, const RunPtr& whole, Group group) {
    for (const AtRest& run : group) {
        if (run.key == one.key) continue;
        const bool moved =
            database_
                .query("UPDATE line SET run=? WHERE arrival>=? AND arrival<? AND run=?", one.key,
                       run.key, run.end, run.key)
                .done() &&
            database_.query("DELETE FROM run WHERE run=?", run.key).done();
        if (!moved) return false;
    }
    const auto packed = pack(*whole);
    return database_
        .query(
            "UPDATE run SET first=?, last=?, lines=?, arrived=?, bytes=?, head=?, signature=?,"
            " entries=?, shared=?, bodies=? WHERE run=?",
            one.first, one.last, one.end - one.key, one.arrived.ms, std::uint64_t{one.bytes},
            sqlite::Blob{whole->head().view()}, sqlite::Blob{whole->signature().view()},
            sqlite::Blob{packed.entries}, sqlite::Blob{packed.shared}, sqlite::Blob{packed.bodies},
            one.key)
        .done();
}

}  // namespace lanchat::store
