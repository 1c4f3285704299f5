// Asks the kernel directly: gRPC would try for seconds where one call knows.
#include "app/services/api/socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace lanchat::app::api {
namespace {

std::string path_of(const std::filesystem::path& data_dir) {
    return (data_dir / socket_name).string();
}

constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

std::optional<Failure> unusable(const std::filesystem::path& data_dir) {
    const auto path = path_of(data_dir);
    if (path.size() <= path_bytes_max) return std::nullopt;
    return Failure{"the path of the socket is too long (" + std::to_string(path.size()) +
                   " bytes, at most " + std::to_string(path_bytes_max) +
                   "): give a shorter --data-dir: " + path};
}

bool is_served(const std::filesystem::path& data_dir) {
    const auto path = path_of(data_dir);
    sockaddr_un address{};
    if (path.size() > path_bytes_max) return false;
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    const bool connected = ::connect(fd, generic, sizeof address) == 0;
    // A server whose queue is full is one, too.
    const bool served = connected || errno == EAGAIN;
    ::close(fd);
    return served;
}

std::string socket_address(const std::filesystem::path& data_dir) {
    static constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string address = "unix:";
    for (const char c : path_of(data_dir)) {
        const auto byte = static_cast<unsigned char>(c);
        if (plain.find(c) != std::string_view::npos) {
            address += c;
        } else {
            address += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return address;
}

}  // namespace lanchat::app::api
