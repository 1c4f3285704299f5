// Standard input on the loop: read when there is something, leave it alone while paused.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "app/streams/line_buffer.hpp"

namespace lanchat::app {

// Bytes of a descriptor of any kind, in chunks. All members and callbacks on the loop's thread.
class Input {
  public:
    struct Listener {
        std::function<void(std::string_view)> bytes;
        std::function<void()> end;  // once, also after an error
    };

    // Keeps a copy of `fd`; its flags stay as they are, for the open file is shared with the shell.
    Input(asio::io_context& loop, int fd, Listener listener);
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    // Begins or goes on to read; paused at first.
    void resume();
    void pause() { paused_ = true; }

  private:
    void wait();
    void read();
    void end();

    asio::io_context& loop_;
    int fd_;
    Listener listener_;
    // An epoll of our own that watches the descriptor, since asio would make that non-blocking.
    // Closed when the kind of file cannot be watched (regular files can always be read).
    asio::posix::stream_descriptor watch_;
    std::string buffer_;
    bool paused_ = true;
    bool waiting_ = false;
    bool ended_ = false;
    // Lets handlers still in the loop's queue find out that this object is gone.
    std::shared_ptr<Input*> self_;
};

// Lines of a descriptor.
class LineInput {
  public:
    struct Listener {
        std::function<void(std::string_view)> line;
        std::function<void()> too_long;
        std::function<void()> end;  // once, after the last line
    };

    LineInput(asio::io_context& loop, int fd, std::size_t line_bytes_max, Listener listener);
    ~LineInput();
    LineInput(const LineInput&) = delete;
    LineInput& operator=(const LineInput&) = delete;

    // Paused at first. A pause holds from the next line on, also when called from `line`.
    void resume();
    void pause();

  private:
    void deliver();
    void deliver_later();

    asio::io_context& loop_;
    Listener listener_;
    LineBuffer lines_;
    bool paused_ = true;
    bool delivery_posted_ = false;
    bool ended_ = false;
    std::shared_ptr<LineInput*> self_;
    Input input_;
};

}  // namespace lanchat::app
