// SQLite in our own words: a database, a running query, a transaction. Owns what it opens.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "message/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace lanchat::store::sqlite {

// What a failed call says about the database.
enum class Trouble {
    none,
    busy,     // another process has it
    corrupt,  // the file is no database, or not what a database was
    full,     // no space left; works again when there is
    io,       // reading, writing or flushing failed: what was written lately is in doubt
    other,
};

// Bytes, where a bare string_view is text.
struct Blob {
    std::string_view bytes;
};
struct Null {};

class Database;

// A statement on its way through its rows; ends with this object. What a column gives is valid
// until the next row.
class Query {
  public:
    Query(Database& database, sqlite3_stmt* statement);
    ~Query();
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;

    // False at the end and after a failure.
    bool row();
    // Runs to the end; false after a failure.
    bool done();
    bool failed() const { return failed_; }

    std::int64_t integer(int column) const;
    std::string_view bytes(int column) const;

    void bind(int place, std::int64_t value);
    // SQLite's numbers have a sign. Ours are counted from 1: what it cannot hold is beyond them
    // all, and peers ask for that too.
    void bind(int place, std::uint64_t value) {
        constexpr auto most = std::numeric_limits<std::int64_t>::max();
        bind(place, std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : most);
    }
    void bind(int place, std::string_view text);
    void bind(int place, Blob blob);
    void bind(int, Null) {}

  private:
    Database* database_;
    sqlite3_stmt* statement_;
    bool failed_ = false;
};

// One connection, for one thread.
class Database {
  public:
    // Creates the file if there is none. `vfs`: null for the file system.
    static Result<Database> open(const std::string& path, const char* vfs);
    static Result<Database> open_to_read(const std::string& path);

    // Nothing works any more until another database is moved here.
    void close();
    bool is_open() const { return handle_ != nullptr; }

    // One or more statements without parameters. False: see `failure`.
    bool run(const char* statements);

    // A statement with its parameters in place. It is compiled once and kept.
    template <class... Arguments>
    Query query(std::string_view statement, const Arguments&... arguments) {
        Query query(*this, compiled(statement));
        int place = 0;
        (query.bind(++place, arguments), ...);
        return query;
    }

    // What kind of trouble the last failed call had.
    Trouble trouble() const { return trouble_; }
    Failure failure(std::string_view doing) const;
    // For what only our own eyes can see to be damage.
    Failure damaged(std::string why);

    // Pages in the write-ahead log after the last commit.
    int log_pages() const { return *log_pages_; }
    // Copies the write-ahead log into the database and flushes that; false: see `failure`.
    bool checkpoint();
    // As above, and leaves no byte in the write-ahead log.
    bool empty_log();

  private:
    friend class Query;
    friend class Transaction;
    struct Closer {
        void operator()(sqlite3* database) const;
    };
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const;
    };
    static Result<Database> open(const std::string& path, int flags, const char* vfs);
    explicit Database(std::unique_ptr<sqlite3, Closer> handle);
    sqlite3_stmt* compiled(std::string_view statement);
    void note(int code);
    void roll_back();
    bool checkpoint(int mode);

    std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);
    std::unique_ptr<sqlite3, Closer> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalizer>, std::less<>> statements_;
    Trouble trouble_ = Trouble::none;
    std::string why_;
};

// Rolled back unless committed.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(database) {}
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    bool begin();
    bool commit();

  private:
    Database& database_;
    bool open_ = false;
};

}  // namespace lanchat::store::sqlite
