// The SQLite store: what becomes of a log of which a fork is proven.
#include <utility>

#include "node/store/rows.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::store {

Result<Extent> SqliteStore::freeze(const Fork& proof) {
    const auto held = known(proof.log);
    if (held && held->holding.extent.limit() < proof.seq) return held->holding.extent;
    retention_.forget();
    Log log;
    const auto failure = all_or_nothing([&] {
        log = held ? *held : begin_log({proof.log, {}});
        return log.row != 0 && cut(log, proof.seq) && save(log) && keep_proof(log, proof);
    });
    if (failure) return *failure;
    keep_at_hand(log);
    return log.holding.extent;
}

// The lines stay: that they are disputed follows from their number.
bool SqliteStore::cut(Log& log, Seq place) {
    Extent& extent = log.holding.extent;
    Hash before;
    if (extent.holds(place)) {
        Hash after;
        const auto first = entry_at(log, place, after);
        if (!first) return database_.damaged("a stored run is damaged"), false;
        before = first->before;
    }
    extent.freeze(place, before);
    extent.newest = {};
    if (!read_ends(log)) return database_.damaged("a stored run is damaged"), false;
    const auto devices = devices_of(log.holding.log);
    // Parked runs, which wait for the entries before them, can never follow a log that ends at
    // `place`.
    return !parked_.contains(log.holding.log) ||
           database_
               .query("DELETE FROM parked WHERE device=? AND epoch=? AND first>=?",
                      sqlite::Blob{devices}, epoch_of(log.holding.log), place)
               .done();
}

bool SqliteStore::keep_proof(const Log& log, const Fork& proof) {
    const auto a = pack(*proof.a);
    const auto b = pack(*proof.b);
    return database_
        .query("INSERT OR REPLACE INTO fork VALUES(?,?,?,?,?,?,?,?,?)", log.row,
               sqlite::Blob{proof.a->signature().view()}, sqlite::Blob{a.entries},
               sqlite::Blob{proof.b->signature().view()}, sqlite::Blob{b.entries},
               sqlite::Blob{a.shared}, sqlite::Blob{a.bodies}, sqlite::Blob{b.shared},
               sqlite::Blob{b.bodies})
        .done();
}

Result<std::optional<Fork>> SqliteStore::proof_of(const LogId& log) {
    const auto held = known(log);
    if (!held || held->holding.extent.forked == 0) return std::optional<Fork>();
    auto row = database_.query("SELECT " + std::string(fork_columns) + " FROM fork WHERE log=?",
                               held->row);
    if (!row.row()) return refusal("cannot read a proof");
    auto fork = fork_from(row);
    if (fork && fork->log == log && fork->seq == held->holding.extent.forked) return fork;
    suspect();
    return Failure{"a stored proof is damaged"};
}

}  // namespace lanchat::store
