// The saved settings are global, since a signal handler can reach nothing else.
#include "app/terminal/raw_mode.hpp"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace lanchat::app {

namespace {

constexpr std::array crashes{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGSYS};

termios before;
volatile sig_atomic_t raw_fd = -1;
std::array<struct sigaction, crashes.size()> actions_before;

void on_crash(int signal) {
    RawMode::restore_now();
    // Whoever handled it before does so now: the fault happens again on return, SIGABRT is raised.
    for (std::size_t at = 0; at < crashes.size(); ++at)
        if (crashes[at] == signal) ::sigaction(signal, &actions_before[at], nullptr);
    ::raise(signal);
}

void watch_crashes() {
    static bool watching = false;
    if (watching) return;
    watching = true;
    struct sigaction action {};
    action.sa_handler = on_crash;
    sigfillset(&action.sa_mask);
    for (std::size_t at = 0; at < crashes.size(); ++at)
        ::sigaction(crashes[at], &action, &actions_before[at]);
}

}  // namespace

RawMode::RawMode(int fd) : fd_(fd) { watch_crashes(); }

bool RawMode::enter() {
    if (raw_fd >= 0) return true;
    if (::tcgetattr(fd_, &before) != 0) return false;
    termios raw = before;
    // Output keeps its processing: whatever else writes there still gets its line ends.
    raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (::tcsetattr(fd_, TCSANOW, &raw) != 0) return false;
    raw_fd = fd_;
    return true;
}

void RawMode::leave() {
    if (raw_fd == fd_) ::tcsetattr(fd_, TCSANOW, &before);
    raw_fd = -1;
}

void RawMode::restore_now() {
    if (raw_fd < 0) return;
    const int error = errno;
    ::tcsetattr(raw_fd, TCSANOW, &before);
    // Bracketed paste off, and away from the line that was typed.
    static constexpr char farewell[] = "\x1b[?2004l\r\n";
    [[maybe_unused]] const auto wrote = ::write(STDOUT_FILENO, farewell, sizeof farewell - 1);
    raw_fd = -1;
    errno = error;
}

}  // namespace lanchat::app
