// A draft beside the file takes its place once it is on the disk.
#include "node/kept_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "node/link/unique_fd.hpp"

namespace lanchat {

using link::UniqueFd;

Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most,
                                                   Readers readers) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return trouble(path, "read");
    if (readers == Readers::owner && S_ISREG(about.st_mode) && (about.st_mode & 077) != 0)
        return Failure{path + " may be read by others: chmod 600 it, if nobody has"};
    std::string bytes(most + 1, '\0');
    std::size_t size = 0;
    for (ssize_t count = 1; count > 0 && size <= most; size += static_cast<std::size_t>(count)) {
        count = ::read(file.get(), bytes.data() + size, bytes.size() - size);
        if (count < 0) return trouble(path, "read");
    }
    if (size > most) return Failure{path + " is too long"};
    bytes.resize(size);
    return std::optional(std::move(bytes));
}

Failure trouble(const std::string& path, const char* doing) {
    return Failure{std::string("cannot ") + doing + " " + path + ": " + std::strerror(errno)};
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

std::optional<Failure> replace_file(const std::string& path, std::string_view text) {
    const std::string draft = path + ".new";
    const auto folder_name = path.substr(0, path.rfind('/') + 1);
    const UniqueFd folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd file(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!folder || !file || !write_all(file.get(), text) ||
        ::rename(draft.c_str(), path.c_str()) != 0 || ::fsync(folder.get()) != 0)
        return trouble(path, "write");
    return std::nullopt;
}

}  // namespace lanchat
