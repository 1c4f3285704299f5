// What the kernel knows about a TCP connection. Apart, because <linux/tcp.h> and the
// <netinet/tcp.h> of the other networking headers define the same names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace lanchat::link {

struct TcpState {
    bool established = false;
    bool has_said_all = false;  // the other end has, and we have not
    bool closed = false;
    std::uint64_t bytes_received = 0;
    std::chrono::milliseconds since_last_ack{};  // anything acknowledged, keepalive probes included
};

std::optional<TcpState> tcp_state(int fd);

}  // namespace lanchat::link
