// poll() tells without writing: a pipe nobody reads is in error, a socket or terminal is hung up.
#include "app/streams/reader_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace lanchat::app {
namespace {

// Until the reader is gone (true) or `wake` is written to.
bool wait_for_end(int fd, int wake) {
    std::array<pollfd, 2> watched{{{fd, 0, 0}, {wake, POLLIN, 0}}};
    while (::poll(watched.data(), watched.size(), -1) < 0)
        if (errno != EINTR) return false;
    return watched[1].revents == 0;
}

}  // namespace

bool is_writable(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

ReaderWatch::ReaderWatch(int fd, std::function<void()> gone)
    : wake_(::eventfd(0, EFD_CLOEXEC)), thread_([fd, wake = wake_.get(), gone = std::move(gone)] {
          if (wait_for_end(fd, wake)) gone();
      }) {}

ReaderWatch::~ReaderWatch() {
    const std::uint64_t one = 1;
    while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
}

}  // namespace lanchat::app
