// Lines of legacy peers on their way to the disk. They are no part of any log, but of what people
// want to read again.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "message/result.hpp"
#include "node/store/disk.hpp"

namespace lanchat {

// On the loop. Lines are written in groups, one group at a time: what comes while one is written
// goes with the next, and of a paste hundreds are waited for, up to a fifth of a second, so that it
// does not cost a flush a line. Reading from legacy peers has to wait while more than
// limits::legacy_unwritten_lines_max lines, or limits::legacy_unwritten_bytes_max bytes, are not on
// the disk. A disk that refuses them does not silence the chat: so many lines wait until it takes
// them, the ones after those are not kept.
class LegacyLines {
  public:
    // None of them is called from within add().
    struct Hooks {
        std::function<void(bool on)> hold;  // reading
        // In order of arrival; 0: the line will have none.
        std::function<void(const std::string& id, store::Arrival arrival)> placed;
        std::function<void(store::Arrival newest, std::size_t bytes)> stored;
        std::function<void(const std::string& why)> refused;  // then it waits for write_again()
    };

    LegacyLines(asio::io_context& loop, store::Disk& disk, Hooks hooks);
    ~LegacyLines() { *here_ = false; }
    LegacyLines(const LegacyLines&) = delete;
    LegacyLines& operator=(const LegacyLines&) = delete;

    void add(store::Heard line);
    // Gives the disk what waits, unless it is busy with lines of ours.
    void write();
    // After a refusal.
    void write_again();
    // Gives the disk all that waits: this object is about to go.
    void write_all();

  private:
    using Group = std::vector<store::Heard>;

    std::shared_ptr<const Group> next_group();
    void written(const Group& group, const Result<store::Arrival>& first);
    void pause_after(std::size_t lines);
    void refused(const Group& group, const std::string& why);
    void bound();
    bool exceeds(std::size_t share) const;

    asio::io_context& loop_;
    store::Disk& disk_;
    Hooks hooks_;
    std::deque<store::Heard> waiting_;  // those of a group under way are not among them
    std::size_t waiting_bytes_ = 0;
    std::size_t dropped_ = 0;
    asio::steady_timer pause_;  // from one group to the next
    bool pausing_ = false;
    bool writing_ = false;
    bool refused_ = false;
    bool held_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat
