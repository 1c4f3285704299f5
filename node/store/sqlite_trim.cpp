// The SQLite store: giving up old runs.
#include <utility>

#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::store {

// From the index alone: no run is read.
Result<std::vector<HeldLog>> SqliteStore::held_runs() {
    std::vector<HeldLog> held{HeldLog{}};
    auto legacy = database_.query("SELECT arrival, heard, length(CAST(text AS BLOB)) FROM legacy");
    while (legacy.row())
        held.front().runs.push_back({static_cast<Seq>(legacy.integer(0)),
                                     {legacy.integer(1)},
                                     static_cast<std::uint32_t>(legacy.integer(2))});
    if (legacy.failed()) return refusal("cannot read what is held");
    for (const auto& [id, log] : logs_) {
        held.push_back({id, {}});
        auto run = database_.query(
            "SELECT last, arrived, bytes FROM run INDEXED BY run_by_log WHERE log=? ORDER BY last",
            log.row);
        while (run.row())
            held.back().runs.push_back({static_cast<Seq>(run.integer(0)),
                                        {run.integer(1)},
                                        static_cast<std::uint32_t>(run.integer(2))});
        if (run.failed()) return refusal("cannot read what is held");
    }
    return held;
}

Result<Trimmed> SqliteStore::trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                  std::size_t runs_max) {
    const auto held = held_runs();
    if (!held) return Failure{held.why()};
    const auto gone = given_up(*held, bytes_max, oldest, runs_max);
    std::size_t dropped = 0;
    std::map<LogId, Log> raised;
    const auto failure = all_or_nothing([&] {
        for (std::size_t n = 0; n < gone.front(); ++n, ++dropped)
            if (!drop_legacy((*held).front().runs[n].last)) return false;
        for (std::size_t n = 1; n < held->size(); ++n) {
            if (gone[n] == 0) continue;
            Log log = logs_.at((*held)[n].log);
            for (std::size_t run = 0; run < gone[n]; ++run)
                if (!drop_run(log, (*held)[n].runs[run].last, dropped)) return false;
            raised[log.holding.log] = log;
            if (!save(log)) return false;
        }
        return database_.query("UPDATE store SET last=?", last_).done();
    });
    if (failure) return *failure;
    if (lines_) *lines_ -= dropped;
    Trimmed trimmed{dropped, {}};
    for (const auto& [id, log] : raised) {
        logs_[id] = log;
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
    dropped += static_cast<std::size_t>(end - run);
    if (!forget_words(run, end)) return false;
    return database_.query("DELETE FROM line WHERE arrival>=? AND arrival<?", run, end).done() &&
           database_.query("DELETE FROM met WHERE arrival>=? AND arrival<?", run, end).done() &&
           database_.query("DELETE FROM run WHERE run=?", run).done();
}

bool SqliteStore::drop_legacy(Arrival arrival) {
    return forget_words(static_cast<std::int64_t>(arrival),
                        static_cast<std::int64_t>(arrival) + 1) &&
           database_.query("DELETE FROM line WHERE arrival=?", arrival).done() &&
           database_.query("DELETE FROM legacy WHERE arrival=?", arrival).done();
}

}  // namespace lanchat::store
