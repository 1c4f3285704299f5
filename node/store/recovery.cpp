// Out of a damaged store into a new one: every run that still verifies, and in words what happened.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "node/store/rows.hpp"
#include "node/store/rules.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::store {

namespace {

// Bounds the size of one commit.
constexpr int joined_at_once = 64;
constexpr std::size_t parked_at_once = 64;

}  // namespace

std::optional<Failure> SqliteStore::park(const std::vector<Parked>& runs) {
    return all_or_nothing([&] {
        for (const auto& [run, arrived] : runs) {
            const auto packed = pack(*run);
            const auto devices = devices_of(run->log());
            parked_.insert(run->log());
            if (!database_
                     .query("INSERT INTO parked(device, epoch, first, last, arrived, signature,"
                            " entries, shared, bodies) VALUES(?,?,?,?,?,?,?,?,?)",
                            sqlite::Blob{devices}, epoch_of(run->log()), run->first(), run->last(),
                            arrived.ms, sqlite::Blob{run->signature().view()},
                            sqlite::Blob{packed.entries}, sqlite::Blob{packed.shared},
                            sqlite::Blob{packed.bodies})
                     .done())
                return false;
        }
        return true;
    });
}

// Joins what chains to `id` as it is now; what it has overtaken, or contradicts it, goes.
bool SqliteStore::absorb(const LogId& id, Change& change) {
    const auto devices = devices_of(id);
    for (int n = 0; n < joined_at_once; ++n) {
        const Log log = *find(id, change);
        std::int64_t row = 0;
        {
            auto next = database_.query(
                "SELECT " + std::string(run_columns) +
                    ", parked, arrived FROM parked"
                    " WHERE device=? AND epoch=? AND first<=? ORDER BY last LIMIT 1",
                sqlite::Blob{devices}, epoch_of(id), log.holding.extent.base.last + 1);
            if (!next.row()) return !next.failed();
            row = next.integer(4);
            const auto run = run_from(next, 0);
            const auto grown = run ? extent_with(**run, log.holding.extent) : std::nullopt;
            const auto now = std::exchange(change.arrived, WallTime{next.integer(5)});
            const bool kept = !grown || keep_run(*run, log, *grown, change);
            change.arrived = now;
            if (!kept) return false;
        }
        if (!database_.query("DELETE FROM parked WHERE parked=?", row).done()) return false;
    }
    return true;
}

// A log begins where its first saved run does.
bool SqliteStore::begin_at_parked(const LogId& id, Seq trimmed, Change& change) {
    const auto devices = devices_of(id);
    auto first =
        database_.query("SELECT " + std::string(run_columns) +
                            " FROM parked WHERE device=? AND epoch=? ORDER BY first LIMIT 1",
                        sqlite::Blob{devices}, epoch_of(id));
    if (!first.row()) return false;
    const auto run = run_from(first, 0);
    if (!run) return database_.damaged(run.why()), false;
    const Seq start = (*run)->first() - 1;
    const Stretch nothing{start, (*run)->before(), start, (*run)->before()};
    const Log log = begin_log({id, {nothing, {}, std::min(trimmed, start), {}}});
    change.logs[id] = log;
    return log.row != 0;
}

std::optional<Failure> SqliteStore::join_parked(const std::map<LogId, Seq>& trimmed) {
    for (const LogId& id : parked_) {
        const auto known = trimmed.find(id);
        const Seq below = known == trimmed.end() ? 0 : known->second;
        for (bool grows = true; grows;) {
            Change change;
            auto failure = make(change, [&] {
                return (find(id, change) || begin_at_parked(id, below, change)) &&
                       absorb(id, change) && save(*find(id, change));
            });
            if (failure) return failure;
            grows = !change.added.empty();
        }
    }
    return load() ? std::nullopt : std::optional(database_.failure("cannot read the new store"));
}

std::uint64_t SqliteStore::lines_parked() {
    auto row = database_.query("SELECT coalesce(sum(last-first+1), 0) FROM parked");
    return row.row() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

namespace {

// Takes all that can still be read out of a damaged database.
class Salvage {
  public:
    explicit Salvage(SqliteStore& into) : into_(into) {}

    // What was found so far stays when it fails half way.
    std::optional<Failure> take(const std::string& path) {
        auto database = sqlite::Database::open_to_read(path);
        if (!database) return std::nullopt;
        if (!database->run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
                           "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"))
            return std::nullopt;
        take_runs(*database, run_columns, fork_columns);
        // Before version 2 of entries they held all there was.
        if (runs_found_ == 0)
            take_runs(*database, "signature, x'', entries, x''",
                      "signature, x'', entries, x'', other_signature, x'', other_entries, x''");
        each(*database, "SELECT device, epoch, trimmed, log FROM log", "log", 3,
             [this](const sqlite::Query& row) { take_log(row); });
        // The first version kept no ids.
        for (const char* id : {"id", "''"}) {
            if (runs_found_ == 0 && !legacy_.empty()) continue;
            each(*database,
                 "SELECT " + std::string(id) +
                     ", heard, room, address, text, head, arrival FROM legacy",
                 "arrival", 6, [this](const sqlite::Query& row) { take_legacy(row); });
        }
        flush();
        return failure_;
    }

    std::size_t runs_found() const { return runs_found_; }
    std::size_t runs_damaged() const { return runs_damaged_; }

    std::optional<Failure> finish() {
        if (auto failure = into_.join_parked(trimmed_)) return failure;
        for (const auto& [log, fork] : forks_) {
            const auto frozen = into_.freeze(fork);
            if (!frozen) return Failure{frozen.why()};
        }
        return keep_legacy();
    }

  private:
    std::optional<Failure> keep_legacy() {
        std::vector<Heard> group;
        while (!legacy_.empty()) {
            const Line line = std::move(legacy_.extract(legacy_.begin()).mapped());
            const Entry& entry = line.entry;
            group.push_back({line.id, entry.clock.time(), entry.room, entry.name, entry.text});
            if (group.size() < commit_entries_max && !legacy_.empty()) continue;
            const auto kept = into_.append_legacy(std::exchange(group, {}));
            if (!kept) return Failure{kept.why()};
        }
        return std::nullopt;
    }

    void take_runs(sqlite::Database& database, const std::string& columns,
                   const std::string& columns_of_fork) {
        for (const std::string name : {"run", "parked"})
            each(database, "SELECT " + columns + ", arrived, " + name + " FROM " + name, name, 5,
                 [this](const sqlite::Query& row) { take_run(row); });
        each(database, "SELECT " + columns_of_fork + ", log FROM fork", "log", 8,
             [this](const sqlite::Query& row) { take_fork(row); });
    }

    // From both ends towards the damage, then row by row through it.
    template <class Take>
    void each(sqlite::Database& database, const std::string& select, const std::string& key,
              int key_column, const Take& take) {
        std::int64_t low = 0;
        if (scan(database, select + " ORDER BY " + key, key_column, take, low)) return;
        std::int64_t high = low;
        scan(database,
             select + " WHERE " + key + ">" + std::to_string(low) + " ORDER BY " + key + " DESC",
             key_column, take, high);
        const auto probed_max = low + 1'000'000;
        const std::string select_one = select + " WHERE " + key + "=?";
        for (auto at = low + 1; at < std::min(high, probed_max); ++at) {
            auto row = database.query(select_one, at);
            if (row.row()) take(row);
        }
    }

    // True if it came to the end; `reached` is the last key seen.
    template <class Take>
    bool scan(sqlite::Database& database, const std::string& select, int key_column,
              const Take& take, std::int64_t& reached) {
        auto row = database.query(select);
        while (row.row()) {
            reached = row.integer(key_column);
            take(row);
        }
        return !row.failed();
    }

    void take_run(const sqlite::Query& row) {
        auto run = run_from(row, 0);
        if (!run) {
            ++runs_damaged_;
            return;
        }
        ++runs_found_;
        batch_.push_back({std::move(*run), WallTime{row.integer(4)}});
        if (batch_.size() == parked_at_once) flush();
    }

    void take_log(const sqlite::Query& row) {
        const auto log = log_from(row, 0);
        if (log && row.integer(2) > 0) trimmed_[*log] = static_cast<Seq>(row.integer(2));
    }

    void take_fork(const sqlite::Query& row) {
        if (auto fork = fork_from(row)) forks_.insert_or_assign(fork->log, std::move(*fork));
    }

    void take_legacy(const sqlite::Query& row) {
        Line line = legacy_from(row);
        line.arrival = static_cast<Arrival>(row.integer(6));
        if (legacy_head(line).view() == row.bytes(5)) legacy_.emplace(line.arrival, line);
    }

    void flush() {
        if (!failure_) failure_ = into_.park(batch_);
        batch_.clear();
    }

    SqliteStore& into_;
    std::vector<SqliteStore::Parked> batch_;
    std::map<LogId, Seq> trimmed_;  // as far as the damaged store tells
    std::map<LogId, Fork> forks_;
    std::map<Arrival, Line> legacy_;
    std::size_t runs_found_ = 0;
    std::size_t runs_damaged_ = 0;
    std::optional<Failure> failure_;
};

// The first page says where every table begins; nothing can be read without it. It is the same in
// every store of this version but for its counters, so a new store's stands in for a damaged one.
bool lend_first_page(const std::string& from, const std::string& to) {
    std::array<char, 4096> page{};
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> source(std::fopen(from.c_str(), "rbe"),
                                                                 &std::fclose);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> target(std::fopen(to.c_str(), "r+be"),
                                                                 &std::fclose);
    if (!source || !target) return false;
    if (std::fread(page.data(), page.size(), 1, source.get()) != 1) return false;
    // No free pages; and a size of 0, so that the file's length counts (SQLite file format 1.3).
    std::fill(page.begin() + 28, page.begin() + 40, '\0');
    return std::fwrite(page.data(), page.size(), 1, target.get()) == 1;
}

std::string free_name_beside(const std::string& path) {
    for (int n = 1;; ++n) {
        auto name = path + ".broken-" + std::to_string(n);
        if (!std::filesystem::exists(name)) return name;
    }
}

// With its write-ahead log, which is part of it.
bool move_aside(const std::string& path, const std::string& aside) {
    std::error_code missing;
    std::filesystem::rename(path + "-wal", aside + "-wal", missing);
    std::error_code failed;
    std::filesystem::rename(path, aside, failed);
    return !failed;
}

// Reads copies: what is kept for people to look at is not to change.
std::optional<Failure> salvage(const std::string& aside, const std::string& fresh,
                               Salvage& salvage) {
    const std::string copy = aside + ".copy";
    std::error_code ignored;
    const auto copied = [&](bool log) {
        for (const char* part : {"", "-wal"}) std::filesystem::remove(copy + part, ignored);
        if (log) std::filesystem::copy_file(aside + "-wal", copy + "-wal", ignored);
        return std::filesystem::copy_file(aside, copy, ignored);
    };
    std::optional<Failure> failure;
    if (copied(true)) failure = salvage.take(copy);
    if (!failure && salvage.runs_found() == 0 && copied(false) && lend_first_page(fresh, copy))
        failure = salvage.take(copy);
    for (const char* part : {"", "-wal"}) std::filesystem::remove(copy + part, ignored);
    return failure;
}

std::string told(const std::string& why, const std::string& aside, const Salvage& salvage,
                 SqliteStore& store) {
    std::string report = "the history was damaged (" + why + "); it is kept as " + aside + ". " +
                         std::to_string(salvage.runs_found()) + " runs of lines were saved";
    if (salvage.runs_damaged() > 0)
        report += ", " + std::to_string(salvage.runs_damaged()) + " were lost";
    if (const auto lines = store.lines_parked(); lines > 0)
        report += "; " + std::to_string(lines) + " lines wait for what peers have before them";
    return report + ". What is missing comes back from peers that have it.";
}

Result<Recovered> recover(const std::string& path, const SqliteOptions& options,
                          const std::string& why) {
    const auto aside = free_name_beside(path);
    if (!move_aside(path, aside)) return Failure{"cannot move " + path + " aside"};
    auto opened = SqliteStore::open(path, options);
    if (!opened.store) return std::move(opened.failure);
    if (!opened.store->flush_to_file()) return Failure{"cannot write " + path};
    Salvage found(*opened.store);
    if (auto failure = salvage(aside, path, found)) return std::move(*failure);
    if (auto failure = found.finish()) return std::move(*failure);
    auto report = told(why, aside, found, *opened.store);
    return Recovered{std::move(opened.store), std::move(report)};
}

}  // namespace

// Checking everything takes as long as reading everything, and a crash is not damage: so each start
// compares only the ends of the logs that were spoken in last with what is noted of them, and
// everything else is checked when it is read. Whoever meets damage leaves a suspicion, and the next
// start then reads everything.
Result<Recovered> open_or_recover(const std::string& path, const SqliteOptions& options) {
    // SQLite would take it for a new one, and throw away the log beside it.
    std::error_code none;
    if (!options.vfs && std::filesystem::file_size(path, none) == 0 && !none)
        return recover(path, options, "it is empty");
    const auto suspicion = suspicion_of(path);
    auto opened = SqliteStore::open(path, options);
    std::string why = opened.failure.why;
    if (opened.store) {
        if (!std::filesystem::exists(suspicion) || opened.store->is_intact()) {
            std::error_code ignored;
            std::filesystem::remove(suspicion, ignored);
            return Recovered{std::move(opened.store), {}};
        }
        why = "not all of it is what was stored";
        opened.store.reset();
    } else if (opened.trouble != sqlite::Trouble::corrupt) {
        return std::move(opened.failure);
    }
    auto recovered = recover(path, options, why);
    std::error_code ignored;
    if (recovered) std::filesystem::remove(suspicion, ignored);
    return recovered;
}

}  // namespace lanchat::store
