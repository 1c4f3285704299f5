// SIGALRM, because a timer of the loop would hang with the loop.
#include "app/deadline.hpp"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "app/terminal/raw_mode.hpp"

namespace lanchat::app {

namespace {

void on_alarm(int) { end_now(); }

}  // namespace

void start_deadline() {
    static bool started = false;
    if (started) return;
    started = true;
    struct sigaction action {};
    action.sa_handler = on_alarm;
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval left{};
    left.it_value.tv_sec = 4;
    left.it_value.tv_usec = 500'000;
    ::setitimer(ITIMER_REAL, &left, nullptr);
}

void end_now() {
    RawMode::restore_now();
    ::_exit(0);
}

}  // namespace lanchat::app
