// A draft beside the file takes its place once it is on the disk.
#include "node/keep/kept_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "node/link/unique_fd.hpp"

namespace lanchat {
namespace {

using link::UniqueFd;

constexpr int broken_max = 1000;
constexpr int links_max = 40;  // as many as Linux follows

Result<std::optional<std::string>> read_whole(int file, const std::string& path, std::size_t most) {
    std::string bytes(most + 1, '\0');
    std::size_t size = 0;
    while (size <= most) {
        const auto count = ::read(file, bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return trouble(path, "read");
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > most) return Failure{path + " is too long"};
    bytes.resize(size);
    return std::optional(std::move(bytes));
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const auto put = ::write(file, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::fsync(file) == 0;
}

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "./" : path.substr(0, slash + 1);
}

// What is open already, under a name: it has no place of its own.
bool is_open_file(const std::string& path) {
    return path.starts_with("/proc/") || path.starts_with("/dev/fd/") ||
           path.starts_with("/dev/std");
}

// Links stay; what they lead to is replaced.
std::string followed(std::string path) {
    for (int n = 0; n < links_max && !is_open_file(path); ++n) {
        std::error_code none;
        const auto to = std::filesystem::read_symlink(path, none);
        if (none) break;
        path = to.is_absolute() ? to.string() : directory_of(path) + to.string();
    }
    return path;
}

// With what may be done with it, as far as its owner may say so.
bool keep_permissions(const std::string& of, const std::string& on) {
    struct stat about {};
    if (::stat(of.c_str(), &about) != 0) return errno == ENOENT;
    // The group first: a change of it takes rights away.
    if (::chown(on.c_str(), about.st_uid, about.st_gid) != 0) about.st_mode &= ~07077U;
    return ::chmod(on.c_str(), about.st_mode & 07777) == 0;
}

// Not over another one, also where a file system knows no such renaming.
bool move_to_free_place(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    return ::link(from.c_str(), to.c_str()) == 0 && ::unlink(from.c_str()) == 0;
}

bool flush(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file && ::fsync(file.get()) == 0;
}

}  // namespace

Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most,
                                                   Readers readers) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return trouble(path, "read");
    if (readers == Readers::owner && S_ISREG(about.st_mode) && (about.st_mode & 077) != 0)
        return Failure{path + " may be read by others: chmod 600 it, if nobody has"};
    return read_whole(file.get(), path, most);
}

// O_NONBLOCK keeps a FIFO in the file's place from holding us up.
Result<std::optional<std::string>> read_kept_file(const std::string& path, std::size_t most) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return trouble(path, "read");
    if (!S_ISREG(about.st_mode)) return Failure{path + " is no file"};
    return read_whole(file.get(), path, most);
}

std::string move_aside(const std::string& path) {
    for (int n = 1; n < broken_max; ++n) {
        const auto aside = path + ".broken-" + std::to_string(n);
        if (move_to_free_place(path, aside)) return aside;
        if (errno != EEXIST) return {};
    }
    return {};
}

Failure trouble(const std::string& path, const char* doing) {
    return Failure{std::string("cannot ") + doing + " " + path + ": " + std::strerror(errno)};
}

bool flush_directory_of(const std::string& path) {
    const UniqueFd folder(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder && ::fsync(folder.get()) == 0;
}

std::optional<Failure> replace_file(const std::string& path, std::string_view text) {
    const std::string draft = path + ".new";
    const UniqueFd file(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file && write_all(file.get(), text) && ::rename(draft.c_str(), path.c_str()) == 0 &&
        flush_directory_of(path))
        return std::nullopt;
    const auto why = trouble(path, "write");
    if (file) ::unlink(draft.c_str());
    return why;
}

Result<Draft> Draft::at(const std::string& place, Over over) {
    const auto target = over == Over::a_file ? followed(place) : place;
    struct stat about {};
    const bool exists = ::lstat(target.c_str(), &about) == 0;
    if (!exists && errno != ENOENT) return trouble(place, "write");
    errno = exists && over == Over::nothing    ? EEXIST
            : exists && S_ISDIR(about.st_mode) ? EISDIR
                                               : 0;
    if (errno != 0) return trouble(place, "write");
    if (is_open_file(target) || (exists && !S_ISREG(about.st_mode))) {
        if (::access(target.c_str(), W_OK) != 0) return trouble(place, "write");
        return Draft(target, target, over);
    }
    if (exists && ::access(target.c_str(), W_OK) != 0) return trouble(place, "write");
    // Its name is short enough wherever that of the file is.
    std::string draft = directory_of(target) + ".lanchat-XXXXXX";
    const UniqueFd file(::mkostemp(draft.data(), O_CLOEXEC));
    if (!file) return trouble(place, "write");
    return Draft(target, draft, over);
}

Draft::Draft(Draft&& other) noexcept
    : place_(std::move(other.place_)), path_(std::exchange(other.path_, {})), over_(other.over_) {}

Draft::~Draft() {
    if (!path_.empty() && !is_direct()) ::unlink(path_.c_str());
}

std::optional<Failure> Draft::put_in_place() {
    if (is_direct()) return std::nullopt;
    const bool placed =
        flush(path_) && (over_ == Over::nothing ? move_to_free_place(path_, place_)
                                                : keep_permissions(place_, path_) &&
                                                      ::rename(path_.c_str(), place_.c_str()) == 0);
    if (!placed) return trouble(place_, "write");
    path_.clear();
    if (flush_directory_of(place_)) return std::nullopt;
    return trouble(place_, "write");
}

std::optional<Failure> place_new_file(const std::string& path, std::string_view text) {
    auto draft = Draft::at(path, Draft::Over::nothing);
    if (!draft) return Failure{draft.why()};
    const UniqueFd file(::open(draft->path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!file || !write_all(file.get(), text)) return trouble(path, "write");
    return draft->put_in_place();
}

}  // namespace lanchat
