// Authors and stores for the tests of node/store.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "message/run.hpp"
#include "node/store/memory_store.hpp"
#include "node/store/sqlite_store.hpp"

namespace lanchat::test {

// Somebody with one log who signs one run after the other.
class Author {
  public:
    explicit Author(std::uint8_t number, std::uint64_t epoch = 1, std::int64_t ms = 1'000)
        : key_(DeviceKey::Seed(seed_of(number))), log_{key_.id(), Epoch{epoch}}, ms_(ms) {}

    RunPtr say(const std::vector<std::string>& texts, const std::string& room = "general",
               const std::string& said_id = {}) {
        std::vector<Entry> entries;
        for (const auto& text : texts) {
            Entry entry;
            entry.log = log_;
            entry.seq = ++seq_;
            entry.clock = Clock::at({++ms_});
            entry.room = room;
            entry.name = "anna";
            entry.text = text;
            entry.said_id = said_id;
            entries.push_back(std::move(entry));
        }
        entries.front().before = head_;
        auto run = sign(std::move(entries), key_);
        head_ = run->head();
        return run;
    }

    // All of these runs as one of another cut.
    RunPtr joined(const std::vector<RunPtr>& runs) const {
        std::vector<Entry> entries;
        for (const auto& run : runs)
            for (const auto& item : run->items()) entries.push_back(item.entry);
        return sign(std::move(entries), key_);
    }

    const LogId& log() const { return log_; }
    const DeviceId& id() const { return log_.device; }

  private:
    static DeviceKey::Seed seed_of(std::uint8_t number) {
        DeviceKey::Seed seed{};
        seed.fill(number);
        return seed;
    }

    DeviceKey key_;
    LogId log_;
    Seq seq_ = 0;
    Hash head_;
    std::int64_t ms_;
};

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

inline std::unique_ptr<store::Store> opened(const std::string& path) {
    auto store = store::open_sqlite(path);
    if (!store) throw std::runtime_error(store.why());
    return std::move(*store);
}

inline std::vector<std::string> texts(const Result<std::vector<store::Line>>& lines) {
    if (!lines) return {"failure: " + lines.why()};
    std::vector<std::string> all;
    for (const auto& line : *lines) all.push_back(line.entry.text);
    return all;
}

}  // namespace lanchat::test
