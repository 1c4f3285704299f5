// The SQLite store: the index of words, which may be behind.
#include <algorithm>

#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

// An index that was told otherwise than today begins anew. All is told again by whoever has time,
// and till then searched as what the index does not hold yet.
bool SqliteStore::renew_index() {
    const std::string today = index_version();
    {
        auto told = database_.query("SELECT indexed_as FROM store");
        if (!told.row()) return database_.damaged("the store has no row"), false;
        if (told.bytes(0) == today) return true;
    }
    sqlite::Transaction change(database_);
    return change.begin() &&
           database_.run(
               "DROP TABLE word; CREATE VIRTUAL TABLE word USING fts5("
               "words, content='', columnsize=0, detail=none, tokenize='ascii');") &&
           database_.query("UPDATE store SET indexed=0, indexed_as=?", std::string_view(today))
               .done() &&
           change.commit();
}

// A few lines take the index along, so in a talk it is never behind; a flood would wait for it
// longer than for the disk. After an upgrade all is behind, and nobody waits for that: what is
// waited for is no more than a few times what came.
bool SqliteStore::follow(Change& change) {
    const auto& [few, at_once, behind_max] = options_.indexing;
    const auto behind = change.last - change.indexed;
    const auto came = change.last - last_;
    if (came <= few) return index(std::min(behind, at_once), change);
    if (behind <= behind_max) return true;
    const auto least = 8 * at_once;  // many cost less each
    return index(std::min(std::max(behind - behind_max, least), std::max(2 * came, least)), change);
}

bool SqliteStore::catch_up() {
    if (indexed_ == last_) return false;
    Change change;
    const auto failure = make(change, [] { return true; });
    return !failure && indexed_ < last_;
}

// What it holds is not compared with the lines, which it holds no copy of.
bool SqliteStore::is_index_intact() {
    return database_.run("INSERT INTO word(word) VALUES('integrity-check')");
}

// Of each line of a stretch, with room and author in columns 4 and 5, its arrival and words.
bool SqliteStore::tell_index(const char* statement, const sqlite::Query& stretch,
                             LineReader& reader) {
    return each_line(stretch, reader, [&](const Line& line) {
        const auto words = indexed_words(stretch.integer(4), stretch.integer(5), line.entry.text);
        return database_.query(statement, line.arrival, std::string_view(words)).done();
    });
}

// The next so many, in whole stretches.
bool SqliteStore::index(std::uint64_t lines, Change& change) {
    if (lines == 0) return true;
    const Arrival enough = change.indexed + lines;
    auto stretch = database_.query(
        "SELECT arrival, seq, run, lines, room, author FROM line WHERE arrival>?"
        " ORDER BY arrival",
        change.indexed);
    LineReader reader(database_);
    while (change.indexed < enough && stretch.row()) {
        if (!tell_index("INSERT INTO word(rowid, words) VALUES(?,?)", stretch, reader))
            return false;
        change.indexed = static_cast<Arrival>(stretch.integer(0) + stretch.integer(3) - 1);
    }
    if (stretch.failed()) return false;
    if (change.indexed < enough) change.indexed = change.last;  // the rest was trimmed
    return database_.query("UPDATE store SET indexed=?", change.indexed).done();
}

// Of the stretches of a run (0: of legacy lines) that begin in a span of arrivals. The index holds
// no text, so it has to be told the words once more. Those of a damaged line stay: they lead to an
// arrival that never comes again.
bool SqliteStore::forget_words(std::int64_t first, std::int64_t end, std::int64_t run) {
    auto stretch = database_.query(
        "SELECT arrival, seq, run, lines, room, author FROM line WHERE arrival>=? AND arrival<?"
        " AND ifnull(run, 0)=?",
        first, std::min(end, static_cast<std::int64_t>(indexed_) + 1), run);
    LineReader reader(database_);
    constexpr auto forget = "INSERT INTO word(word, rowid, words) VALUES('delete',?,?)";
    while (stretch.row())
        if (!tell_index(forget, stretch, reader)) return false;
    return !stretch.failed();
}

}  // namespace lanchat::store
