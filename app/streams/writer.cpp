// One mutex, one condition: the loop appends to a buffer that the thread swaps out and writes.
#include "app/streams/writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace lanchat::app {

namespace {

// Small enough that progress is seen while a slow reader takes its time.
constexpr std::size_t write_bytes_max = std::size_t{64} * 1024;
// A buffer that grew beyond this in a burst is given back after it.
constexpr std::size_t kept_bytes_max = std::size_t{1024} * 1024;

// False when the descriptor will never take another byte.
bool wait_writable(int fd) {
    pollfd waiting{fd, POLLOUT, 0};
    return ::poll(&waiting, 1, -1) >= 0 || errno == EINTR;
}

// Bytes written, or -1 when the descriptor is of no more use.
ssize_t write_some(int fd, const char* bytes, std::size_t count) {
    for (;;) {
        const auto wrote = ::write(fd, bytes, std::min(count, write_bytes_max));
        if (wrote >= 0) return wrote;
        // Somebody who shares the open file may have made it non-blocking.
        const bool again = errno == EAGAIN;  // the same as EWOULDBLOCK on Linux
        if (errno == EINTR) continue;
        if (!again || !wait_writable(fd)) return -1;
    }
}

// Signals are for the loop's thread: a thread started meanwhile never sees them.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

struct Writer::Shared {
    ~Shared() {
        if (fd >= 0) ::close(fd);
    }

    int fd = -1;
    std::atomic<std::size_t> done{0};
    std::atomic<int> failure{0};

    // Guards all below. A mailbox would allocate for every hand-over of a path that is hot.
    std::mutex mutex;
    std::condition_variable changed;
    std::string waiting;
    bool busy = false;
    bool over = false;
    std::function<void()> idle;
};

Writer::Writer(int fd, std::function<void()> idle) : shared_(std::make_shared<Shared>()) {
    shared_->fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    shared_->idle = std::move(idle);
    const SignalsBlocked blocked;
    std::thread([shared = shared_] { work(shared); }).detach();
}

Writer::~Writer() {
    const std::lock_guard lock(shared_->mutex);
    shared_->over = true;
    shared_->idle = nullptr;
    shared_->changed.notify_one();
}

void Writer::take(std::string& bytes) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->waiting.empty()) {
        std::swap(shared_->waiting, bytes);
    } else {
        shared_->waiting += bytes;
    }
    bytes.clear();
    shared_->busy = true;
    shared_->changed.notify_one();
}

bool Writer::is_idle() const {
    const std::lock_guard lock(shared_->mutex);
    return !shared_->busy;
}

std::size_t Writer::bytes_done() const { return shared_->done.load(std::memory_order_relaxed); }

int Writer::failure() const { return shared_->failure.load(std::memory_order_relaxed); }

void Writer::work(const std::shared_ptr<Shared>& shared) {
    std::string bytes;
    for (;;) {
        {
            std::unique_lock lock(shared->mutex);
            if (shared->waiting.empty()) {
                shared->busy = false;
                if (shared->idle) shared->idle();
            }
            shared->changed.wait(lock, [&] { return shared->over || !shared->waiting.empty(); });
            if (shared->over) return;
            std::swap(bytes, shared->waiting);
        }
        write_all(*shared, bytes);
        bytes.clear();
        if (bytes.capacity() > kept_bytes_max) bytes.shrink_to_fit();
    }
}

void Writer::write_all(Shared& shared, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const auto left = bytes.size() - at;
        const bool usable = shared.failure == 0;
        const auto wrote = usable ? write_some(shared.fd, &bytes[at], left) : -1;
        if (usable && wrote < 0) shared.failure = errno;
        const auto gone = wrote < 0 ? left : static_cast<std::size_t>(wrote);
        at += gone;
        shared.done += gone;
    }
}

}  // namespace lanchat::app
