// The store on disk: one SQLite file.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/store/retention.hpp"
#include "node/store/rows.hpp"
#include "node/store/rules.hpp"
#include "node/store/sqlite.hpp"
#include "node/store/store.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

enum class Flushing {
    every_commit,
    at_checkpoints,  // for tests, which must find it guilty: a power cut loses lines
};

// How far the index of words may fall behind the stored lines. A search reads the lines that are
// not indexed yet itself.
struct Indexing {
    std::uint64_t few = 64;          // lines: a commit of at most so many indexes them too
    std::uint64_t at_once = 1'024;   // lines that an idle disk thread indexes in one step
    std::uint64_t behind = 131'072;  // lines: a commit waits for the index beyond that
};

// Of so many logs the store remembers what is held; the rows of the others it reads when asked.
inline constexpr std::size_t logs_at_hand = 4'096;

// For `log_at`.
inline constexpr auto log_columns =
    "SELECT log, state, device, epoch, trimmed, floor, floor_head, seq, head,"
    " tail_after, tail_before, tail_seq, tail_head, forked FROM log";

struct SqliteOptions {
    const char* vfs = nullptr;  // null: the file system; tests put a disk of theirs here
    Flushing flushing = Flushing::every_commit;
    int checkpoint_pages = 1'000;
    Indexing indexing = {};
};

class SqliteStore final : public Store {
  public:
    struct Opened {
        std::unique_ptr<SqliteStore> store;  // null: see the others
        Failure failure;
        sqlite::Trouble trouble = sqlite::Trouble::none;
    };
    static Opened open(const std::string& path, const SqliteOptions& options);

    std::uint64_t id() const override { return id_; }
    Eras eras() const override { return eras_; }
    Result<bool> proves(const Position& place) override;
    Arrival last() const override { return last_; }
    Result<std::vector<Added>> append(const std::vector<RunPtr>& runs, WallTime arrived) override;
    std::vector<BodyNews> take_body_news() override { return std::exchange(body_news_, {}); }
    Result<std::vector<Line>> fill(const LogId& log, const std::vector<Body>& bodies) override;
    Result<std::vector<Body>> bodies(const LogId& log, const std::vector<Seq>& entries,
                                     std::size_t bytes_max) override;
    Result<std::vector<LineId>> lacking() override;
    Result<std::vector<Dropped>> dropped(std::size_t count) override;
    Result<Arrival> append_legacy(const std::vector<Heard>& heard) override;
    bool catch_up() override;
    Result<Extent> freeze(const Fork& proof) override;
    Result<std::optional<Fork>> proof_of(const LogId& log) override;
    Result<std::vector<Holding>> holdings() override;
    std::optional<Failure> each_holding(const std::function<void(const Holding&)>& take) override;
    Result<std::vector<Met>> met() override;
    Result<Tally> tally() override;
    Result<std::vector<RunPtr>> runs(const LogId& log, Seq after, std::size_t entries_max,
                                     std::size_t bytes_max) override;
    Result<std::vector<RunPtr>> runs_back_from(const LogId& log, Seq seq, std::size_t entries_max,
                                               std::size_t bytes_max) override;
    Result<std::vector<Line>> newest(const Filter& filter, std::size_t count) override;
    Result<std::vector<Line>> arrived(Arrival after, const Filter& filter,
                                      std::size_t count) override;
    Result<std::vector<Line>> search(std::string_view query, const Filter& filter,
                                     std::size_t count) override;
    Result<std::optional<Line>> said(const DeviceId& author, std::string_view said_id) override;
    Result<std::vector<std::string>> legacy_authors() override;
    Result<std::vector<std::string>> rooms() override;
    Result<Trimmed> trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                         std::size_t runs_max) override;
    Result<bool> join_runs(WallTime before, std::size_t runs_max) override;

    // What giving up old runs was planned with, for tests.
    const Retention& retention() const { return retention_; }
    // How many logs are remembered; for tests.
    std::size_t at_hand() const { return logs_.size(); }

    // Reads everything. False: something in it is not what was stored.
    bool is_intact();

    // For recovery: sets verified runs aside, until `join_parked` finds them their place.
    struct Parked {
        RunPtr run;
        WallTime arrived;
    };
    std::optional<Failure> park(const std::vector<Parked>& runs);
    // Begins each log that is not held at its first parked run, and joins what follows. What lies
    // between what was `trimmed` of it and that run can come back from peers.
    std::optional<Failure> join_parked(const std::map<LogId, Seq>& trimmed);
    // The file itself then has all that the write-ahead log has.
    bool flush_to_file() { return database_.empty_log(); }
    // Lines that still wait for what comes before them.
    std::uint64_t lines_parked();

  private:
    struct Log {
        std::int64_t row = 0;
        Holding holding;
    };
    // The rows that those of lines name.
    struct Place {
        std::int64_t run;
        std::int64_t author;
        std::int64_t log;
    };
    // A room or conversation, and where in the order of all lines that one is that spells it.
    struct Room {
        std::int64_t row = 0;
        std::string first = {};
    };
    // What a transaction makes of the store; taken over once it is committed.
    struct Change {
        WallTime arrived;
        Arrival last = 0;
        Arrival indexed = 0;
        std::map<LogId, Log> logs = {};
        std::map<std::string, Room> rooms = {};  // as they are spelt
        std::map<std::string, std::int64_t> authors = {};
        std::vector<Added> added = {};
        std::vector<BodyNews> body_news = {};
        bool drops = false;
    };

    SqliteStore(std::string path, SqliteOptions options, sqlite::Database database);

    // Opening.
    std::optional<Failure> set_up();
    bool load();
    bool load_eras();
    // Nothing if the row is damaged.
    std::optional<Log> log_at(const sqlite::Query& row);
    std::optional<Log> older_log_at(const sqlite::Query& row);
    // Nothing: it is not held, or its row is damaged.
    std::optional<Log> known(const LogId& id);
    void keep_at_hand(const Log& log);
    bool read_ends(Log& log);
    bool renew_index();
    bool ends_at(Log& log, const Stretch& noted);
    std::optional<Entry> entry_at(const Log& log, Seq seq, Hash& head);

    // Writing.
    // One flush for all `writes`, or none of them.
    std::optional<Failure> all_or_nothing(const std::function<bool()>& writes);
    bool ready_to_write();
    bool reopen();
    Failure refusal(std::string_view doing);
    // A `change` from what is now, made by `writes` and by the index, which follows.
    std::optional<Failure> make(Change& change, const std::function<bool()>& writes);
    void take_over(const Change& change);
    bool begin_era(const Change& change);
    std::optional<Log> find(const LogId& id, const Change& change);
    bool keep(const RunPtr& run, Change& change);
    Log begin_log(const Holding& holding);
    bool keep_run(const RunPtr& run, Log log, const Extent& grown, Change& change);
    bool keep_lines(const Added& added, const Place& place, Change& change);
    bool keep_stretch(const Entry& first, std::uint64_t lines, const Place& place, Change& change);
    bool keep_legacy(std::span<const Heard> stretch, Change& change);
    // Of entries that are no lines, what they are.
    bool keep_silent(const Entry& entry, Arrival arrival, std::int64_t log);
    bool save(const Log& log);
    bool absorb(const LogId& id, Change& change);
    bool begin_at_parked(const LogId& id, Seq trimmed, Change& change);
    std::int64_t room_row(const Entry& entry, bool legacy, Change& change);
    bool find_room(const Entry& entry, const std::string& order, Room& room);
    std::int64_t author_row(std::string_view author, Change& change);

    // Bodies.
    struct Held {
        std::int64_t row;
        RunPtr run;
    };
    // A line as the index was told of it.
    struct Told {
        Line line;
        std::int64_t room;
        std::int64_t author;
    };
    bool keep_bodies(const Added& added, const Log& log, Change& change);
    bool keep_drop(const Entry& entry, Change& change);
    bool take_back(const Dropped& what, bool is_news, Change& change);
    Result<std::vector<Held>> runs_with(const Log& log, Seq seq);
    bool rewrite(const Held& held, const RunPtr& changed, Seq seq, const Change& change);
    bool is_gone(const LineId& line);
    void look_for_body(Line& line, bool drops);
    std::optional<Told> line_at(std::int64_t run, Seq seq);
    bool fill_one(const Log& log, const Body& body, Change& change, std::vector<Line>& filled);

    // Indexing.
    bool is_index_intact();
    bool follow(Change& change);
    bool index(std::uint64_t lines, Change& change);
    bool tell_index(const char* statement, const sqlite::Query& stretch, LineReader& reader);
    bool forget_words(std::int64_t first, std::int64_t end, std::int64_t run);

    // Forks.
    bool cut(Log& log, Seq place);
    bool keep_proof(const Log& log, const Fork& proof);

    // Trimming.
    Result<bool> is_within(std::uint64_t bytes_max);
    Result<std::vector<HeldLog>> held_runs();
    bool drop_run(Log& log, Seq last, std::size_t& dropped);
    bool forget_silent(const std::string& table, std::int64_t run, std::int64_t end);
    bool drop_legacy(Arrival arrival, std::size_t& dropped);
    bool forget_drops(const Holding& holding);
    bool join_in_log(std::int64_t row, std::vector<AtRest>& runs);
    bool join(const Log& log, Group group);
    bool put_in_one(const AtRest& one, const RunPtr& whole, Group group);

    // Reading.
    Result<std::vector<RunPtr>> verified_runs(sqlite::Query row, const Log& log, bool newest_first,
                                              Share share);
    Result<std::optional<std::string>> match(const std::vector<Piece>& pieces,
                                             const Filter& filter);
    Result<std::deque<Line>> unindexed(const std::vector<Piece>& pieces, const Filter& filter);
    template <class... About>
    sqlite::Query stretches(const std::string& statement, const Filter& filter,
                            const About&... about);
    bool is_disputed(const Line& line);
    bool each_line(const sqlite::Query& stretch, LineReader& reader,
                   const std::function<bool(Line)>& take);
    Result<std::vector<Line>> newest_in(sqlite::Query stretch, const Filter& filter, Newest newest,
                                        const std::vector<Piece>& pieces = {});
    std::optional<std::int64_t> number(std::string_view statement);
    void suspect();

    std::string path_;
    SqliteOptions options_;
    sqlite::Database database_;
    std::uint64_t id_ = 0;
    Arrival last_ = 0;
    Arrival indexed_ = 0;
    Eras eras_;
    bool era_began_ = false;     // something came to the era of now
    std::map<LogId, Log> logs_;  // some of those that are held
    std::set<LogId> parked_;
    std::optional<Tally> totals_;  // only of logs; counted when first asked for
    std::string asked_key_;        // of the place that lines are read of
    Retention retention_;
    Arrival joined_ = 0;  // the key of the last run that was looked at, to be joined
    std::optional<std::uint64_t> lines_;  // how many are held; counted when first asked for
    std::vector<BodyNews> body_news_;
    bool drops_ = false;     // something was taken back
    bool in_doubt_ = false;  // a flush failed: nothing is acknowledged until reopened
};

// Made if there is none. The file is for its owner only, and locked as long as it is open.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path,
                                           const SqliteOptions& options = {});

// Lies beside a store in which damage was met; the next `open_or_recover` then reads everything.
std::string suspicion_of(const std::string& path);

struct Recovered {
    std::unique_ptr<Store> store;
    std::string report;  // what happened, for people; empty: nothing to tell
};

// As `open_sqlite`; a damaged store is moved aside (`path`.broken-1, 2, …) and every run of it that
// still verifies goes into a new one, with a new id.
Result<Recovered> open_or_recover(const std::string& path, const SqliteOptions& options = {});

}  // namespace lanchat::store
