// Makes and locks data directories. The kernel's lock is the truth; the pid in the file is only for
// the message to whoever comes second.
#include "app/profile.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "message/limits.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat::app {
namespace {

namespace fs = std::filesystem;

struct InUse {
    std::string process;  // "process 1234", as far as that is known
};
using Lock = std::variant<int, InUse, Failure>;

Failure failure(const std::string& what, const fs::path& path, int error) {
    return {what + " " + path.string() + ": " + std::generic_category().message(error)};
}

// As `mkdir -p`, but every directory it makes is for the owner alone.
std::optional<Failure> make_directories(const fs::path& dir) {
    fs::path made;
    for (const auto& part : dir) {
        made /= part;
        // A power cut must not take the directory with all that is flushed inside.
        const int error = ::mkdir(made.c_str(), 0700) == 0 ? 0 : errno;
        if (error == 0) flush_directory_of(made.string());
        if (error == 0 || error == EEXIST) continue;
        std::error_code ignored;
        if (!fs::is_directory(made, ignored)) return failure("cannot create", made, error);
    }
    struct stat status {};
    if (::stat(dir.c_str(), &status) != 0) return failure("cannot use", dir, errno);
    if (!S_ISDIR(status.st_mode)) return failure("cannot use", dir, ENOTDIR);
    return std::nullopt;
}

std::string holder(int fd) {
    std::array<char, 16> text{};
    const auto size = ::pread(fd, text.data(), text.size(), 0);
    std::string pid;
    for (ssize_t i = 0; i < size; ++i) {
        const char c = text[static_cast<std::size_t>(i)];
        if (c < '0' || c > '9') break;
        pid += c;
    }
    return pid.empty() ? "another process" : "process " + pid;
}

std::optional<Failure> write_pid(int fd, const fs::path& file) {
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) != 0) return failure("cannot write", file, errno);
    const auto written = ::pwrite(fd, pid.data(), pid.size(), 0);
    if (written == static_cast<ssize_t>(pid.size())) return std::nullopt;
    return failure("cannot write", file, written < 0 ? errno : ENOSPC);
}

Lock lock(const fs::path& dir) {
    if (auto broken = make_directories(dir)) return *broken;
    const auto file = dir / "lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failure("cannot open", file, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        Lock refused = failure("cannot lock", file, error);
        if (error == EWOULDBLOCK) refused = InUse{holder(fd)};
        ::close(fd);
        return refused;
    }
    if (auto broken = write_pid(fd, file)) {
        ::close(fd);
        return *broken;
    }
    return fd;
}

// The directory of the first profile that is tried, and the one in which the next ones are made.
struct Place {
    fs::path first;
    fs::path next;
};

Result<Place> find_place(const std::string& name, const std::string& data_dir,
                         const Environment& environment) {
    if (!data_dir.empty()) return Place{data_dir, data_dir};
    const auto base = user_data_directory(environment);
    if (!base) {
        return Failure{"no place for the data: set HOME or XDG_DATA_HOME, or give --data-dir"};
    }
    return Place{*base / name, *base};
}

Failure in_use(const std::string& name, const std::string& data_dir, const InUse& by) {
    if (data_dir.empty()) return {"profile \"" + name + "\" is in use by " + by.process};
    return {"data directory \"" + data_dir + "\" is in use by " + by.process};
}

bool is_name_character(char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

}  // namespace

bool is_profile_name(std::string_view name) {
    return !name.empty() && name.size() <= limits::name_bytes_max && name.front() != '.' &&
           std::ranges::all_of(name, is_name_character);
}

Result<fs::path> profile_directory(const std::string& name, const std::string& data_dir,
                                   const Environment& environment) {
    const auto place = find_place(name, data_dir, environment);
    if (!place) return Failure{place.why()};
    return place->first;
}

Result<Profile> Profile::open(const std::string& name, const std::string& data_dir, bool chosen) {
    if (!is_profile_name(name)) {
        return Failure{"\"" + name.substr(0, limits::name_bytes_max) +
                       "\" is no name for a profile: letters, digits, - _ . and no leading dot"};
    }
    const auto place = find_place(name, data_dir, process_environment());
    if (!place) return Failure{place.why()};
    // No machine runs more nodes than a network holds.
    for (std::size_t number = 1; number <= limits::peers_max; ++number) {
        const auto tried = number == 1 ? name : name + "-" + std::to_string(number);
        const auto dir = number == 1 ? place->first : place->next / tried;
        const auto locked = lock(dir);
        if (const int* fd = std::get_if<int>(&locked)) return Profile(tried, dir, *fd);
        if (const auto* broken = std::get_if<Failure>(&locked)) return *broken;
        if (chosen) return in_use(name, data_dir, std::get<InUse>(locked));
    }
    return Failure{"all profiles from \"" + name + "\" to \"" + name + "-" +
                   std::to_string(limits::peers_max) + "\" are in use"};
}

Profile::Profile(std::string name, fs::path dir, int lock_fd)
    : name_(std::move(name)), dir_(std::move(dir)), lock_fd_(lock_fd) {}

Profile::Profile(Profile&& other) noexcept
    : name_(std::move(other.name_)),
      dir_(std::move(other.dir_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

Profile& Profile::operator=(Profile&& other) noexcept {
    std::swap(name_, other.name_);
    std::swap(dir_, other.dir_);
    std::swap(lock_fd_, other.lock_fd_);
    return *this;
}

// The file stays: to remove it would let a third process lock a new one beside a waiting second.
Profile::~Profile() {
    if (lock_fd_ >= 0) ::close(lock_fd_);
}

}  // namespace lanchat::app
