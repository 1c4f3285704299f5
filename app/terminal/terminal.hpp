// A person at a terminal: keys become lines, and what comes in never breaks the line being typed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include "app/streams/input.hpp"
#include "app/streams/sink.hpp"
#include "app/terminal/editor.hpp"
#include "app/terminal/keys.hpp"
#include "app/terminal/raw_mode.hpp"
#include "app/terminal/screen.hpp"

namespace lanchat::app {

// All members and callbacks on the loop's thread. Reads standard input.
class Terminal {
  public:
    struct Listener {
        // Whether the line stays in the editor, since it is neither to be said nor obeyed yet.
        std::function<bool(std::string_view, bool pasted)> keeps;
        // Enter was pressed behind what was typed, or pasted; or a whole line came by paste.
        std::function<void(std::string_view)> line;
        std::function<void(std::string_view)> pasted;
        // What cannot be done with a line; a sentence for people.
        std::function<void(const std::string&)> note;
        std::function<void()> end;    // ^D, or the terminal is gone
        std::function<void()> leave;  // ^C
        std::function<std::string()> prompt;
    };

    // Whether standard input and output are a terminal that can be drawn on.
    static bool is_possible();

    // `out` takes the bytes for the terminal.
    Terminal(asio::io_context& loop, Sink out, Listener listener);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    // Prints lines above the one being typed.
    void print(std::string_view lines) { screen_.print(lines); }

    // Gives the terminal back; what is printed after goes straight out. May be called twice.
    void close();

  private:
    void take(std::string_view bytes);
    void press(const std::vector<Key>& keys);
    void perform(const Deed& deed);
    void submit(const Deed& deed);
    void wait_for_rest();
    void show();
    void suspend();
    void reenter();
    void resize_soon();
    void watch_signals();

    Sink out_;
    Listener listener_;
    RawMode raw_;
    Screen screen_;
    KeyDecoder keys_;
    Editor editor_;
    std::unique_ptr<Input> input_;
    asio::signal_set signals_;
    asio::steady_timer timer_;
    asio::steady_timer resize_timer_;
    asio::steady_timer rest_timer_;  // of a sequence or a paste that has begun
    bool open_ = false;
    bool suspended_ = false;  // by ^Z, until we are in the foreground again
    // Reused for each chunk of keys.
    std::vector<Key> pressed_;
    std::vector<Deed> deeds_;
    std::shared_ptr<Terminal*> self_;
};

}  // namespace lanchat::app
