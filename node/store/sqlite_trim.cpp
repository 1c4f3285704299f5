// The SQLite store: giving up old runs.
#include <algorithm>
#include <utility>

#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::store {

// From the index alone, in one go: no run is read.
Result<std::vector<HeldLog>> SqliteStore::held_runs() {
    std::vector<HeldLog> held{HeldLog{}};
    const auto note = [&held](const sqlite::Query& run, int column) {
        held.back().runs.push_back({static_cast<Seq>(run.integer(column)),
                                    {run.integer(column + 1)},
                                    static_cast<std::uint32_t>(run.integer(column + 2))});
    };
    auto legacy = database_.query(
        "SELECT g.arrival, heard, length(CAST(text AS BLOB)), l.arrival IS NOT NULL"
        " FROM legacy g LEFT JOIN line l ON l.arrival=g.arrival ORDER BY g.arrival");
    while (legacy.row()) {
        const bool begins_stretch = legacy.integer(3) != 0;
        if (begins_stretch || held.back().runs.empty())
            note(legacy, 0);
        else
            held.back().runs.back().bytes += static_cast<std::uint32_t>(legacy.integer(2));
    }
    std::map<std::int64_t, LogId> names;
    auto name = database_.query("SELECT device, epoch, log FROM log");
    while (name.row())
        if (const auto id = log_from(name, 0)) names.emplace(name.integer(2), *id);
    auto run = database_.query(
        "SELECT log, last, arrived, bytes FROM run INDEXED BY run_by_log ORDER BY log, last");
    std::int64_t row = 0;
    while (run.row()) {
        const auto known = names.find(run.integer(0));
        if (known == names.end()) continue;
        if (std::exchange(row, known->first) != known->first) held.push_back({known->second, {}});
        note(run, 1);
    }
    if (legacy.failed() || name.failed() || run.failed())
        return refusal("cannot read what is held");
    std::sort(held.begin() + 1, held.end(),
              [](const HeldLog& a, const HeldLog& b) { return a.log < b.log; });
    return held;
}

// So that whoever keeps all of a million logs need not list their runs to find that out.
Result<bool> SqliteStore::is_within(std::uint64_t bytes_max) {
    const auto bytes = number(
        "SELECT (SELECT ifnull(sum(bytes), 0) FROM run INDEXED BY run_by_log)"
        " + (SELECT ifnull(sum(length(CAST(text AS BLOB))), 0) FROM legacy)");
    if (!bytes) return refusal("cannot read how much is held");
    return static_cast<std::uint64_t>(*bytes) <= bytes_max;
}

Result<Trimmed> SqliteStore::trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                  std::size_t runs_max) {
    if (!retention_.has_plan(bytes_max, oldest)) {
        if (!oldest) {
            const auto within = is_within(bytes_max);
            if (!within) return Failure{within.why()};
            if (*within) {
                retention_.forget();
                return Trimmed{};
            }
        }
        auto held = held_runs();
        if (!held) return Failure{held.why()};
        retention_.plan(std::move(*held), bytes_max, oldest);
    }
    const auto gone = retention_.next(runs_max);
    std::size_t dropped = 0;
    std::map<LogId, Log> raised;
    const auto failure = all_or_nothing([&] {
        for (const auto& [id, runs] : gone) {
            const bool is_legacy = id == LogId{};
            const auto found = is_legacy ? Log{} : known(id);
            if (!found) return false;
            Log log = *found;
            for (const HeldRun& run : runs)
                if (is_legacy ? !drop_legacy(run.last, dropped) : !drop_run(log, run.last, dropped))
                    return false;
            if (is_legacy) continue;
            raised[id] = log;
            if (!save(log)) return false;
        }
        return database_.query("UPDATE store SET last=?", last_).done();
    });
    if (failure) {
        retention_.forget();
        return *failure;
    }
    totals_.reset();
    if (lines_) *lines_ -= dropped;
    Trimmed trimmed{dropped, {}};
    for (const auto& [id, log] : raised) {
        keep_at_hand(log);
        trimmed.raised.push_back(log.holding);
    }
    return trimmed;
}

// Raises the floor of `log` to the run's end.
bool SqliteStore::drop_run(Log& log, Seq last, std::size_t& dropped) {
    std::int64_t run = 0;
    std::int64_t end = 0;
    {
        auto found = database_.query(
            "SELECT run, lines, head, first FROM run WHERE log=? AND last=?", log.row, last);
        if (!found.row()) return false;
        const auto head = hash_from(found.bytes(2));
        if (!head) return database_.damaged("a stored run is damaged"), false;
        run = found.integer(0);
        end = run + found.integer(1);
        give_up(log.holding.extent, static_cast<Seq>(found.integer(3)), last, *head);
    }
    {
        auto lines = database_.query(
            "SELECT ifnull(sum(lines), 0) FROM line WHERE arrival>=? AND arrival<? AND run=?", run,
            end, run);
        if (!lines.row()) return false;
        dropped += static_cast<std::size_t>(lines.integer(0));
    }
    return forget_words(run, end, run) && forget_silent("met", run, end) &&
           forget_silent("other", run, end) &&
           database_
               .query("DELETE FROM line WHERE arrival>=? AND arrival<? AND run=?", run, end, run)
               .done() &&
           database_.query("DELETE FROM lacking WHERE log=? AND seq<=?", log.row, last).done() &&
           database_.query("DELETE FROM gone WHERE log=? AND seq<=?", log.row, last).done() &&
           forget_drops(log.holding) && database_.query("DELETE FROM run WHERE run=?", run).done();
}

// Of a run, whose lines are still there: what it says of entries that are none.
bool SqliteStore::forget_silent(const std::string& table, std::int64_t run, std::int64_t end) {
    return database_
        .query("DELETE FROM " + table +
                   " WHERE arrival>=? AND arrival<? AND (SELECT l.run FROM line l"
                   " WHERE l.arrival<=" +
                   table + ".arrival ORDER BY l.arrival DESC LIMIT 1)=?",
               run, end, run)
        .done();
}

// What lies below the floor never comes again.
bool SqliteStore::forget_drops(const Holding& holding) {
    if (!drops_) return true;
    const auto devices = devices_of(holding.log);
    return database_
        .query("DELETE FROM dropped WHERE devices=? AND epoch=? AND seq<=?", sqlite::Blob{devices},
               epoch_of(holding.log), holding.extent.floor)
        .done();
}

// The stretch that begins there.
bool SqliteStore::drop_legacy(Arrival arrival, std::size_t& dropped) {
    const auto first = static_cast<std::int64_t>(arrival);
    std::int64_t end = first;
    {
        auto found = database_.query("SELECT arrival+lines FROM line WHERE arrival=?", arrival);
        if (!found.row()) return false;
        end = found.integer(0);
    }
    dropped += static_cast<std::size_t>(end - first);
    return forget_words(first, end, 0) &&
           database_.query("DELETE FROM line WHERE arrival=?", arrival).done() &&
           database_.query("DELETE FROM legacy WHERE arrival>=? AND arrival<?", first, end).done();
}

}  // namespace lanchat::store
