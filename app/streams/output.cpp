// The fast way writes from the loop where that cannot block; the other way is a writing thread.
#include "app/streams/output.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

namespace lanchat::app {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds(50);

Instant now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

bool has_type(int fd, mode_t type) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type;
}

// A pipe is opened a second time, for O_NONBLOCK belongs to the open file, and that one is shared
// with the shell and with whoever else writes there.
int open_direct(int fd) {
    if (has_type(fd, S_IFSOCK)) return ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (!has_type(fd, S_IFIFO)) return -1;
    const auto path = "/proc/self/fd/" + std::to_string(fd);
    return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

ssize_t write_now(int fd, bool is_socket, const std::string& bytes) {
    if (is_socket) return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return ::write(fd, bytes.data(), bytes.size());
}

}  // namespace

Output::Output(asio::io_context& loop, int fd, Listener listener, OutputLimits limits)
    : loop_(loop),
      fd_(fd),
      direct_fd_(open_direct(fd)),
      is_socket_(has_type(fd, S_IFSOCK)),
      listener_(std::move(listener)),
      limits_(limits),
      pressure_(limits.bytes_max, limits.stall),
      timer_(loop),
      self_(std::make_shared<Output*>(this)) {}

Output::~Output() {
    *self_ = nullptr;
    if (direct_fd_ >= 0) ::close(direct_fd_);
}

void Output::write(std::string_view lines) {
    if (ended_ || lines.empty()) return;
    if (!pressure_.fits(queued(), lines.size())) {
        ++dropped_;
        return;
    }
    pending_ += lines;
    if (flush_posted_) return;
    flush_posted_ = true;
    asio::post(loop_, [self = self_] {
        if (*self) (*self)->flush();
    });
}

void Output::flush() {
    flush_posted_ = false;
    if (!writer_ || writer_->is_idle()) write_directly();
    if (!pending_.empty()) hand_over();
    review();
}

void Output::write_directly() {
    while (direct_fd_ >= 0 && !pending_.empty()) {
        const auto wrote = write_now(direct_fd_, is_socket_, pending_);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno == EAGAIN) return;
        if (wrote < 0) return end(errno);
        direct_bytes_ += static_cast<std::size_t>(wrote);
        pending_.erase(0, static_cast<std::size_t>(wrote));
    }
}

void Output::hand_over() {
    if (!writer_) {
        writer_ = std::make_unique<Writer>(fd_, [this, self = self_] {
            asio::post(loop_, [self] {
                if (*self) (*self)->review();
            });
        });
    }
    handed_bytes_ += pending_.size();
    writer_->take(pending_);
}

void Output::end(int error) {
    if (ended_) return;
    ended_ = true;
    pending_ = {};
    if (listener_.ended) listener_.ended(error);
}

std::size_t Output::queued() const {
    return pending_.size() + handed_bytes_ - (writer_ ? writer_->bytes_done() : 0);
}

void Output::review() {
    if (writer_ && writer_->failure() != 0) end(writer_->failure());
    const auto done = direct_bytes_ + (writer_ ? writer_->bytes_done() : 0);
    const auto at = now();
    pressure_.observe(ended_ ? 0 : queued(), done, at);
    if (done != finish_done_) finish_progress_ = at;
    finish_done_ = done;
    tell();
    finish_if_over();
    tick();
}

void Output::tell() {
    if (receiving_ != pressure_.receives()) {
        receiving_ = pressure_.receives();
        if (listener_.receive) listener_.receive(receiving_);
    }
    const bool time_to_tell = finished_ != nullptr || !pressure_.is_held();
    if (dropped_ == 0 || !time_to_tell) return;
    if (listener_.dropped) listener_.dropped(std::exchange(dropped_, 0));
}

void Output::finish(std::function<void()> done) {
    finished_ = std::move(done);
    finish_progress_ = now();
    flush();
}

void Output::finish_if_over() {
    if (!finished_) return;
    const bool given_up = now() - finish_progress_ >= limits_.finish;
    if (!ended_ && queued() > 0 && !given_up) return;
    asio::post(loop_, std::exchange(finished_, nullptr));
}

void Output::tick() {
    if (ticking_ || (!finished_ && !pressure_.is_held())) return;
    ticking_ = true;
    timer_.expires_after(tick_interval);
    timer_.async_wait([self = self_](const asio::error_code&) {
        if (!*self) return;
        (*self)->ticking_ = false;
        (*self)->review();
    });
}

}  // namespace lanchat::app
