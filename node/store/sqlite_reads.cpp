// The SQLite store: questions about lines and runs.
#include <algorithm>
#include <utility>

#include "message/limits.hpp"
#include "node/store/rows.hpp"
#include "node/store/rules.hpp"
#include "node/store/sqlite_store.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {
namespace {

// Parameters: 1 room, 2 author, 3 and 4 first and last clock, 5 what the question is about.
std::string condition(const Filter& filter) {
    std::string sql = "l.clock BETWEEN ?3 AND ?4";
    if (!filter.room.empty()) sql += " AND l.room=(SELECT room FROM room WHERE name=?1)";
    if (filter.author) sql += " AND l.author=(SELECT author FROM author WHERE device=?2)";
    return sql;
}

const char* index_for(const Filter& filter) {
    if (filter.author) return "line_by_author";
    return filter.room.empty() ? "line_by_clock" : "line_by_room";
}

std::string in_order(const std::string& table) {
    return " LEFT JOIN log g ON g.log=" + table + ".log ORDER BY " + table +
           ".clock DESC, g.device DESC, g.epoch DESC, " + table + ".seq DESC, " + table +
           ".arrival DESC";
}

std::vector<Line> reversed(std::vector<Line> lines) {
    std::reverse(lines.begin(), lines.end());
    return lines;
}

}  // namespace

template <class About>
Result<std::vector<Line>> SqliteStore::lines(const std::string& statement, const Filter& filter,
                                             std::size_t count, const About& about) {
    const auto author = filter.author.value_or(DeviceId{});
    const auto since = filter.since ? Clock::at(*filter.since).packed : 0;
    const auto until = filter.until ? Clock::at(*filter.until, 0xffff).packed : ~std::uint64_t{0};
    auto row = database_.query(statement, std::string_view(filter.room),
                               sqlite::Blob{author.view()}, ordered(since), ordered(until), about);
    LineReader reader(database_);
    std::vector<Line> found;
    while (found.size() < count && row.row()) {
        auto line = line_in(row, reader);
        if (line && passes(filter, line->entry, line->legacy)) found.push_back(std::move(*line));
    }
    if (row.failed()) return refusal("cannot read lines");
    return found;
}

// Columns arrival, seq, run. A damaged line is left out.
std::optional<Line> SqliteStore::line_in(const sqlite::Query& row, LineReader& reader) {
    const auto arrival = static_cast<Arrival>(row.integer(0));
    const auto run = row.integer(2);
    auto line = run == 0 ? reader.legacy(arrival)
                         : reader.line(arrival, static_cast<Seq>(row.integer(1)), run);
    if (!line) suspect();
    if (!line || line->legacy) return line;
    const auto log = logs_.find(line->entry.log);
    line->disputed = log != logs_.end() && is_disputed(line->entry, log->second.holding.extent);
    return line;
}

Result<std::vector<Line>> SqliteStore::newest(const Filter& filter, std::size_t count) {
    const auto ordering = in_order("l");
    const auto split = ordering.find(" ORDER BY ");
    auto found = lines("SELECT l.arrival, l.seq, l.run FROM line l INDEXED BY " +
                           std::string(index_for(filter)) + ordering.substr(0, split) + " WHERE " +
                           condition(filter) + ordering.substr(split),
                       filter, count, sqlite::Null{});
    if (!found) return found;
    return reversed(std::move(*found));
}

Result<std::vector<Line>> SqliteStore::arrived(Arrival after, const Filter& filter,
                                               std::size_t count) {
    return lines("SELECT l.arrival, l.seq, l.run FROM line l NOT INDEXED WHERE l.arrival>?5 AND " +
                     condition(filter) + " ORDER BY l.arrival",
                 filter, count, after);
}

// What the index has to hold of a line. Room and author are looked up there with the words, so that
// a search costs no more for the lines that the filter leaves out. Nothing: no line can be found.
Result<std::optional<std::string>> SqliteStore::match(std::string_view query,
                                                      const Filter& filter) {
    auto wanted = query_words(query);
    if (wanted.empty()) return std::optional<std::string>();
    const DeviceId device = filter.author.value_or(DeviceId{});
    auto row = database_.query(
        "SELECT (SELECT room FROM room WHERE name=?), (SELECT author FROM author WHERE device=?)",
        std::string_view(filter.room), sqlite::Blob{device.view()});
    if (!row.row()) return refusal("cannot search");
    const auto room = row.integer(0);
    const auto author = row.integer(1);
    const bool unknown = (!filter.room.empty() && room == 0) || (filter.author && author == 0);
    if (unknown) return std::optional<std::string>();
    if (!filter.room.empty()) wanted.push_back(room_word(room));
    if (filter.author) wanted.push_back(author_word(author));
    std::string match;
    for (const auto& word : wanted) match += (match.empty() ? "\"" : " AND \"") + word + '"';
    return std::optional(std::move(match));
}

Result<std::vector<Line>> SqliteStore::search(std::string_view query, const Filter& filter,
                                              std::size_t count) {
    const auto wanted = match(query, filter);
    if (!wanted) return Failure{wanted.why()};
    if (!*wanted) return std::vector<Line>();
    auto found = lines(
        "SELECT h.arrival, h.seq, h.run FROM (SELECT l.* FROM word w CROSS JOIN line l"
        " ON l.arrival=w.rowid WHERE w.word MATCH ?5 AND " +
            condition(filter) + " ORDER BY w.rowid DESC LIMIT " + std::to_string(searched_max) +
            ") h" + in_order("h"),
        filter, count, std::string_view(**wanted));
    if (!found) return found;
    return reversed(std::move(*found));
}

Result<std::optional<Line>> SqliteStore::said(const DeviceId& author, std::string_view said_id) {
    auto row = database_.query(
        "SELECT arrival, seq, run FROM line INDEXED BY line_by_said WHERE said_id=?"
        " AND author=(SELECT author FROM author WHERE device=?) ORDER BY arrival",
        said_id, sqlite::Blob{author.view()});
    LineReader reader(database_);
    while (row.row()) {
        auto line = line_in(row, reader);
        if (line && line->entry.said_id == said_id && line->entry.log.device == author) return line;
    }
    if (row.failed()) return refusal("cannot read lines");
    return std::optional<Line>();
}

Result<std::vector<Holding>> SqliteStore::holdings() {
    std::vector<Holding> all;
    for (const auto& [id, log] : logs_) all.push_back(log.holding);
    return all;
}

std::optional<std::int64_t> SqliteStore::number(std::string_view statement) {
    auto row = database_.query(statement);
    if (!row.row()) return std::nullopt;
    return row.integer(0);
}

Result<Tally> SqliteStore::tally() {
    if (!lines_)
        if (const auto counted = number("SELECT count(*) FROM line"))
            lines_ = static_cast<std::uint64_t>(*counted);
    const auto pages = number("PRAGMA page_count");
    const auto page_bytes = number("PRAGMA page_size");
    auto oldest = database_.query("SELECT clock FROM line ORDER BY clock LIMIT 1");
    Tally tally;
    if (oldest.row()) tally.oldest = Clock{from_ordered(oldest.integer(0))}.time();
    if (!lines_ || !pages || !page_bytes || oldest.failed())
        return refusal("cannot read how much is held");
    tally.lines = *lines_;
    tally.logs = logs_.size();
    tally.bytes = static_cast<std::uint64_t>(*pages * *page_bytes);
    for (const auto& [id, log] : logs_) tally.trimmed += log.holding.extent.floor;
    return tally;
}

Result<std::vector<RunPtr>> SqliteStore::runs(const LogId& log, Seq after, std::size_t entries_max,
                                              std::size_t bytes_max) {
    const auto held = logs_.find(log);
    if (held == logs_.end()) return std::vector<RunPtr>();
    const Seq counted = std::min(held->second.holding.extent.limit(), limits::seq_max);
    return verified_runs(
        database_.query("SELECT signature, entries, last FROM run WHERE log=? AND last>?"
                        " AND first<=? ORDER BY last",
                        held->second.row, after, counted),
        log, Share(entries_max, bytes_max));
}

// The run that holds `seq` ends at most a run's length above it.
Result<std::vector<RunPtr>> SqliteStore::runs_back_from(const LogId& log, Seq seq,
                                                        std::size_t entries_max,
                                                        std::size_t bytes_max) {
    const auto held = logs_.find(log);
    if (held == logs_.end()) return std::vector<RunPtr>();
    seq = std::min({seq, held->second.holding.extent.limit(), limits::seq_max});
    return verified_runs(
        database_.query("SELECT signature, entries, last FROM run WHERE log=? AND last<?"
                        " AND first<=? ORDER BY last DESC",
                        held->second.row, seq + limits::run_entries_max, seq),
        log, Share(entries_max, bytes_max));
}

Result<std::vector<RunPtr>> SqliteStore::verified_runs(sqlite::Query row, const LogId& log,
                                                       Share share) {
    std::vector<RunPtr> found;
    while (row.row()) {
        auto run = run_from(row, 0);
        // It may verify and yet be another log's, if the damage is in the index.
        if (!run || (*run)->log() != log || (*run)->last() != static_cast<Seq>(row.integer(2))) {
            suspect();
            if (found.empty()) return Failure{"a stored run is damaged"};
            return found;
        }
        if (!share.takes(**run)) break;
        found.push_back(std::move(*run));
    }
    if (row.failed() && found.empty()) return refusal("cannot read runs");
    return found;
}

Result<std::vector<std::string>> SqliteStore::rooms() {
    std::vector<std::string> names;
    auto row = database_.query("SELECT name FROM room ORDER BY name");
    while (row.row()) names.emplace_back(row.bytes(0));
    if (row.failed()) return refusal("cannot read rooms");
    return names;
}

bool SqliteStore::is_intact() {
    auto checked = database_.query("PRAGMA quick_check(1)");
    if (!checked.row() || checked.bytes(0) != "ok") return false;
    auto run = database_.query("SELECT signature, entries FROM run");
    while (run.row())
        if (!run_from(run, 0)) return false;
    auto fork =
        database_.query("SELECT signature, entries, other_signature, other_entries FROM fork");
    while (fork.row())
        if (!fork_from(fork)) return false;
    auto line = database_.query("SELECT arrival, seq, run FROM line");
    LineReader reader(database_);
    while (line.row())
        if (!line_in(line, reader)) return false;
    return !run.failed() && !fork.failed() && !line.failed();
}

}  // namespace lanchat::store
