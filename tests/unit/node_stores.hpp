// Stores for the tests of node/store.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "node/store/memory_store.hpp"
#include "node/store/sqlite_store.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::test {

// A directory that goes with this object.
class Folder {
  public:
    Folder() {
        std::string name = (parent() / "lanchat-XXXXXX").string();
        if (!::mkdtemp(name.data())) std::abort();
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file() const { return path_ + "/log.db"; }
    const std::string& path() const { return path_; }

  private:
    // Tests flush thousands of times; what that is worth on a disk is node_power_disk's matter.
    static std::filesystem::path parent() {
        const std::filesystem::path memory = "/dev/shm";
        return ::access(memory.c_str(), W_OK) == 0 ? memory
                                                   : std::filesystem::temp_directory_path();
    }

    std::string path_;
};

// The index is behind as soon as it may, so that few lines meet all there is.
inline constexpr store::Indexing slow_index{2, 3, 12};

inline std::unique_ptr<store::Store> opened(const std::string& path,
                                            const store::SqliteOptions& options = {}) {
    auto store = store::open_sqlite(path, options);
    if (!store) throw std::runtime_error(store.why());
    return std::move(*store);
}

// Writes into a closed store what lanchat would not.
inline void run_sql(const std::string& file, const std::string& statements) {
    sqlite3* database = nullptr;
    std::string why = "cannot open " + file;
    if (sqlite3_open(file.c_str(), &database) == SQLITE_OK) {
        const bool done =
            sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
        why = done ? "" : statements + ": " + sqlite3_errmsg(database);
    }
    sqlite3_close(database);
    if (!why.empty()) throw std::runtime_error(why);
}

inline std::vector<std::string> texts(const Result<std::vector<store::Line>>& lines) {
    if (!lines) return {"failure: " + lines.why()};
    std::vector<std::string> all;
    for (const auto& line : *lines) all.push_back(line.entry.text);
    return all;
}

inline std::vector<std::string> texts(const Result<std::vector<store::Added>>& added) {
    if (!added) return {"failure: " + added.why()};
    std::vector<std::string> all;
    for (const auto& one : *added)
        for (auto n = one.first; n < one.first + one.count; ++n)
            all.push_back(one.run->items()[n].entry().text);
    return all;
}

// All that two stores tell of their lines and that must be the same. A failure is thrown.
struct Placed {
    store::Arrival arrival = 0;
    Entry entry;
    Hash checksum;

    bool operator==(const Placed&) const = default;
};
using Places = std::vector<Placed>;

// Not every store knows the head before a line.
inline Placed placed(store::Arrival arrival, Entry entry, const Hash& checksum = {}) {
    entry.before = {};
    return {arrival, std::move(entry), checksum};
}

inline Places places(const Result<std::vector<store::Line>>& lines) {
    if (!lines) throw std::runtime_error(lines.why());
    Places all;
    for (const auto& line : *lines) all.push_back(placed(line.arrival, line.entry, line.checksum));
    return all;
}

inline Places places(const Result<std::vector<store::Added>>& added) {
    if (!added) throw std::runtime_error(added.why());
    Places all;
    for (const auto& one : *added)
        for (std::size_t n = 0; n < one.count; ++n)
            all.push_back(placed(one.arrival + n, one.run->items()[one.first + n].entry()));
    return all;
}

// The first entry of a log of its own of device `who` takes back a line of that device.
inline RunPtr takes_back(const LineId& line, const Hash& head, std::uint64_t who, WallTime at) {
    const DeviceKey key = key_of(who);
    Entry entry;
    entry.log = {key.id(), Epoch{1'000 + line.seq}, line.log.to};
    entry.seq = 1;
    entry.clock = Clock::at(at);
    entry.room = general_room;
    entry.name = "you";
    entry.kind = EntryKind::drop;
    entry.dropped = Ended{line.log.epoch, line.seq, head};
    return sign({entry}, key);
}

}  // namespace lanchat::test
