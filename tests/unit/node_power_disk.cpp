// The SQLite VFS behind node_power_disk.hpp.
#include "node_power_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "message/assert.hpp"

namespace lanchat::test {
namespace {

constexpr std::size_t sector_bytes = 512;
PowerDisk* disk = nullptr;

struct OpenFile {
    sqlite3_file base;  // first: SQLite knows only this
    PowerDisk::File* file;
};
PowerDisk::File& file_of(sqlite3_file* open) { return *reinterpret_cast<OpenFile*>(open)->file; }

void write_at(std::string& image, std::size_t offset, std::string_view bytes) {
    if (image.size() < offset + bytes.size()) image.resize(offset + bytes.size(), '\0');
    image.replace(offset, bytes.size(), bytes);
}

int close_file(sqlite3_file*) { return SQLITE_OK; }

int read_file(sqlite3_file* open, void* into, int size, sqlite3_int64 at) {
    const std::string& now = file_of(open).now;
    const auto offset = std::min(static_cast<std::size_t>(at), now.size());
    const auto wanted = static_cast<std::size_t>(size);
    const auto count = std::min(wanted, now.size() - offset);
    std::memset(into, 0, wanted);
    std::memcpy(into, now.data() + offset, count);
    return count == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* open, const void* from, int size, sqlite3_int64 at) {
    PowerDisk::File& file = file_of(open);
    const bool fails = disk->fails(false, true);
    if (fails) return disk->is_out_of_power() ? SQLITE_IOERR_WRITE : SQLITE_FULL;
    std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
    write_at(file.now, static_cast<std::size_t>(at), bytes);
    file.unflushed.push_back({static_cast<std::size_t>(at), std::move(bytes), false});
    return SQLITE_OK;
}

int truncate_file(sqlite3_file* open, sqlite3_int64 size) {
    if (disk->fails(false, false)) return SQLITE_IOERR_TRUNCATE;
    PowerDisk::File& file = file_of(open);
    file.now.resize(static_cast<std::size_t>(size), '\0');
    file.unflushed.push_back({static_cast<std::size_t>(size), {}, true});
    return SQLITE_OK;
}

// After a failure the kernel forgets that the pages were dirty: a later success says nothing of
// them. They are read as written, and are gone with the power.
int flush_file(sqlite3_file* open, int) {
    PowerDisk::File& file = file_of(open);
    if (disk->fails(true, false)) {
        if (!disk->is_out_of_power()) file.unflushed.clear();
        return SQLITE_IOERR_FSYNC;
    }
    for (const auto& write : file.unflushed) {
        if (write.truncates)
            file.flushed.resize(write.offset, '\0');
        else
            write_at(file.flushed, write.offset, write.bytes);
    }
    file.unflushed.clear();
    return SQLITE_OK;
}

int size_of_file(sqlite3_file* open, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(file_of(open).now.size());
    return SQLITE_OK;
}

int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int ask_lock(sqlite3_file*, int* held) { return *held = 0, SQLITE_OK; }
int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(sector_bytes); }
int characteristics(sqlite3_file*) { return 0; }

const sqlite3_io_methods methods = {
    1,         close_file, read_file, write_file,   truncate_file, flush_file,      size_of_file,
    lock_file, lock_file,  ask_lock,  control_file, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,    nullptr,   nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* open, int flags, int* given) {
    auto& files = disk->files();
    open->pMethods = nullptr;
    const std::string key = name ? name : "temporary";
    if (!files.contains(key) && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    reinterpret_cast<OpenFile*>(open)->file = &files[key];
    open->pMethods = &methods;
    if (given) *given = flags;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int) {
    if (disk->fails(false, false)) return SQLITE_IOERR_DELETE;
    disk->files().erase(name);
    return SQLITE_OK;
}

int find_file(sqlite3_vfs*, const char* name, int, int* found) {
    return *found = disk->files().contains(name), SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int size, char* full) {
    std::snprintf(full, static_cast<std::size_t>(size), "%s", name);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int size, char* into) {
    static std::mt19937_64 rng(1);
    for (int n = 0; n < size; ++n) into[n] = static_cast<char>(rng());
    return size;
}

int sleep_not(sqlite3_vfs*, int) { return 0; }
int the_time(sqlite3_vfs*, double* day) { return *day = 2'460'000, SQLITE_OK; }
int last_error(sqlite3_vfs*, int, char*) { return 0; }

sqlite3_vfs* vfs() {
    static sqlite3_vfs made = {1,         sizeof(OpenFile), 512,         nullptr,   PowerDisk::name,
                               nullptr,   open_file,        delete_file, find_file, full_name,
                               nullptr,   nullptr,          nullptr,     nullptr,   randomness,
                               sleep_not, the_time,         last_error,  nullptr,   nullptr,
                               nullptr,   nullptr};
    return &made;
}

std::string survivor(const PowerDisk::File& file, std::uint64_t mode, std::mt19937_64& rng) {
    std::string image = file.flushed;
    if (mode == 0) return image;
    for (const auto& write : file.unflushed) {
        if (write.truncates) {
            if (mode == 1 || rng() % 2) image.resize(write.offset, '\0');
            continue;
        }
        const std::string_view bytes = write.bytes;
        for (std::size_t at = 0; at < bytes.size(); at += sector_bytes)
            if (mode == 1 || rng() % 2)
                write_at(image, write.offset + at, bytes.substr(at, sector_bytes));
    }
    return image;
}

}  // namespace

PowerDisk::PowerDisk() {
    LANCHAT_ASSERT(!disk);
    disk = this;
    sqlite3_vfs_register(vfs(), 0);
}

PowerDisk::~PowerDisk() {
    sqlite3_vfs_unregister(vfs());
    disk = nullptr;
}

void PowerDisk::arm(Fault fault, long at_operation, int times) {
    left_ = times;
    fault_ = fault;
    at_ = at_operation;
    operations_ = 0;
    struck_ = false;
}

bool PowerDisk::fails(bool is_flush, bool needs_space) {
    const long operation = operations_++;
    if (fault_ == Fault::none || operation < at_) return false;
    const bool fits = fault_ == Fault::power || (fault_ == Fault::full && needs_space) ||
                      (fault_ == Fault::flush && is_flush);
    if (!fits || (fault_ != Fault::power && left_-- <= 0)) return false;
    struck_ = true;
    return true;
}

void PowerDisk::lose_power(std::mt19937_64& rng) {
    const auto mode = rng() % 3;
    for (auto& [path, file] : files_) {
        file.flushed = file.now = survivor(file, mode, rng);
        file.unflushed.clear();
    }
    arm(Fault::none, 0);
}

}  // namespace lanchat::test
