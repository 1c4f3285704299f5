// The lower end of a terminal: output scrolls by above, the line being typed stays below it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <asio/io_context.hpp>

#include "app/streams/sink.hpp"
#include "app/terminal/layout.hpp"

namespace lanchat::app {

// Used on the loop's thread. All changes of one turn of the loop are drawn together.
class Screen {
  public:
    // `out` takes the bytes for the terminal.
    Screen(asio::io_context& loop, Sink out, ScreenSize size);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    void show(EditLine line);
    // Adds lines above the one being typed.
    void print(std::string_view lines);
    // The line that was typed becomes output like any other; the next one begins empty.
    void accept(std::string_view prompt, std::string_view text);
    void resize(ScreenSize size);
    // Clears the screen and begins at its top.
    void redraw();
    // Something else may have been written: draws the line once more, wherever the cursor is.
    void restart();
    // Takes the line being typed away, until the next `show`; draws at once.
    void hide();

  private:
    void draw_later();
    void draw_now();

    asio::io_context& loop_;
    Sink out_;
    ScreenSize size_;
    EditLine line_;
    bool visible_ = false;
    std::string above_;
    Drawing drawn_;
    bool draw_posted_ = false;
    std::shared_ptr<Screen*> self_;
};

}  // namespace lanchat::app
