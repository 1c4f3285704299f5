// The book of people in a file of its own, `people` in the data directory: what somebody decided
// about a key outlives the database.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <functional>
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

    // Writes what `people` gives, now or some seconds after the first of several calls.
    void save(std::function<std::string()> people, bool at_once);
    // Called on the loop once all that was to be saved at once is on the disk.
    void when_saved(std::function<void()> done);

    // Writes what is unwritten and waits for it.
    void stop();

  private:
    void write();

    asio::io_context& loop_;
    std::string file_;  // empty: none
    asio::steady_timer timer_;
    std::function<std::string()> unsaved_;
    asio::thread_pool disk_{1};
};

}  // namespace lanchat
