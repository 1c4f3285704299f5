// The book of people in a file of its own, `people` in the data directory: what somebody decided
// about a key outlives the database.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/people.hpp"
#include "message/result.hpp"

namespace lanchat {

// Readable, a line for each; the last line tells whether all of it is there.
std::string people_text(const std::map<DeviceId, controller::Person>& people);
Result<std::vector<controller::Person>> parse_people(std::string_view text);

// Loop thread only; the file is written on a thread of its own.
class BookOfPeople {
  public:
    // An empty directory: nothing is kept.
    BookOfPeople(asio::io_context& loop, const std::string& data_dir);
    ~BookOfPeople() { stop(); }

    // What was written. A damaged file is moved aside, kept, and complained of.
    std::vector<controller::Person> load();

    // Writes what `people` gives, now or some seconds after the first of several calls. What the
    // disk refuses is written again until it takes it, and at the end.
    using Everybody = std::function<std::map<DeviceId, controller::Person>()>;
    void save(Everybody people, bool at_once);
    // Called on the loop once all that was to be saved at once is on the disk, or with the reason
    // why it is not. Not after stop.
    using Saved = std::function<void(const std::optional<Failure>&)>;
    void when_saved(Saved done);
    // When that was verified, according to what is on the disk.
    std::optional<WallTime> verified(const DeviceId& device) const;

    // Writes what is unwritten and waits for it.
    void stop();

  private:
    using Verified = std::map<DeviceId, WallTime>;

    void write_soon();
    void write();
    void written(const std::optional<Failure>& failure, Verified verified);

    asio::io_context& loop_;
    std::string file_;  // empty: none
    asio::steady_timer timer_;
    Everybody people_;
    bool unsaved_ = false;
    int under_way_ = 0;               // writes that were not answered yet
    std::optional<Failure> failure_;  // of the last write
    Verified verified_;               // of what is on the disk
    asio::thread_pool disk_{1};
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat
