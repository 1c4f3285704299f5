// Standard output (or error) as a bounded queue that never makes the loop wait for a reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <asio/steady_timer.hpp>

#include "app/streams/pressure.hpp"
#include "app/streams/writer.hpp"
#include "message/limits.hpp"

namespace lanchat::app {

struct OutputLimits {
    std::size_t bytes_max = limits::output_bytes_max;
    Duration stall = std::chrono::seconds(2);   // without progress: lines are dropped
    Duration finish = std::chrono::seconds(1);  // without progress at the end: give up
};

// All members and callbacks on the loop's thread. The loop must outlive the object.
class Output {
  public:
    struct Listener {
        // The reader falls behind (false) or has caught up, or does not read at all (true).
        std::function<void(bool)> receive;
        // So many writes were dropped while nobody read; said when the reader is back, or at the
        // end.
        std::function<void(std::uint64_t)> dropped;
        // Nothing can be written any more, for the reason that this errno names.
        std::function<void(int)> ended;
    };

    Output(asio::io_context& loop, int fd, Listener listener, OutputLimits limits = {});
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    // Queues `lines` as a whole, or drops them. What is written in one turn of the loop leaves
    // together. After a broken pipe everything is dropped silently.
    void write(std::string_view lines);

    // Whether the queue is so full that more should not be asked for.
    bool is_held() const { return !pressure_.receives(); }
    bool has_ended() const { return ended_; }

    // Calls `done` once all is written, or when the reader has not read for a while. No `write`
    // may follow.
    void finish(std::function<void()> done);

  private:
    void flush();
    void write_directly();
    void hand_over();
    void end(int error);
    std::size_t queued() const;
    void review();
    void tell();
    void finish_if_over();
    void tick();

    asio::io_context& loop_;
    int fd_;
    int direct_fd_ = -1;  // never blocks; -1 when there is no such way
    bool is_socket_ = false;
    Listener listener_;
    OutputLimits limits_;
    Pressure pressure_;
    std::string pending_;
    bool flush_posted_ = false;
    bool ended_ = false;
    bool receiving_ = true;
    std::uint64_t dropped_ = 0;
    std::size_t direct_bytes_ = 0;
    std::size_t handed_bytes_ = 0;
    asio::steady_timer timer_;
    bool ticking_ = false;
    std::function<void()> finished_;
    Instant finish_progress_{};
    std::size_t finish_done_ = 0;
    // Lets handlers still in the loop's queue find out that this object is gone.
    std::shared_ptr<Output*> self_;
    std::unique_ptr<Writer> writer_;  // last, as its thread calls back
};

}  // namespace lanchat::app
