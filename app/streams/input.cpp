// Reading without O_NONBLOCK: only what epoll has announced, and never more than one chunk a turn.
#include "app/streams/input.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <asio/post.hpp>

namespace lanchat::app {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
// Then others get their turn on the loop.
constexpr int lines_per_turn_max = 256;

// An epoll that is readable while `fd` is, or -1 when there is nothing to wait for.
int open_watch(int fd) {
    const int watch = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    if (watch >= 0 && ::epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event) == 0) return watch;
    if (watch >= 0) ::close(watch);
    return -1;
}

}  // namespace

Input::Input(asio::io_context& loop, int fd, Listener listener)
    : loop_(loop),
      fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 3)),
      listener_(std::move(listener)),
      watch_(loop),
      buffer_(chunk_bytes, '\0'),
      self_(std::make_shared<Input*>(this)) {
    if (const int watch = open_watch(fd_); watch >= 0) watch_.assign(watch);
}

Input::~Input() {
    *self_ = nullptr;
    if (fd_ >= 0) ::close(fd_);
}

void Input::resume() {
    paused_ = false;
    if (!waiting_ && !ended_) wait();
}

void Input::wait() {
    waiting_ = true;
    auto ready = [self = self_] {
        if (!*self) return;
        (*self)->waiting_ = false;
        if (!(*self)->paused_) (*self)->read();
    };
    if (!watch_.is_open()) return asio::post(loop_, std::move(ready));
    watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [ready = std::move(ready)](const asio::error_code&) { ready(); });
}

void Input::read() {
    const auto count = ::read(fd_, buffer_.data(), buffer_.size());
    const bool again = count < 0 && (errno == EINTR || errno == EAGAIN);
    if (count <= 0 && !again) return end();
    const auto self = self_;  // the listener may be done with us
    const auto size = again ? 0 : static_cast<std::size_t>(count);
    if (size > 0) listener_.bytes(std::string_view(buffer_).substr(0, size));
    if (!*self) return;
    if (!paused_ && !waiting_) wait();
}

void Input::end() {
    ended_ = true;
    listener_.end();
}

LineInput::LineInput(asio::io_context& loop, int fd, std::size_t line_bytes_max, Listener listener)
    : loop_(loop),
      listener_(std::move(listener)),
      lines_(line_bytes_max),
      self_(std::make_shared<LineInput*>(this)),
      input_(loop, fd,
             {[this](std::string_view bytes) {
                  lines_.put(bytes);
                  input_.pause();
                  deliver();
              },
              [this] {
                  lines_.end();
                  deliver();
              }}) {}

LineInput::~LineInput() { *self_ = nullptr; }

void LineInput::pause() { paused_ = true; }

void LineInput::resume() {
    if (!std::exchange(paused_, false)) return;
    deliver_later();
}

void LineInput::deliver_later() {
    if (std::exchange(delivery_posted_, true)) return;
    asio::post(loop_, [self = self_] {
        if (!*self) return;
        (*self)->delivery_posted_ = false;
        (*self)->deliver();
    });
}

void LineInput::deliver() {
    for (int turn = 0; !paused_; ++turn) {
        if (turn == lines_per_turn_max) return deliver_later();
        const auto next = lines_.next();
        if (next.found == LineBuffer::Found::nothing) break;
        if (next.found == LineBuffer::Found::line) listener_.line(next.line);
        if (next.found == LineBuffer::Found::too_long) listener_.too_long();
    }
    if (paused_) return;
    if (!lines_.has_ended()) return input_.resume();
    if (!std::exchange(ended_, true)) listener_.end();
}

}  // namespace lanchat::app
