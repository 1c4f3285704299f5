// TCP_INFO.
#include "node/link/tcp_state.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace lanchat::link {
namespace {

// From <netinet/tcp.h>, which cannot be included here.
constexpr int established = 1;
constexpr int closed = 7;
constexpr int close_wait = 8;

}  // namespace

std::optional<TcpState> tcp_state(int fd) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    return TcpState{info.tcpi_state == established, info.tcpi_state == close_wait,
                    info.tcpi_state == closed, info.tcpi_bytes_received,
                    std::chrono::milliseconds(info.tcpi_last_ack_recv)};
}

}  // namespace lanchat::link
