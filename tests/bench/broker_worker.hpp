// What the workers of all brokers share: lines that a broker answers one by one, and commands.
//   publish   store COUNT: publishes lines, reports when the broker has answered for all of them;
//             acknowledged: which those are, though the broker may be gone
//   subscribe counts the lines of runs
//   read      collects all that the broker keeps for `name`
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "worker.hpp"

namespace lanchat::bench {

inline constexpr const char* topic = "bench";
inline constexpr int window_lines = 4'096;  // published and not yet answered

// A flood on a thread of its own, so that commands are obeyed when the broker stands still.
class Publishing {
  public:
    // Returns false when the broker is gone; waits while the window is full, unless `stopped`.
    using Publish = std::function<bool(std::uint64_t number, const std::string& line)>;

    explicit Publishing(Publish publish) : publish_(std::move(publish)) {}
    ~Publishing() { join(); }
    Publishing(const Publishing&) = delete;
    Publishing& operator=(const Publishing&) = delete;

    void begin(std::uint64_t count);
    // Any thread.
    void acknowledged(std::uint64_t number);
    void report_acknowledged();
    void stop() { stopped_ = true; }
    bool stopped() const { return stopped_; }
    void join();

  private:
    Publish publish_;
    std::thread thread_;
    std::atomic<bool> stopped_ = false;
    std::uint64_t count_ = 0;
    std::int64_t began_ = 0;
    std::mutex mutex_;            // answers come on a thread of the broker's library
    Numbers numbers_;             // under mutex_
    std::uint64_t answered_ = 0;  // under mutex_
};

// Until the end of stdin.
void obey_commands(Publishing& publishing);
void wait_for_end_of_input();

// Ends the process.
[[noreturn]] void fail(const std::string& why);

}  // namespace lanchat::bench
