// The disk thread: the only one that touches the store, unless that is quick.
#pragma once

#include <asio/any_io_executor.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "node/store/store.hpp"

namespace lanchat::store {

// Its functions may be called by any thread. Callbacks of `append` run on `loop`, which lives
// longer than this object, as those of `freeze` do; jobs run on the disk thread. All in the order
// they were asked for. The destructor waits until all that was asked for is done; callbacks may
// come after it.
//
// A store that is quick (Store::is_quick) is given runs by whoever appends them, as long as the
// thread has nothing to do with it: to wake a thread takes longer than to note a line.
//
// Nothing is held back to make a group larger: what came while a flush was under way is the next
// group, so a slow disk makes large groups by itself and a fast one makes nobody wait.
class Disk {
  public:
    using Appended = std::function<void(Result<std::vector<Added>>)>;
    using Frozen = std::function<void(Result<Extent>)>;
    using Job = std::function<void(Store&)>;
    using ToldOfBodies = std::function<void(std::vector<BodyNews>)>;

    // `bodies` hears what the appends found out (Store::take_body_news), before their own
    // callbacks.
    Disk(asio::any_io_executor loop, std::unique_ptr<Store> store, ToldOfBodies bodies = {});
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    // `done` gets what was new, once it is durable. A failure of the disk is one of the whole
    // group; asking again is right. After one, all that is asked for until `resume` fails as well:
    // what comes behind a refused run must not be kept before it.
    void append(std::vector<RunPtr> runs, WallTime arrived, Appended done);
    void resume();
    // Behind all that was asked for before; refused and asked for again as appends are.
    void freeze(Fork proof, Frozen done);
    // Between commits. Whatever `job` refers to, it shares with nobody until it has posted it.
    void read(Job job);

  private:
    struct Append {
        std::vector<RunPtr> runs;
        WallTime arrived;
        Appended done;
        std::uint64_t turn = 0;
    };
    struct Freeze {
        Fork proof;
        Frozen done;
        std::uint64_t turn = 0;
    };
    using Task = std::variant<Append, Freeze, Job>;

    void put(Task task);
    bool may_append_at_once() const;
    void work();
    std::deque<Task> next_group();
    void commit(std::deque<Task>& group);
    void tell_of_bodies();
    void freeze_now(Freeze& freeze);
    template <class Done, class Value>
    void report(Done done, Result<Value> result);

    asio::any_io_executor loop_;
    std::unique_ptr<Store> store_;
    ToldOfBodies bodies_;
    std::mutex mutex_;
    std::condition_variable waiting_;
    std::deque<Task> tasks_;          // under mutex_
    bool ending_ = false;             // under mutex_
    bool is_busy_ = true;             // under mutex_; with the store, without the mutex
    std::uint64_t turn_ = 1;          // under mutex_; tasks bear it, each resume begins a new one
    // Belong to the disk thread while it is busy, otherwise to who has the mutex.
    std::uint64_t refused_turn_ = 0;  // tasks of this turn or before it fail
    std::string refusal_;             // the error that they fail with
    bool is_behind_ = true;           // disk thread: the store may have work for idle times
    std::thread thread_;
};

}  // namespace lanchat::store
