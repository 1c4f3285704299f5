// The SQLite store: questions about lines and runs.
#include <algorithm>
#include <deque>
#include <utility>

#include "message/exact.hpp"
#include "message/limits.hpp"
#include "node/store/rows.hpp"
#include "node/store/rules.hpp"
#include "node/store/sqlite_store.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {
namespace {

// As the table of authors has it: a device, or the address of a legacy peer, which is shorter.
std::string_view author_of(const Filter& filter) {
    return filter.author ? filter.author->view() : std::string_view(filter.legacy_author);
}

// Puts runs into `proven` until one is not signed by its author; false if there is one.
bool prove(const std::vector<UnprovenRun>& read, std::vector<RunPtr>& proven) {
    proven.clear();
    for (const UnprovenRun& one : read) {
        auto run = one.prove();
        if (!run) return false;
        proven.push_back(std::move(*run));
    }
    return true;
}

// Few are hidden, and seldom others: they are part of the statement.
std::string hidden_condition(const std::set<DeviceId>& hidden) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string devices;
    for (const DeviceId& device : hidden) {
        devices += devices.empty() ? "x'" : ",x'";
        for (const std::uint8_t byte : device.bytes)
            devices += {digits[byte >> 4], digits[byte & 15]};
        devices += '\'';
    }
    return " AND (l.author IS NULL OR l.author NOT IN (SELECT author FROM author WHERE device IN "
           "(" +
           devices + ")))";
}

// Parameters: 1 place, 2 author, 3 and 4 between which clocks a stretch begins that may have a line
// of those that are asked for, 5 and 6 what the question is about.
std::string condition(const Filter& filter) {
    std::string sql = "l.clock BETWEEN ?3 AND ?4";
    if (!filter.hidden.empty()) sql += hidden_condition(filter.hidden);
    if (place_of(filter).empty() && !filter.direct_too) {
        sql += " AND l.room NOT IN (SELECT room FROM room WHERE length(name)>";
        sql += std::to_string(limits::room_bytes_max) + ")";
    }
    if (!place_of(filter).empty()) sql += " AND l.room=(SELECT room FROM room WHERE key=?1)";
    if (!author_of(filter).empty())
        sql += " AND l.author=(SELECT author FROM author WHERE device=?2)";
    return sql;
}

const char* index_for(const Filter& filter) {
    if (!author_of(filter).empty()) return "line_by_author";
    return place_of(filter).empty() ? "line_by_clock" : "line_by_room";
}

}  // namespace

// Both `filter` and `about` live until the query ends, and that before the next one begins.
template <class... About>
sqlite::Query SqliteStore::stretches(const std::string& statement, const Filter& filter,
                                     const About&... about) {
    const sqlite::Blob author{author_of(filter)};
    const auto since = filter.since ? Clock::at(*filter.since).packed : 0;
    const auto until = filter.until ? Clock::at(*filter.until, 0xffff).packed : ~std::uint64_t{0};
    asked_key_ = key_of(filter);
    return database_.query(statement, std::string_view(asked_key_), author,
                           ordered(since - std::min(since, stretch_span)), ordered(until),
                           about...);
}

bool SqliteStore::is_disputed(const Line& line) {
    if (line.legacy) return false;
    const auto log = known(line.entry.log);
    return log && store::is_disputed(line.entry, log->holding.extent);
}

// What was taken back of version 1 lies there still, and nobody is shown it.
void SqliteStore::look_for_body(Line& line, bool drops) {
    const bool is_apart = line.body != BodyState::here;
    if (line.legacy || !(is_apart || drops)) return;
    if (!is_gone({line.entry.log, line.entry.seq})) return;
    line.body = BodyState::dropped;
    line.entry.text.clear();
}

// Columns arrival, seq, run, lines. A damaged line is left out. False once `take` is.
bool SqliteStore::each_line(const sqlite::Query& stretch, LineReader& reader,
                            const std::function<bool(Line)>& take) {
    const auto arrival = static_cast<Arrival>(stretch.integer(0));
    const auto seq = static_cast<Seq>(stretch.integer(1));
    const auto run = stretch.integer(2);
    const auto lines = static_cast<std::uint64_t>(stretch.integer(3));
    for (std::uint64_t n = 0; n < std::min<std::uint64_t>(lines, limits::run_entries_max); ++n) {
        auto line = run == 0 ? reader.legacy(arrival + n) : reader.line(arrival + n, seq + n, run);
        if (!line) suspect();
        if (!line) continue;
        line->disputed = is_disputed(*line);
        look_for_body(*line, drops_);
        if (!take(std::move(*line))) return false;
    }
    return true;
}

// Columns as above, then clock, falling.
Result<std::vector<Line>> SqliteStore::newest_in(sqlite::Query stretch, const Filter& filter,
                                                 Newest newest, const std::vector<Piece>& pieces) {
    // What the index says of anything else is the whole truth.
    const bool must_look =
        std::ranges::any_of(pieces, [](const Piece& piece) { return piece.characters.size() > 2; });
    LineReader reader(database_);
    while (stretch.row() && !newest.are_newer_than(from_ordered(stretch.integer(4))))
        each_line(stretch, reader, [&](Line line) {
            if (passes(filter, line.entry, line.legacy) &&
                (!must_look || holds(line.entry.text, pieces)))
                newest.take(std::move(line));
            return true;
        });
    if (stretch.failed()) return refusal("cannot read lines");
    return newest.take_all();
}

Result<std::vector<Line>> SqliteStore::newest(const Filter& filter, std::size_t count) {
    return newest_in(stretches("SELECT l.arrival, l.seq, l.run, l.lines, l.clock FROM line l"
                               " INDEXED BY " +
                                   std::string(index_for(filter)) + " WHERE " + condition(filter) +
                                   " ORDER BY l.clock DESC",
                               filter),
                     filter, Newest(count));
}

Result<std::vector<Line>> SqliteStore::arrived(Arrival after, const Filter& filter,
                                               std::size_t count) {
    auto stretch = stretches(
        "SELECT l.arrival, l.seq, l.run, l.lines FROM line l NOT INDEXED WHERE l.arrival>="
        " ifnull((SELECT max(arrival) FROM line WHERE arrival<=?5), 0) AND " +
            condition(filter) + " ORDER BY l.arrival",
        filter, after);
    std::vector<Line> found;
    LineReader reader(database_);
    while (found.size() < count && stretch.row())
        each_line(stretch, reader, [&](Line line) {
            if (line.arrival > after && passes(filter, line.entry, line.legacy))
                found.push_back(std::move(line));
            return found.size() < count;
        });
    if (stretch.failed()) return refusal("cannot read lines");
    return found;
}

// What the index has to hold of a line. Room and author are looked up there with the words, so that
// a search costs no more for the lines that the filter leaves out. Nothing: no line can be found.
Result<std::optional<std::string>> SqliteStore::match(const std::vector<Piece>& pieces,
                                                      const Filter& filter) {
    const std::string_view who = author_of(filter);
    const std::string place = key_of(filter);
    auto row = database_.query(
        "SELECT (SELECT room FROM room WHERE key=?), (SELECT author FROM author WHERE device=?)",
        std::string_view(place), sqlite::Blob{who});
    if (!row.row()) return refusal("cannot search");
    const auto room = row.integer(0);
    const auto author = row.integer(1);
    const bool unknown = (!place.empty() && room == 0) || (!who.empty() && author == 0);
    if (unknown) return std::optional<std::string>();
    std::string match = match_of(pieces);
    if (!place.empty()) match += " AND \"" + room_word(room) + '"';
    if (!who.empty()) match += " AND \"" + author_word(author) + '"';
    return std::optional(std::move(match));
}

// The hits among what the index does not hold yet, as they arrived.
Result<std::deque<Line>> SqliteStore::unindexed(const std::vector<Piece>& pieces,
                                                const Filter& filter) {
    auto stretch = stretches(
        "SELECT l.arrival, l.seq, l.run, l.lines FROM line l NOT INDEXED WHERE l.arrival>?5 AND " +
            condition(filter) + " ORDER BY l.arrival",
        filter, indexed_);
    std::deque<Line> hits;
    LineReader reader(database_);
    while (stretch.row())
        each_line(stretch, reader, [&](Line line) {
            if (!passes(filter, line.entry, line.legacy) || !holds(line.entry.text, pieces))
                return true;
            hits.push_back(std::move(line));
            if (hits.size() > searched_max) hits.pop_front();
            return true;
        });
    if (stretch.failed()) return refusal("cannot search");
    return hits;
}

Result<std::vector<Line>> SqliteStore::search(std::string_view query, const Filter& filter,
                                              std::size_t count) {
    const auto pieces = query_pieces(query);
    if (pieces.empty()) return std::vector<Line>();
    const auto wanted = match(pieces, filter);
    if (!wanted) return Failure{wanted.why()};
    if (!*wanted) return std::vector<Line>();
    auto hits = unindexed(pieces, filter);
    if (!hits) return Failure{hits.why()};
    const std::uint64_t more = searched_max - hits->size();
    Newest newest(count);
    for (Line& hit : *hits) newest.take(std::move(hit));
    return newest_in(
        stretches("SELECT arrival, seq, run, 1, clock FROM (SELECT w.rowid AS arrival,"
                  " l.seq+w.rowid-l.arrival AS seq, l.run, l.clock FROM word w CROSS JOIN line l"
                  " ON l.arrival=(SELECT max(arrival) FROM line WHERE arrival<=w.rowid)"
                  " WHERE w.word MATCH ?5 AND w.rowid<l.arrival+l.lines AND " +
                      condition(filter) + " ORDER BY w.rowid DESC LIMIT ?6) ORDER BY clock DESC",
                  filter, std::string_view(**wanted), more),
        filter, std::move(newest), pieces);
}

Result<std::optional<Line>> SqliteStore::said(const DeviceId& author, std::string_view said_id) {
    auto row = database_.query(
        "SELECT arrival, seq, run, lines FROM line INDEXED BY line_by_said WHERE said_id=?"
        " AND author=(SELECT author FROM author WHERE device=?) ORDER BY arrival",
        said_id, sqlite::Blob{author.view()});
    LineReader reader(database_);
    std::optional<Line> found;
    while (!found && row.row())
        each_line(row, reader, [&](Line line) {
            if (line.entry.said_id == said_id && line.entry.log.device == author)
                found = std::move(line);
            return !found;
        });
    if (row.failed()) return refusal("cannot read lines");
    return found;
}

Result<std::vector<Holding>> SqliteStore::holdings() {
    std::vector<Holding> all;
    const auto failure = each_holding([&](const Holding& one) { all.push_back(one); });
    if (failure) return *failure;
    std::ranges::sort(all, {}, &Holding::log);
    return all;
}

std::optional<Failure> SqliteStore::each_holding(const std::function<void(const Holding&)>& take) {
    std::vector<Log> older;
    {
        auto row = database_.query("SELECT log, state FROM log");  // each more column costs as much
        while (row.row()) {
            auto holding = holding_from(row.bytes(1));
            if (row.bytes(1).empty()) {
                auto columns =
                    database_.query(std::string(log_columns) + " WHERE log=?", row.integer(0));
                if (const auto log = columns.row() ? log_at(columns) : std::nullopt) {
                    holding = log->holding;
                    older.push_back(*log);
                }
            }
            if (!holding) {
                suspect();
                return Failure{"a log is damaged"};
            }
            take(*holding);
        }
        if (row.failed()) return refusal("cannot read what is held");
    }
    if (older.empty()) return std::nullopt;
    // If that fails, the next start reads their ends once more.
    (void)all_or_nothing(
        [&] { return std::ranges::all_of(older, [this](const Log& log) { return save(log); }); });
    return std::nullopt;
}

// What is disputed names nobody.
Result<std::vector<Met>> SqliteStore::met() {
    std::vector<Met> all;
    auto row = database_.query(
        "SELECT m.seq, m.device, l.device, l.epoch FROM met m JOIN log l USING(log)");
    while (row.row()) {
        const auto log = log_from(row, 2);
        const auto held = log ? known(*log) : std::nullopt;
        Met met{{}, {log.value_or(LogId{}), static_cast<Seq>(row.integer(0))}};
        if (held && held->holding.extent.holds(met.where.seq) && take_exact(row.bytes(1), met.who))
            all.push_back(met);
    }
    if (row.failed()) return refusal("cannot read who was met");
    return all;
}

std::optional<std::int64_t> SqliteStore::number(std::string_view statement) {
    auto row = database_.query(statement);
    if (!row.row()) return std::nullopt;
    return row.integer(0);
}

Result<Tally> SqliteStore::tally() {
    if (!lines_)
        if (const auto counted = number("SELECT ifnull(sum(lines), 0) FROM line"))
            lines_ = static_cast<std::uint64_t>(*counted);
    const auto silent = number("SELECT (SELECT count(*) FROM met) + (SELECT count(*) FROM other)");
    const auto pages = number("PRAGMA page_count");
    const auto page_bytes = number("PRAGMA page_size");
    auto oldest = database_.query("SELECT clock FROM line ORDER BY clock LIMIT 1");
    Tally tally;
    if (oldest.row()) tally.oldest = Clock{from_ordered(oldest.integer(0))}.time();
    if (!lines_ || !silent || !pages || !page_bytes || oldest.failed())
        return refusal("cannot read how much is held");
    tally.lines = *lines_ - static_cast<std::uint64_t>(*silent);
    if (!totals_) {
        auto logs = database_.query("SELECT count(*), ifnull(sum(trimmed), 0) FROM log");
        if (!logs.row()) return refusal("cannot read how much is held");
        totals_ = Tally{.logs = static_cast<std::uint64_t>(logs.integer(0)),
                        .trimmed = static_cast<std::uint64_t>(logs.integer(1))};
    }
    tally.logs = totals_->logs;
    tally.trimmed = totals_->trimmed;
    tally.bytes = static_cast<std::uint64_t>(*pages * *page_bytes);
    return tally;
}

Result<std::vector<RunPtr>> SqliteStore::runs(const LogId& log, Seq after, std::size_t entries_max,
                                              std::size_t bytes_max) {
    const auto held = known(log);
    if (!held) return std::vector<RunPtr>();
    const Seq counted = std::min(held->holding.extent.limit(), limits::seq_max);
    return verified_runs(
        database_.query("SELECT " + std::string(run_columns) +
                            ", last FROM run WHERE log=? AND last>? AND first<=? ORDER BY last",
                        held->row, after, counted),
        *held, false, Share(entries_max, bytes_max));
}

// The run that holds `seq` ends at most a run's length above it.
Result<std::vector<RunPtr>> SqliteStore::runs_back_from(const LogId& log, Seq seq,
                                                        std::size_t entries_max,
                                                        std::size_t bytes_max) {
    const auto held = known(log);
    if (!held) return std::vector<RunPtr>();
    seq = std::min({seq, held->holding.extent.limit(), limits::seq_max});
    return verified_runs(database_.query("SELECT " + std::string(run_columns) +
                                             ", last FROM run WHERE log=? AND last<? AND first<=?"
                                             " ORDER BY last DESC",
                                         held->row, seq + limits::run_entries_max, seq),
                         *held, true, Share(entries_max, bytes_max));
}

// Those that follow each other are joined before they are proven: a talk lies here line by line,
// and to look at the signature of each takes longer than all the rest.
Result<std::vector<RunPtr>> SqliteStore::verified_runs(sqlite::Query row, const Log& log,
                                                       bool newest_first, Share share) {
    const LogId& id = log.holding.log;
    std::vector<UnprovenRun> read;
    bool is_damaged = false;
    while (!is_damaged && row.row()) {
        auto run = unproven_from(row, 0);
        // It may be whole and yet another log's, if the damage is in the index.
        is_damaged = !run || run->log() != id || run->last() != static_cast<Seq>(row.integer(4));
        if (is_damaged || !share.takes(run->size(), run->byte_count())) break;
        read.push_back(std::move(*run));
    }
    if (row.failed() && read.empty()) return refusal("cannot read runs");
    std::vector<RunPtr> found;
    is_damaged |= !prove(in_fewer(read, newest_first, log.holding.extent.limit()), found) &&
                  !prove(read, found);
    if (is_damaged) suspect();
    if (is_damaged && found.empty()) return Failure{"a stored run is damaged"};
    return found;
}

Result<std::vector<std::string>> SqliteStore::legacy_authors() {
    std::vector<std::string> addresses;
    auto row = database_.query("SELECT device FROM author WHERE length(device)<? ORDER BY device",
                               std::uint64_t{sizeof(DeviceId::bytes)});
    while (row.row()) addresses.emplace_back(row.bytes(0));
    if (row.failed()) return refusal("cannot read authors");
    return addresses;
}

Result<std::vector<std::string>> SqliteStore::rooms() {
    std::vector<std::string> names;
    auto row = database_.query("SELECT name FROM room WHERE length(name)<=? ORDER BY key",
                               std::uint64_t{limits::room_bytes_max});
    while (row.row()) names.emplace_back(row.bytes(0));
    if (row.failed()) return refusal("cannot read rooms");
    return names;
}

bool SqliteStore::is_intact() {
    {
        auto checked = database_.query("PRAGMA integrity_check(1)");
        if (!checked.row() || checked.bytes(0) != "ok") return false;
    }
    if (!is_index_intact()) return false;
    auto run = database_.query("SELECT " + std::string(run_columns) + " FROM run");
    while (run.row())
        if (!run_from(run, 0)) return false;
    auto end = database_.query(log_columns);
    while (end.row()) {
        auto log = log_at(end);
        if (!log || !read_ends(*log)) return false;
    }
    auto fork = database_.query("SELECT " + std::string(fork_columns) + " FROM fork");
    while (fork.row())
        if (!fork_from(fork)) return false;
    auto stretch = database_.query("SELECT arrival, seq, run, lines FROM line");
    LineReader reader(database_);
    while (stretch.row()) {
        std::int64_t good = 0;
        each_line(stretch, reader, [&](const Line&) {
            ++good;
            return true;
        });
        if (good != stretch.integer(3)) return false;
    }
    return !run.failed() && !fork.failed() && !stretch.failed();
}

}  // namespace lanchat::store
