// Versioned migrations by user_version: entry n brings version n to n + 1. Never change an old one.
#include "node/store/schema.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "message/comparing.hpp"
#include "message/limits.hpp"
#include "node/store/rows.hpp"

namespace lanchat::store {
namespace {

// Unsigned 64-bit numbers (clock, epoch) have their highest bit flipped, so that SQLite's signed
// order is theirs. A run's key is the arrival of its first new line. The text of lines is in
// runs only: the index of words holds no copy of it, nor where in a line a word is.
// `parked` holds runs that were saved from a damaged store and wait for what comes before them.
constexpr std::array<const char*, 14> migrations = {
    R"(
CREATE TABLE store(id INTEGER NOT NULL, version INTEGER NOT NULL, reopened INTEGER NOT NULL);
CREATE TABLE log(
    log INTEGER PRIMARY KEY, device BLOB NOT NULL, epoch INTEGER NOT NULL,
    floor INTEGER NOT NULL, floor_head BLOB NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL,
    UNIQUE(device, epoch));
CREATE TABLE run(
    run INTEGER PRIMARY KEY, log INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    lines INTEGER NOT NULL, arrived INTEGER NOT NULL, bytes INTEGER NOT NULL,
    head BLOB NOT NULL, signature BLOB NOT NULL, entries BLOB NOT NULL);
CREATE INDEX run_by_log ON run(log, last, arrived, bytes);
CREATE TABLE parked(
    parked INTEGER PRIMARY KEY, device BLOB NOT NULL, epoch INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, arrived INTEGER NOT NULL,
    signature BLOB NOT NULL, entries BLOB NOT NULL);
CREATE INDEX parked_by_log ON parked(device, epoch, last);
CREATE TABLE legacy(
    arrival INTEGER PRIMARY KEY, heard INTEGER NOT NULL, room TEXT NOT NULL,
    address TEXT NOT NULL, text TEXT NOT NULL, head BLOB NOT NULL);
CREATE TABLE room(room INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE author(author INTEGER PRIMARY KEY, device BLOB NOT NULL UNIQUE);
CREATE TABLE line(
    arrival INTEGER PRIMARY KEY, clock INTEGER NOT NULL, room INTEGER NOT NULL,
    author INTEGER, log INTEGER, seq INTEGER NOT NULL, run INTEGER, said_id TEXT);
CREATE INDEX line_by_clock ON line(clock);
CREATE INDEX line_by_room ON line(room, clock);
CREATE INDEX line_by_author ON line(author, clock) WHERE author IS NOT NULL;
CREATE INDEX line_by_said ON line(said_id, author) WHERE said_id IS NOT NULL;
CREATE VIRTUAL TABLE word USING fts5(
    words, content='', columnsize=0, detail=none, tokenize='ascii');
)",
    // A legacy line keeps the id that it was shown with.
    "ALTER TABLE legacy ADD COLUMN id TEXT NOT NULL DEFAULT ''",
    // A line's room and author are found among its words (words.hpp). Rows of an
    // index without content may be added to.
    R"(
INSERT INTO word(rowid, words)
    SELECT arrival, char(167) || 'r' || room || ifnull(' ' || char(167) || 'a' || author, '')
    FROM line;
)",
    // `floor` to `seq` is the base; nothing up to `trimmed` is wanted; no tail: its columns are
    // null. What came last may be trimmed first, so `last` keeps its arrival.
    R"(
ALTER TABLE log ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN tail_after INTEGER;
ALTER TABLE log ADD COLUMN tail_before BLOB;
ALTER TABLE log ADD COLUMN tail_seq INTEGER;
ALTER TABLE log ADD COLUMN tail_head BLOB;
UPDATE log SET trimmed=floor;
ALTER TABLE store ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
)",
    // A row of `line` is a stretch (rules.hpp) of so many; what it says is true of the first. The
    // words of all that arrived up to `indexed` are in the index.
    R"(
ALTER TABLE line ADD COLUMN lines INTEGER NOT NULL DEFAULT 1;
ALTER TABLE store ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
UPDATE store SET indexed=max(last, (SELECT ifnull(max(arrival), 0) FROM line));
)",
    // From `forked` on the lines of a log are disputed (0: none); two runs prove it.
    R"(
ALTER TABLE log ADD COLUMN forked INTEGER NOT NULL DEFAULT 0;
CREATE TABLE fork(
    log INTEGER PRIMARY KEY, signature BLOB NOT NULL, entries BLOB NOT NULL,
    other_signature BLOB NOT NULL, other_entries BLOB NOT NULL);
)",
    // Direct messages: behind the device of a log may stand the one that it is for, and what two
    // say to each other is in a room whose name is too long for one. Older programs must not read
    // that.
    "",
    // Whom entries name as met; they are among the lines too.
    R"(
CREATE TABLE met(
    arrival INTEGER PRIMARY KEY, log INTEGER NOT NULL, seq INTEGER NOT NULL, device BLOB NOT NULL);
)",
    // A room is found by its key (comparing.hpp) and shows the spelling of its first line, which
    // came at `first` in the order of all lines. `indexed_as`: how the index was told of lines.
    R"(
ALTER TABLE store ADD COLUMN indexed_as TEXT NOT NULL DEFAULT '';
ALTER TABLE room RENAME TO spelling;
CREATE TABLE room(
    room INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, first BLOB NOT NULL);
)",
    // What came while the store was open at one time, from its first arrival on (store.hpp). Before
    // there were eras places were named by the store's id: that names the first era, so they are
    // proven as far as the store has come until now.
    R"(
CREATE TABLE era(first INTEGER PRIMARY KEY, era INTEGER NOT NULL UNIQUE);
INSERT INTO era SELECT 1, id FROM store;
)",
    // All that is held of a log in one piece, with a checksum (rows.hpp), so that a start reads a
    // million logs at once, and no runs of those that nobody speaks in any more. Empty: the row is
    // older than that.
    R"(
ALTER TABLE log ADD COLUMN state BLOB NOT NULL DEFAULT x'';
)",
    // Legacy peers are authors too, by their addresses, which are shorter than a device.
    R"(
INSERT OR IGNORE INTO author(device) SELECT DISTINCT CAST(address AS BLOB) FROM legacy;
UPDATE line SET author=(SELECT a.author FROM legacy g JOIN author a
    ON a.device=CAST(g.address AS BLOB) WHERE g.arrival=line.arrival) WHERE run IS NULL;
INSERT INTO word(rowid, words) SELECT arrival, char(167) || 'a' || author FROM line
    WHERE run IS NULL AND author IS NOT NULL AND arrival<=(SELECT indexed FROM store);
)",
    // What people wrote lies beside what vouches for it (rows.hpp); the runs that are there are of
    // version 1 and stay as they are. `other`: entries that are neither lines nor in `met`.
    // `dropped`: what authors have taken back, whether it is here or not; `gone`: entries that are
    // here and were taken back; `lacking`: those whose bodies nobody has given so far.
    R"(
ALTER TABLE run ADD COLUMN shared BLOB NOT NULL DEFAULT x'';
ALTER TABLE run ADD COLUMN bodies BLOB NOT NULL DEFAULT x'';
ALTER TABLE parked ADD COLUMN shared BLOB NOT NULL DEFAULT x'';
ALTER TABLE parked ADD COLUMN bodies BLOB NOT NULL DEFAULT x'';
ALTER TABLE fork ADD COLUMN shared BLOB NOT NULL DEFAULT x'';
ALTER TABLE fork ADD COLUMN bodies BLOB NOT NULL DEFAULT x'';
ALTER TABLE fork ADD COLUMN other_shared BLOB NOT NULL DEFAULT x'';
ALTER TABLE fork ADD COLUMN other_bodies BLOB NOT NULL DEFAULT x'';
CREATE TABLE other(arrival INTEGER PRIMARY KEY);
CREATE TABLE dropped(
    devices BLOB NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, head BLOB NOT NULL,
    PRIMARY KEY(devices, epoch, seq, head)) WITHOUT ROWID;
CREATE TABLE gone(
    log INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(log, seq)) WITHOUT ROWID;
CREATE TABLE lacking(
    log INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(log, seq)) WITHOUT ROWID;
)",
    // Runs that rest are joined, and all up to `joined` were looked at. The lines of one lie among
    // those of others since: `run.lines` is how many arrivals they are spread over, from the run's
    // key on, and which are its own `line.run` tells. Older programs must not read that.
    R"(
ALTER TABLE store ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;
)"};

// The version that found rooms by key.
constexpr std::int64_t rooms_by_key = 9;

std::optional<std::int64_t> number(sqlite::Database& database, std::string_view statement) {
    auto asked = database.query(statement);
    if (!asked.row()) return std::nullopt;
    return asked.integer(0);
}

// Where in the order of all lines the first of a room is.
std::string first_in(sqlite::Database& database, std::int64_t room) {
    auto row = database.query(
        "SELECT l.clock, l.seq, g.device, g.epoch FROM line l JOIN log g USING(log)"
        " WHERE l.room=? ORDER BY l.clock LIMIT 1",
        room);
    Entry first;
    if (!row.row()) return order_of(first, true);
    first.clock = Clock{from_ordered(row.integer(0))};
    first.seq = static_cast<Seq>(row.integer(1));
    first.log = log_from(row, 2).value_or(LogId{});
    return order_of(first, false);
}

// To the room of that key, if it is another one.
bool move_lines(sqlite::Database& database, std::int64_t from, const std::string& key) {
    std::int64_t to = 0;
    {
        auto found = database.query("SELECT room FROM room WHERE key=?", std::string_view(key));
        if (!found.row()) return false;
        to = found.integer(0);
    }
    return to == from || database.query("UPDATE line SET room=? WHERE room=?", to, from).done();
}

// What was said in rooms whose names are one to people is in one room from now on. Names of
// conversations are none.
bool merge_rooms(sqlite::Database& database) {
    struct Spelling {
        std::int64_t room;
        std::string name;
    };
    std::vector<Spelling> spellings;
    {
        auto row = database.query("SELECT room, name FROM spelling ORDER BY room");
        while (row.row()) spellings.push_back({row.integer(0), std::string(row.bytes(1))});
        if (row.failed()) return false;
    }
    for (const auto& [room, name] : spellings) {
        const bool is_room = name.size() <= limits::room_bytes_max;
        const std::string key = is_room ? comparing_key(name) : name;
        const std::string first = first_in(database, room);
        const bool kept =
            database
                .query(
                    "INSERT INTO room(room, key, name, first) VALUES(?1,?2,?3,?4)"
                    " ON CONFLICT(key) DO UPDATE SET name=?3, first=?4 WHERE first>?4",
                    room, std::string_view(key), std::string_view(name), sqlite::Blob{first})
                .done();
        if (!kept || !move_lines(database, room, key)) return false;
    }
    return database.run("DROP TABLE spelling");
}

}  // namespace

std::optional<Failure> migrate(sqlite::Database& database) {
    constexpr auto today = static_cast<std::int64_t>(migrations.size());
    const auto found = number(database, "PRAGMA user_version");
    if (!found) return database.failure("cannot read the store");
    if (*found == today) return std::nullopt;
    // A damaged header may say anything; a newer program says it twice.
    if (*found != 0 && number(database, "SELECT version FROM store") != found)
        return database.damaged("the store contradicts itself about its version");
    if (*found > today)
        return Failure{"the store was made by a newer lanchat (version " + std::to_string(*found) +
                       ")"};

    sqlite::Transaction change(database);
    bool made = change.begin();
    for (auto version = *found; made && version < today; ++version) {
        made = database.run(migrations[static_cast<std::size_t>(version)]);
        if (made && version + 1 == rooms_by_key) made = merge_rooms(database);
    }
    // SQLite seeds its random numbers from the system.
    if (made && *found == 0)
        made = database.run("INSERT INTO store(id, version, reopened) VALUES(random(), 0, 0)");
    const auto mark = "PRAGMA user_version=" + std::to_string(today);
    made = made && database.query("UPDATE store SET version=?", today).done() &&
           database.run(mark.c_str()) && change.commit();
    if (!made) return database.failure("cannot make the store");
    return std::nullopt;
}

}  // namespace lanchat::store
