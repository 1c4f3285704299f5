// Wires keys, editor and screen to the loop and to the signals of a terminal.
#include "app/terminal/terminal.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include <asio/post.hpp>

#include "message/limits.hpp"

namespace lanchat::app {

namespace {

constexpr std::string_view paste_on = "\x1b[?2004h";
constexpr std::string_view paste_off = "\x1b[?2004l";
// For the last bytes to reach the terminal before we stop, and for the stop to happen.
constexpr auto suspend_delay = std::chrono::milliseconds(30);
// Who drags the edge of a window makes it narrower by many steps; each may leave a row behind.
constexpr auto resize_delay = std::chrono::milliseconds(50);

ScreenSize screen_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
    return {size.ws_col, size.ws_row == 0 ? 24 : size.ws_row};
}

Instant now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

}  // namespace

bool Terminal::is_possible() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return false;
    const char* term = std::getenv("TERM");
    return term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

Terminal::Terminal(asio::io_context& loop, Sink out, Listener listener)
    : out_(std::move(out)),
      listener_(std::move(listener)),
      raw_(STDIN_FILENO),
      screen_(loop, out_, screen_size()),
      signals_(loop, SIGWINCH, SIGCONT),
      timer_(loop),
      resize_timer_(loop),
      rest_timer_(loop),
      self_(std::make_shared<Terminal*>(this)) {
    input_ =
        std::make_unique<Input>(loop, STDIN_FILENO,
                                Input::Listener{[this](std::string_view bytes) { take(bytes); },
                                                [this] {
                                                    if (open_)
                                                        perform({Deed::Kind::end_of_input, {}});
                                                }});
    open_ = raw_.enter();
    out_(paste_on);
    show();
    watch_signals();
    input_->resume();
}

Terminal::~Terminal() {
    close();
    *self_ = nullptr;
}

void Terminal::close() {
    if (!std::exchange(open_, false)) return;
    input_->pause();
    signals_.cancel();
    timer_.cancel();
    resize_timer_.cancel();
    rest_timer_.cancel();
    screen_.hide();
    out_(paste_off);
    raw_.leave();
}

void Terminal::take(std::string_view bytes) {
    if (!open_) return;
    pressed_.clear();
    keys_.put(bytes, pressed_);
    press(pressed_);
    wait_for_rest();
}

void Terminal::press(const std::vector<Key>& keys) {
    for (const auto& key : keys) {
        deeds_.clear();
        editor_.press(key, now(), deeds_);
        for (const auto& deed : deeds_) {
            perform(deed);
            // After the end nothing is typed any more.
            if (!open_) return;
        }
    }
    show();
}

// The rest of what has begun may never come: somebody pressed Escape, or the mark at the end of a
// paste was lost on its way.
void Terminal::wait_for_rest() {
    rest_timer_.cancel();
    const auto patience = keys_.patience();
    if (!open_ || !patience) return;
    rest_timer_.expires_after(*patience);
    rest_timer_.async_wait([self = self_](const asio::error_code& cancelled) {
        if (cancelled || !*self || !(*self)->open_) return;
        // The loop may have been busy meanwhile: what has come by now is read first.
        asio::post((*self)->rest_timer_.get_executor(), [self] {
            const bool waits =
                *self && (*self)->rest_timer_.expiry() <= asio::steady_timer::clock_type::now();
            if (!waits || !(*self)->open_) return;
            auto& pressed = (*self)->pressed_;
            pressed.clear();
            (*self)->keys_.give_up(pressed);
            (*self)->press(pressed);
        });
    });
}

void Terminal::submit(const Deed& deed) {
    if (listener_.keeps(deed.text, deed.begins_pasted)) return editor_.take_back();
    screen_.accept(listener_.prompt(), deed.text);
    deed.begins_pasted ? listener_.pasted(deed.text) : listener_.line(deed.text);
}

void Terminal::perform(const Deed& deed) {
    const auto bytes_max = [](std::size_t most) {
        return "a line of more than " + std::to_string(most) + " bytes ";
    };
    switch (deed.kind) {
        case Deed::Kind::submit:
            return submit(deed);
        case Deed::Kind::too_long:
            return listener_.note(bytes_max(limits::line_bytes_max) +
                                  "was not sent: make it shorter");
        case Deed::Kind::too_long_pasted:
            return listener_.note(bytes_max(limits::line_bytes_max) +
                                  "was not sent: the up key brings it back");
        case Deed::Kind::cut:
            return listener_.note(bytes_max(limits::line_bytes_max * Editor::draft_factor) +
                                  "is not kept here: its rest is left out");
        case Deed::Kind::submit_pasted:
            screen_.accept(listener_.prompt(), deed.text);
            return listener_.pasted(deed.text);
        case Deed::Kind::leave:
            close();
            return listener_.leave();
        case Deed::Kind::end_of_input:
            close();
            return listener_.end();
        case Deed::Kind::suspend:
            return suspend();
        case Deed::Kind::redraw:
            return screen_.redraw();
    }
}

void Terminal::show() {
    if (open_ && !suspended_) screen_.show({listener_.prompt(), editor_.text(), editor_.cursor()});
}

void Terminal::suspend() {
    suspended_ = true;
    screen_.hide();
    out_(paste_off);
    raw_.leave();
    timer_.expires_after(suspend_delay);
    timer_.async_wait([self = self_](const asio::error_code& failed) {
        if (failed || !*self || !(*self)->open_) return;
        ::kill(0, SIGTSTP);
        // Where job control is off the signal does nothing, and no SIGCONT will come either.
        auto& timer = (*self)->timer_;
        timer.expires_after(suspend_delay);
        timer.async_wait([self](const asio::error_code& cancelled) {
            if (!cancelled && *self) (*self)->reenter();
        });
    });
}

void Terminal::reenter() {
    if (!open_) return;
    suspended_ = false;
    // Whatever ran meanwhile may have set the terminal to its liking.
    raw_.leave();
    raw_.enter();
    out_(paste_on);
    screen_.resize(screen_size());
    screen_.restart();
    show();
}

void Terminal::resize_soon() {
    resize_timer_.expires_after(resize_delay);
    resize_timer_.async_wait([self = self_](const asio::error_code& moved) {
        if (!moved && *self && (*self)->open_) (*self)->screen_.resize(screen_size());
    });
}

void Terminal::watch_signals() {
    signals_.async_wait([self = self_](const asio::error_code& failed, int signal) {
        if (failed || !*self || !(*self)->open_) return;
        if (signal == SIGCONT) (*self)->reenter();
        if (signal == SIGWINCH) (*self)->resize_soon();
        (*self)->watch_signals();
    });
}

}  // namespace lanchat::app
