// Letters: what this process says to single devices, each of them in a log of its own.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "controller/draft.hpp"
#include "message/salts.hpp"

namespace lanchat::controller {

// A log for each recipient and process, as the public one until a wrong clock spoils it. Its epoch
// follows from a random number of this process and the recipient, so it is known before the first
// line is said, and nobody else can tell which logs there are.
class Letters {
  public:
    // `secret` is random.
    Letters(std::shared_ptr<const DeviceKey> key, std::uint64_t secret, const Salts& salts);

    // The next line of `entry.log.to`; its log, number and salt are filled in. Preconditions: its
    // clock is above that of the line before; a first line names the end of the log before, if any.
    Entry add(Entry entry);

    LineId next_line(const DeviceId& to) const;
    // Whether what is said to `to` fills a run.
    bool is_full(const DeviceId& to) const;
    bool has_unsealed() const;
    // What was said since the last time, signed.
    std::vector<RunPtr> seal();

    // What is said from now on goes into new logs. Precondition: nothing is unsealed.
    void turn_page(std::uint64_t secret);

    // Whether this process says its lines there.
    bool is_own(const LogId& log) const;
    // The newest line of each log.
    std::vector<LineId> heads() const;

  private:
    struct Log {
        Seq head = 0;
        Draft draft;
    };
    LogId log_to(const DeviceId& to) const;

    std::shared_ptr<const DeviceKey> key_;
    std::uint64_t secret_;
    Salts salts_;
    std::map<DeviceId, Log> logs_;  // of those that something was said to
};

}  // namespace lanchat::controller
