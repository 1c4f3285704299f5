// Socket options of a chat connection.
#include "node/link/sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lanchat::link {
namespace {

void set(int fd, int level, int name, int value) {
    // An option that cannot be set costs comfort, not correctness.
    static_cast<void>(setsockopt(fd, level, name, &value, sizeof value));
}

}  // namespace

void prepare_chat_socket(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    // Finds dead hosts behind legacy peers, which answer no ping of ours; costs no wake-up here.
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 2);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 10'000);
    // A peer that does not read should fill its own memory, not our kernel's.
    set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 256 * 1024);
}

}  // namespace lanchat::link
