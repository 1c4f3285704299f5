// The SQLite store: bodies that come late, and those that are taken back.
#include <algorithm>
#include <utility>

#include "message/limits.hpp"
#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

// Of entries that were just kept: what is not with them, and what they or others take back.
bool SqliteStore::keep_bodies(const Added& added, const Log& log, Change& change) {
    const LogId& id = added.run->log();
    const Seq first = added.run->first() + added.first;
    const Seq last = first + added.count - 1;
    for (Seq seq = first; seq <= last; ++seq) {
        const auto item = added.run->at(seq);
        if (!item.is_apart()) continue;
        if (!database_.query("INSERT INTO lacking VALUES(?,?)", log.row, item.seq).done())
            return false;
        change.body_news.push_back({{id, item.seq}, BodyState::lacking});
    }
    if (drops_ || change.drops) {
        const auto devices = devices_of(id);
        std::vector<std::pair<Seq, Hash>> known;
        auto row = database_.query(
            "SELECT seq, head FROM dropped WHERE devices=? AND epoch=? AND seq BETWEEN ? AND ?",
            sqlite::Blob{devices}, epoch_of(id), first, last);
        while (row.row())
            if (const auto head = hash_from(row.bytes(1)))
                known.emplace_back(static_cast<Seq>(row.integer(0)), *head);
        if (row.failed()) return false;
        for (const auto& [seq, head] : known)
            if (!take_back({{id, seq}, head}, added.run->at(seq).is_apart(), change)) return false;
    }
    for (Seq seq = first; seq <= last; ++seq) {
        const auto item = added.run->at(seq);
        if (item.kind == EntryKind::drop && !keep_drop(item.entry(), change)) return false;
    }
    return true;
}

bool SqliteStore::keep_drop(const Entry& entry, Change& change) {
    const Dropped what = dropped_by(entry);
    const auto& [line, head] = what;
    const auto devices = devices_of(line.log);
    auto kept = database_.query("INSERT OR IGNORE INTO dropped VALUES(?,?,?,?) RETURNING seq",
                                sqlite::Blob{devices}, epoch_of(line.log), line.seq,
                                sqlite::Blob{head.view()});
    const bool is_new = kept.row();
    if (!kept.done()) return false;
    change.drops = true;
    return !is_new || take_back(what, true, change);
}

// If that is the entry there, or one of them: runs that were cut differently may both hold it.
// `is_news`: somebody knows of the body, or that it is lacking.
bool SqliteStore::take_back(const Dropped& what, bool is_news, Change& change) {
    const LineId& line = what.line;
    const auto log = find(line.log, change);
    if (!log) return true;
    const auto held = runs_with(*log, line.seq);
    if (!held) return false;
    const auto is_other = [&](const Held& one) { return one.run->at(line.seq).head != what.head; };
    if (std::ranges::all_of(*held, is_other)) return true;
    if (is_news) change.body_news.push_back({line, BodyState::dropped});
    return database_.query("INSERT OR IGNORE INTO gone VALUES(?,?)", log->row, line.seq).done() &&
           database_.query("DELETE FROM lacking WHERE log=? AND seq=?", log->row, line.seq)
               .done() &&
           std::ranges::all_of(*held, [&](const Held& one) {
               return is_other(one) ||
                      rewrite(one, without_body(one.run, line.seq), line.seq, change);
           });
}

Result<std::vector<SqliteStore::Held>> SqliteStore::runs_with(const Log& log, Seq seq) {
    std::vector<Held> held;
    auto row = database_.query("SELECT " + std::string(run_columns) +
                                   ", run FROM run WHERE log=? AND last>=? AND last<? AND first<=?",
                               log.row, seq, seq + limits::run_entries_max, seq);
    while (row.row()) {
        auto run = run_from(row, 0);
        if (!run) {
            suspect();
            continue;
        }
        held.push_back({row.integer(4), std::move(*run)});
    }
    if (row.failed()) return refusal("cannot read runs");
    return held;
}

// Puts `changed` in the place of a run that differs in the body of `seq` only. The index is told
// the words there were, and those there are.
bool SqliteStore::rewrite(const Held& held, const RunPtr& changed, Seq seq, const Change& change) {
    const auto before = line_at(held.row, seq);
    const auto packed = pack(*changed);
    if (!database_
             .query("UPDATE run SET bodies=? WHERE run=?", sqlite::Blob{packed.bodies}, held.row)
             .done())
        return false;
    if (!before || before->line.arrival > change.indexed) return true;
    auto after = before->line;
    after.entry = changed->at(seq).entry();
    look_for_body(after, drops_ || change.drops);
    const auto tell = [&](const char* statement, const Line& line) {
        const auto words = indexed_words(before->room, before->author, line.entry.text);
        return database_.query(statement, line.arrival, std::string_view(words)).done();
    };
    return tell("INSERT INTO word(word, rowid, words) VALUES('delete',?,?)", before->line) &&
           tell("INSERT INTO word(rowid, words) VALUES(?,?)", after);
}

// The line `seq` of a run, as it lies there. Nothing: it did not arrive with that run.
std::optional<SqliteStore::Told> SqliteStore::line_at(std::int64_t run, Seq seq) {
    auto stretch = database_.query(
        "SELECT l.arrival, l.seq, l.room, l.author FROM run r JOIN line l"
        " ON l.arrival>=r.run AND l.arrival<r.run+r.lines"
        " WHERE r.run=? AND l.run=r.run AND l.seq<=? AND l.seq+l.lines>?",
        run, seq, seq);
    if (!stretch.row()) return std::nullopt;
    const Arrival arrival =
        static_cast<Arrival>(stretch.integer(0)) + seq - static_cast<Seq>(stretch.integer(1));
    LineReader reader(database_);
    auto line = reader.line(arrival, seq, run);
    if (!line) return std::nullopt;
    return Told{std::move(*line), stretch.integer(2), stretch.integer(3)};
}

bool SqliteStore::is_gone(const LineId& line) {
    const auto log = known(line.log);
    return log &&
           database_.query("SELECT 1 FROM gone WHERE log=? AND seq=?", log->row, line.seq).row();
}

Result<std::vector<Line>> SqliteStore::fill(const LogId& log, const std::vector<Body>& bodies) {
    std::vector<Line> filled;
    const auto held = known(log);
    if (!held) return filled;
    Change change;
    const auto failure = make(change, [&] {
        return std::ranges::all_of(
            bodies, [&](const Body& body) { return fill_one(*held, body, change, filled); });
    });
    if (failure) return *failure;
    return filled;
}

bool SqliteStore::fill_one(const Log& log, const Body& body, Change& change,
                           std::vector<Line>& filled) {
    {
        auto lacks =
            database_.query("SELECT 1 FROM lacking WHERE log=? AND seq=?", log.row, body.seq);
        if (!lacks.row()) return !lacks.failed();
    }
    const auto runs = runs_with(log, body.seq);
    if (!runs) return false;
    bool is_it = false;
    for (const Held& one : *runs) {
        const RunPtr whole = with_body(one.run, body.seq, body.bytes);
        if (!whole) continue;
        is_it = true;
        if (!rewrite(one, whole, body.seq, change)) return false;
        auto told = line_at(one.row, body.seq);
        if (!told) continue;
        // Now that it can be read it may say nothing.
        if (!told->line.entry.is_line()) {
            if (!database_.query("INSERT OR IGNORE INTO other VALUES(?)", told->line.arrival)
                     .done())
                return false;
            continue;
        }
        told->line.disputed = is_disputed(told->line);
        filled.push_back(std::move(told->line));
    }
    if (!is_it) return true;
    change.body_news.push_back({{log.holding.log, body.seq}, BodyState::here});
    return database_.query("DELETE FROM lacking WHERE log=? AND seq=?", log.row, body.seq).done();
}

Result<std::vector<Body>> SqliteStore::bodies(const LogId& log, const std::vector<Seq>& entries,
                                              std::size_t bytes_max) {
    std::vector<Body> found;
    const auto held = known(log);
    if (!held) return found;
    std::size_t bytes = 0;
    for (const Seq seq : entries) {
        const auto runs = runs_with(*held, seq);
        if (!runs) return Failure{runs.why()};
        for (const Held& one : *runs) {
            const auto body = one.run->at(seq).body;
            if (body.empty()) continue;
            bytes += body.size();
            if (bytes > bytes_max && !found.empty()) return found;
            found.push_back({seq, std::string(body)});
            break;
        }
    }
    return found;
}

Result<std::vector<LineId>> SqliteStore::lacking() {
    std::vector<LineId> all;
    auto row = database_.query(
        "SELECT l.device, l.epoch, b.seq FROM lacking b JOIN log l USING(log)"
        " ORDER BY l.device, l.epoch, b.seq");
    while (row.row())
        if (const auto log = log_from(row, 0))
            all.push_back({*log, static_cast<Seq>(row.integer(2))});
    if (row.failed()) return refusal("cannot read what is lacking");
    return all;
}

Result<std::vector<Dropped>> SqliteStore::dropped(std::size_t count) {
    std::vector<Dropped> all;
    auto row = database_.query("SELECT devices, epoch, seq, head FROM dropped LIMIT ?",
                               std::uint64_t{count});
    while (row.row()) {
        const auto log = log_from(row, 0);
        const auto head = hash_from(row.bytes(3));
        if (log && head) all.push_back({{*log, static_cast<Seq>(row.integer(2))}, *head});
    }
    if (row.failed()) return refusal("cannot read what was taken back");
    return all;
}

}  // namespace lanchat::store
