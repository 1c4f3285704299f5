// The SQLite store: opening, writing, and what a disk fault does to it.
#include "node/store/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "node/store/rules.hpp"
#include "node/store/schema.hpp"

namespace lanchat::store {
namespace {

// The name of a new file survives a power cut only if its directory was flushed.
bool flush_directory(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const int fd =
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool flushed = ::fsync(fd) == 0;
    ::close(fd);
    return flushed;
}

// SQLite would make the file with the process's umask; its log takes the file's mode.
bool make_private(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    const bool made = ::fchmod(fd, 0600) == 0;
    ::close(fd);
    return made;
}

// Sorting stays in memory, so that no line ever lies in /tmp.
constexpr auto settings =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
    "PRAGMA mmap_size=0; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-8192; PRAGMA journal_size_limit=8388608; PRAGMA journal_mode=WAL;";

}  // namespace

SqliteStore::SqliteStore(std::string path, SqliteOptions options, sqlite::Database database)
    : path_(std::move(path)), options_(options), database_(std::move(database)) {}

SqliteStore::Opened SqliteStore::open(const std::string& path, const SqliteOptions& options) {
    if (!options.vfs && !make_private(path))
        return {nullptr, {"cannot make " + path + ": " + std::strerror(errno)}};
    auto database = sqlite::Database::open(path, options.vfs);
    if (!database) return {nullptr, {database.why()}};
    std::unique_ptr<SqliteStore> store(new SqliteStore(path, options, std::move(*database)));
    if (auto failure = store->set_up())
        return {nullptr, std::move(*failure), store->database_.trouble()};
    if (!options.vfs && !flush_directory(path))
        return {nullptr, {"cannot flush the directory of " + path}};
    return {std::move(store), {}};
}

std::optional<Failure> SqliteStore::set_up() {
    const auto* flushing = options_.flushing == Flushing::every_commit
                               ? "PRAGMA synchronous=FULL"
                               : "PRAGMA synchronous=NORMAL";
    if (!database_.run(settings) || !database_.run(flushing))
        return database_.trouble() == sqlite::Trouble::busy
                   ? Failure{path_ + " is in use by another lanchat"}
                   : database_.failure("cannot open " + path_);
    if (auto failure = migrate(database_)) return failure;
    if (!renew_index() || !load()) return database_.failure("cannot read " + path_);
    return std::nullopt;
}

// Of the logs that were spoken in last the ends are read, since a crash may have met them; of the
// others nothing: ready at once, however many logs and lines are held.
bool SqliteStore::load() {
    logs_.clear();
    parked_.clear();
    lines_.reset();
    totals_.reset();
    auto store = database_.query(
        "SELECT id, max(last, ifnull((SELECT arrival+lines-1 FROM line ORDER BY arrival DESC"
        " LIMIT 1), 0)), indexed, joined FROM store");
    if (!store.row()) return database_.damaged("the store has no id"), false;
    id_ = static_cast<std::uint64_t>(store.integer(0));
    last_ = static_cast<Arrival>(store.integer(1));
    indexed_ = std::min(last_, static_cast<Arrival>(store.integer(2)));
    joined_ = static_cast<Arrival>(store.integer(3));
    auto row = database_.query(
        std::string(log_columns) + " WHERE log IN (SELECT log FROM run ORDER BY run DESC LIMIT ?)",
        std::uint64_t{logs_at_hand / 2});
    while (row.row()) {
        auto log = log_at(row);
        if (!log) return database_.damaged("a log is damaged"), false;
        if (!read_ends(*log)) return database_.damaged("a log does not end as noted"), false;
        keep_at_hand(*log);
    }
    if (!load_eras()) return false;
    const auto drops = number("SELECT EXISTS(SELECT 1 FROM dropped)");
    if (!drops) return false;
    drops_ = *drops != 0;
    auto parked = database_.query("SELECT DISTINCT device, epoch FROM parked");
    while (parked.row())
        if (const auto id = log_from(parked, 0)) parked_.insert(*id);
    return !row.failed() && !parked.failed();
}

std::optional<SqliteStore::Log> SqliteStore::log_at(const sqlite::Query& row) {
    if (row.bytes(1).empty()) return older_log_at(row);
    auto holding = holding_from(row.bytes(1));
    if (!holding) return std::nullopt;
    return Log{row.integer(0), std::move(*holding)};
}

std::optional<SqliteStore::Log> SqliteStore::older_log_at(const sqlite::Query& row) {
    const auto id = log_from(row, 2);
    const auto base = stretch_from(row, 5);
    const auto tail = stretch_from(row, 9);
    const bool has_tail = row.integer(11) != 0;
    if (!id || !base || (has_tail && !tail)) return std::nullopt;
    Log log{row.integer(0), {*id, {*base, {}, static_cast<Seq>(row.integer(4)), {}}}};
    if (has_tail) log.holding.extent.tail = *tail;
    log.holding.extent.forked = static_cast<Seq>(row.integer(13));
    if (!read_ends(log)) return std::nullopt;
    return log;
}

std::optional<SqliteStore::Log> SqliteStore::known(const LogId& id) {
    const auto held = logs_.find(id);
    if (held != logs_.end()) return held->second;
    const auto devices = devices_of(id);
    auto row = database_.query(std::string(log_columns) + " WHERE device=? AND epoch=?",
                               sqlite::Blob{devices}, epoch_of(id));
    if (!row.row()) return std::nullopt;
    auto log = log_at(row);
    if (!log || log->holding.log != id) {
        suspect();
        log = older_log_at(row);  // the same once more, as long as it agrees with the runs
    }
    if (!log || log->holding.log != id) return std::nullopt;
    keep_at_hand(*log);
    return log;
}

void SqliteStore::keep_at_hand(const Log& log) {
    if (logs_.size() >= logs_at_hand) logs_.clear();
    logs_[log.holding.log] = log;
}

// Once for each opening: a file that is opened again after a fault goes on in the same era.
bool SqliteStore::load_eras() {
    auto row = database_.query(
        "SELECT random(), ifnull((SELECT era FROM era ORDER BY first DESC LIMIT 1), 0)");
    if (!row.row()) return false;
    const auto newest = static_cast<std::uint64_t>(row.integer(1));
    if (eras_.now == 0) eras_ = {newest, static_cast<std::uint64_t>(row.integer(0)), last_};
    era_began_ = newest == eras_.now;
    return true;
}

// False unless the last entry of each stretch names its log and makes the head. That of the upper
// one, which is read last, tells the newest clock. All of the lower one may have been trimmed.
bool SqliteStore::read_ends(Log& log) {
    Extent& extent = log.holding.extent;
    if (!extent.tail) return ends_at(log, extent.base);
    return (extent.base.empty() || ends_at(log, extent.base)) && ends_at(log, *extent.tail);
}

// Of a forked log nothing may be left that counts.
bool SqliteStore::ends_at(Log& log, const Stretch& noted) {
    Extent& extent = log.holding.extent;
    if (noted.empty() && extent.forked != 0) return true;
    Hash head;
    const auto last = entry_at(log, noted.last, head);
    if (!last) return false;
    extent.newest = last->clock;
    return head == noted.head;
}

// An entry that counts, and the head after it.
std::optional<Entry> SqliteStore::entry_at(const Log& log, Seq seq, Hash& head) {
    auto row =
        database_.query("SELECT " + std::string(StoredRun::columns) +
                            " FROM run WHERE log=? AND last>=? AND first<=? ORDER BY last LIMIT 1",
                        log.row, seq, seq);
    StoredRun run;
    if (!row.row() || !run.load(row) || seq - run.first() >= run.size()) return std::nullopt;
    const auto place = static_cast<std::size_t>(seq - run.first());
    auto entry = run.entry(place);
    const auto before = run.head_before(place);
    const auto after = run.head_before(place + 1);
    if (!entry || !before || !after || entry->log != log.holding.log) return std::nullopt;
    entry->before = *before;
    head = *after;
    return entry;
}

// A failed flush may have thrown away what the next one then calls flushed. So everything that is
// not yet in the database file is written there once more, by a connection that remembers nothing.
bool SqliteStore::reopen() {
    // What was refused lies complete in the log if only its flush failed. This commit takes its
    // place, else it would come back.
    if (database_.is_open() && !database_.run("UPDATE store SET reopened=reopened+1")) return false;
    database_.close();
    auto database = sqlite::Database::open(path_, options_.vfs);
    if (!database) return false;
    database_ = std::move(*database);
    if (set_up() || !database_.empty_log()) return false;
    in_doubt_ = false;
    return true;
}

bool SqliteStore::ready_to_write() {
    if (!in_doubt_ && database_.log_pages() >= options_.checkpoint_pages)
        in_doubt_ = !database_.checkpoint() && database_.trouble() == sqlite::Trouble::io;
    return !in_doubt_ || reopen();
}

Failure SqliteStore::refusal(std::string_view doing) {
    in_doubt_ = in_doubt_ || database_.trouble() == sqlite::Trouble::io;
    if (database_.trouble() == sqlite::Trouble::corrupt) suspect();
    return database_.failure(doing);
}

std::optional<Failure> SqliteStore::all_or_nothing(const std::function<bool()>& writes) {
    if (!ready_to_write()) return refusal("cannot store");
    sqlite::Transaction change(database_);
    if (change.begin() && writes() && change.commit()) return std::nullopt;
    logs_.clear();  // some may have been looked up while what is now undone was there
    return refusal("cannot store");
}

Result<std::vector<Added>> SqliteStore::append(const std::vector<RunPtr>& runs, WallTime arrived) {
    Change change{arrived};
    const auto failure = make(change, [&] {
        return std::all_of(runs.begin(), runs.end(),
                           [&](const RunPtr& run) { return keep(run, change); }) &&
               std::all_of(change.logs.begin(), change.logs.end(),
                           [&](const auto& log) { return save(log.second); });
    });
    if (failure) return *failure;
    return std::move(change.added);
}

std::optional<Failure> SqliteStore::make(Change& change, const std::function<bool()>& writes) {
    auto failure = all_or_nothing([&] {
        change.last = last_;
        change.indexed = indexed_;
        return writes() && begin_era(change) && follow(change);
    });
    if (!failure) take_over(change);
    return failure;
}

void SqliteStore::take_over(const Change& change) {
    for (const auto& [id, log] : change.logs) keep_at_hand(log);
    body_news_.insert(body_news_.end(), change.body_news.begin(), change.body_news.end());
    drops_ = drops_ || change.drops;
    if (lines_) *lines_ += change.last - last_;
    era_began_ = era_began_ || change.last > last_;
    last_ = change.last;
    indexed_ = change.indexed;
}

// With the first line that comes to it, so that a start writes nothing.
bool SqliteStore::begin_era(const Change& change) {
    if (era_began_ || change.last == last_) return true;
    return database_
        .query("INSERT OR REPLACE INTO era VALUES(?,?)", last_ + 1,
               static_cast<std::int64_t>(eras_.now))
        .done();
}

Result<bool> SqliteStore::proves(const Position& place) {
    if (place.arrival == 0) return true;  // the beginning
    auto end = database_.query(
        "SELECT ifnull((SELECT first FROM era WHERE first>e.first ORDER BY first LIMIT 1), ?)"
        " FROM era e WHERE era=?",
        last_ + 1, static_cast<std::int64_t>(place.era));
    if (end.row()) return place.arrival < static_cast<Arrival>(end.integer(0));
    if (end.failed()) return refusal("cannot read the store");
    return false;
}

std::optional<SqliteStore::Log> SqliteStore::find(const LogId& id, const Change& change) {
    const auto changed = change.logs.find(id);
    return changed == change.logs.end() ? known(id) : changed->second;
}

bool SqliteStore::keep(const RunPtr& run, Change& change) {
    const auto held = find(run->log(), change);
    const auto grown = extent_with(*run, held ? held->holding.extent : Extent{});
    if (!grown) return true;
    const Log found = held ? *held : begin_log({run->log(), {}});
    return found.row != 0 && keep_run(run, found, *grown, change) &&
           (!parked_.contains(run->log()) || absorb(run->log(), change));
}

// Row 0: it could not be made.
SqliteStore::Log SqliteStore::begin_log(const Holding& holding) {
    totals_.reset();
    const Stretch& base = holding.extent.base;
    const auto devices = devices_of(holding.log);
    auto made = database_.query(
        "INSERT INTO log(device, epoch, trimmed, floor, floor_head, seq, head)"
        " VALUES(?,?,?,?,?,?,?) RETURNING log",
        sqlite::Blob{devices}, epoch_of(holding.log), holding.extent.floor, base.after,
        sqlite::Blob{base.before.view()}, base.last, sqlite::Blob{base.head.view()});
    if (!made.row()) return {};
    const auto row = made.integer(0);
    return made.done() ? Log{row, holding} : Log{};
}

bool SqliteStore::keep_run(const RunPtr& run, Log log, const Extent& grown, Change& change) {
    const Extent held = std::exchange(log.holding.extent, grown);
    if (run->first() <= held.last()) retention_.forget();
    const auto parts = new_parts(*run, held);
    std::uint64_t lines = 0;
    for (const Part& part : parts) lines += part.count;
    const auto author = author_row(run->log().device.view(), change);
    const auto packed = pack(*run);
    const auto row = static_cast<std::int64_t>(change.last + 1);
    const bool kept =
        author != 0 &&
        database_
            .query("INSERT INTO run VALUES(?,?,?,?,?,?,?,?,?,?,?,?)", row, log.row, run->first(),
                   run->last(), lines, change.arrived.ms, std::uint64_t{run->byte_count()},
                   sqlite::Blob{run->head().view()}, sqlite::Blob{run->signature().view()},
                   sqlite::Blob{packed.entries}, sqlite::Blob{packed.shared},
                   sqlite::Blob{packed.bodies})
            .done();
    if (!kept) return false;
    for (const Part& part : parts) {
        change.added.push_back({run, part.first, part.count, change.last + 1});
        if (!keep_lines(change.added.back(), {row, author, log.row}, change)) return false;
    }
    change.logs[run->log()] = log;
    return std::ranges::all_of(change.added.end() - static_cast<std::ptrdiff_t>(parts.size()),
                               change.added.end(),
                               [&](const Added& added) { return keep_bodies(added, log, change); });
}

bool SqliteStore::keep_lines(const Added& added, const Place& place, Change& change) {
    Entry first;  // of the stretch that grows
    Entry next;
    std::uint64_t lines = 0;
    for (std::size_t n = 0; n < added.count; ++n) {
        added.run->items()[added.first + n].read(next);
        if (!next.is_line() && !keep_silent(next, added.arrival + n, place.log)) return false;
        if (lines > 0 && is_of_stretch(first, next)) {
            ++lines;
            continue;
        }
        if (lines > 0 && !keep_stretch(first, lines, place, change)) return false;
        std::swap(first, next);
        lines = 1;
    }
    return keep_stretch(first, lines, place, change);
}

bool SqliteStore::keep_stretch(const Entry& first, std::uint64_t lines, const Place& place,
                               Change& change) {
    const auto room = room_row(first, false, change);
    const bool kept =
        room != 0 &&
        database_
            .query("INSERT INTO line VALUES(?,?,?,?,?,?,?,nullif(?,''),?)", change.last + 1,
                   ordered(first.clock.packed), room, place.author, place.log, first.seq, place.run,
                   std::string_view(first.said_id), lines)
            .done();
    change.last += lines;
    return kept;
}

bool SqliteStore::keep_silent(const Entry& entry, Arrival arrival, std::int64_t log) {
    auto kept = entry.kind == EntryKind::met
                    ? database_.query("INSERT INTO met VALUES(?,?,?,?)", arrival, log, entry.seq,
                                      sqlite::Blob{entry.met.view()})
                    : database_.query("INSERT INTO other VALUES(?)", arrival);
    return kept.done();
}

bool SqliteStore::save(const Log& log) {
    const auto& [base, tail, floor, newest, forked] = log.holding.extent;
    const auto state = pack(log.holding);
    const bool saved =
        database_
            .query(
                "UPDATE log SET trimmed=?, floor=?, floor_head=?, seq=?, head=?, forked=?, state=?,"
                " tail_after=NULL, tail_before=NULL, tail_seq=NULL, tail_head=NULL WHERE log=?",
                floor, base.after, sqlite::Blob{base.before.view()}, base.last,
                sqlite::Blob{base.head.view()}, forked, sqlite::Blob{state}, log.row)
            .done();
    if (!saved || !tail) return saved;
    return database_
        .query("UPDATE log SET tail_after=?, tail_before=?, tail_seq=?, tail_head=? WHERE log=?",
               tail->after, sqlite::Blob{tail->before.view()}, tail->last,
               sqlite::Blob{tail->head.view()}, log.row)
        .done();
}

Result<Arrival> SqliteStore::append_legacy(const std::vector<Heard>& heard) {
    Change change;
    const auto failure = make(change, [&] {
        for (std::size_t n = 0; n < heard.size();) {
            const auto lines = stretch_in(heard, n);
            if (!keep_legacy({heard.data() + n, lines}, change)) return false;
            n += lines;
        }
        return true;
    });
    if (failure) return *failure;
    return change.last + 1 - heard.size();
}

bool SqliteStore::keep_legacy(std::span<const Heard> stretch, Change& change) {
    const Entry first = legacy_line(stretch.front()).entry;
    const auto in_room = room_row(first, true, change);
    const auto author = author_row(first.name, change);
    const bool kept = in_room != 0 && author != 0 &&
                      database_
                          .query(
                              "INSERT INTO line(arrival, clock, room, author, seq, lines)"
                              " VALUES(?,?,?,?,0,?)",
                              change.last + 1, ordered(first.clock.packed), in_room, author,
                              std::uint64_t{stretch.size()})
                          .done();
    return kept && std::ranges::all_of(stretch, [&](const Heard& heard) {
               Line line = legacy_line(heard);
               line.arrival = ++change.last;
               return database_
                   .query("INSERT INTO legacy VALUES(?,?,?,?,?,?,?)", line.arrival,
                          line.entry.clock.time().ms, std::string_view(heard.room),
                          std::string_view(heard.address), std::string_view(heard.text),
                          sqlite::Blob{legacy_head(line).view()}, std::string_view(heard.id))
                   .done();
           });
}

// The two rows below: 0 after a failure. A room shows the spelling of its first line.
std::int64_t SqliteStore::room_row(const Entry& entry, bool legacy, Change& change) {
    const std::string name = place_of(entry);
    const std::string order = order_of(entry, legacy);
    Room& room = change.rooms[name];
    if (room.row == 0 && !find_room(entry, order, room)) return 0;
    if (order >= room.first) return room.row;
    room.first = order;
    const bool spelt =
        database_
            .query("UPDATE room SET name=?, first=? WHERE room=? AND first>?",
                   std::string_view(name), sqlite::Blob{order}, room.row, sqlite::Blob{order})
            .done();
    return spelt ? room.row : 0;
}

bool SqliteStore::find_room(const Entry& entry, const std::string& order, Room& room) {
    const std::string key = key_of(entry);
    const std::string name = place_of(entry);
    if (!database_
             .query("INSERT OR IGNORE INTO room(key, name, first) VALUES(?,?,?)",
                    std::string_view(key), std::string_view(name), sqlite::Blob{order})
             .done())
        return false;
    auto found = database_.query("SELECT room, first FROM room WHERE key=?", std::string_view(key));
    if (!found.row()) return false;
    room = {found.integer(0), std::string(found.bytes(1))};
    return true;
}

std::int64_t SqliteStore::author_row(std::string_view author, Change& change) {
    auto& row = change.authors[std::string(author)];
    if (row != 0) return row;
    const sqlite::Blob id{author};
    if (!database_.query("INSERT OR IGNORE INTO author(device) VALUES(?)", id).done()) return 0;
    auto found = database_.query("SELECT author FROM author WHERE device=?", id);
    return row = found.row() ? found.integer(0) : 0;
}

// Remembered beside the file, which is no place to write to any more; the next start looks closely.
void SqliteStore::suspect() {
    if (options_.vfs) return;
    const int fd = ::open(suspicion_of(path_).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) ::close(fd);
}

std::string suspicion_of(const std::string& path) { return path + ".suspect"; }

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, const SqliteOptions& options) {
    auto opened = SqliteStore::open(path, options);
    if (!opened.store) return std::move(opened.failure);
    return std::unique_ptr<Store>(std::move(opened.store));
}

}  // namespace lanchat::store
