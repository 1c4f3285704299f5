// SQLite's C interface behind sqlite.hpp.
#include "node/store/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace lanchat::store::sqlite {
namespace {

Trouble trouble_of(int code) {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Trouble::busy;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
        // Our statements are fixed: where one makes no sense, tables or rows are not ours any more.
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
            return Trouble::corrupt;
        case SQLITE_FULL:
            return Trouble::full;
        case SQLITE_IOERR:
            return Trouble::io;
        default:
            return Trouble::other;
    }
}

int count_pages(void* pages, sqlite3*, const char*, int in_log) {
    *static_cast<int*>(pages) = in_log;
    return SQLITE_OK;
}

}  // namespace

Query::Query(Database& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement), failed_(statement == nullptr) {}

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      failed_(other.failed_) {}

Query::~Query() {
    if (!statement_) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Query::row() {
    if (failed_) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    failed_ = true;
    database_->note(code);
    return false;
}

bool Query::done() {
    while (row()) {
    }
    return !failed_;
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::bytes(int column) const {
    const void* start = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (!start || size <= 0) return {};
    return {static_cast<const char*>(start), static_cast<std::size_t>(size)};
}

void Query::bind(int place, std::int64_t value) {
    if (statement_) sqlite3_bind_int64(statement_, place, value);
}

// The callers' texts live until the query ends: they are its arguments.
void Query::bind(int place, std::string_view text) {
    if (!statement_) return;
    sqlite3_bind_text64(statement_, place, text.empty() ? "" : text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
}

void Query::bind(int place, Blob blob) {
    if (!statement_) return;
    sqlite3_bind_blob64(statement_, place, blob.bytes.empty() ? "" : blob.bytes.data(),
                        blob.bytes.size(), SQLITE_STATIC);
}

void Database::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }
void Database::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(std::unique_ptr<sqlite3, Closer> handle) : handle_(std::move(handle)) {
    // Instead of SQLite's own checkpoints, which keep a failed flush to themselves.
    sqlite3_wal_hook(handle_.get(), count_pages, log_pages_.get());
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

Result<Database> Database::open(const std::string& path, int flags, const char* vfs) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, vfs);
    std::unique_ptr<sqlite3, Closer> owned(handle);
    if (!owned) return Failure{"no memory to open " + path};
    sqlite3_extended_result_codes(handle, 1);
    if (code != SQLITE_OK) return Failure{"cannot open " + path + ": " + sqlite3_errmsg(handle)};
    return Database(std::move(owned));
}

Result<Database> Database::open(const std::string& path, const char* vfs) {
    return open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
}

// Not read-only: what lies in the write-ahead log is part of it and has to be taken in.
Result<Database> Database::open_to_read(const std::string& path) {
    return open(path, SQLITE_OPEN_READWRITE, nullptr);
}

void Database::close() {
    statements_.clear();
    handle_.reset();
    trouble_ = Trouble::io;
    why_ = "it is closed after a disk fault";
}

bool Database::run(const char* statements) {
    if (!handle_) return false;
    const int code = sqlite3_exec(handle_.get(), statements, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) note(code);
    return code == SQLITE_OK;
}

Failure Database::failure(std::string_view doing) const {
    return {std::string(doing) + ": " + why_};
}

Failure Database::damaged(std::string why) {
    trouble_ = Trouble::corrupt;
    why_ = std::move(why);
    return {why_};
}

bool Database::checkpoint(int mode) {
    if (!handle_) return false;
    const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, mode, nullptr, nullptr);
    if (code != SQLITE_OK) note(code);
    if (code == SQLITE_OK) *log_pages_ = 0;
    return code == SQLITE_OK;
}

bool Database::checkpoint() { return checkpoint(SQLITE_CHECKPOINT_PASSIVE); }
bool Database::empty_log() { return checkpoint(SQLITE_CHECKPOINT_TRUNCATE); }

sqlite3_stmt* Database::compiled(std::string_view statement) {
    if (const auto found = statements_.find(statement); found != statements_.end())
        return found->second.get();
    if (!handle_) return nullptr;
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_.get(), statement.data(), static_cast<int>(statement.size()),
                           SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) {
        note(code);
        return nullptr;
    }
    statements_.emplace(statement, made);
    return made;
}

void Database::note(int code) {
    trouble_ = trouble_of(code);
    why_ = sqlite3_errmsg(handle_.get());
}

// Some failures have rolled back already; then this fails and says nothing new.
void Database::roll_back() {
    if (!handle_) return;
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Transaction::~Transaction() {
    if (open_) database_.roll_back();
}

bool Transaction::begin() { return open_ = database_.run("BEGIN IMMEDIATE"); }

bool Transaction::commit() {
    if (!database_.run("COMMIT")) return false;
    open_ = false;
    return true;
}

}  // namespace lanchat::store::sqlite
