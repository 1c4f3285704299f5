// A draft beside the file takes its place once it is on the disk.
#include "node/kept_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "node/link/unique_fd.hpp"

namespace lanchat {

using link::UniqueFd;

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
