// The guard: who may be connected with us, and how long a stranger may take to greet. It watches
// strangers through a second descriptor of its own, and cuts those that take what was not
// granted to them: before a connection speaks HTTP/2, only the kernel knows how much came.
//
// It looks from a thread of its own, which no flood can hold up.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "message/address.hpp"
#include "message/time.hpp"
#include "node/link/complaints.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::link {

// Callable from any thread; no call waits for anything but another call. A cut is a shutdown() of
// the socket: its owner sees the connection end.
class Guard {
  public:
    enum class WatchId : std::uint64_t {};

    Guard();
    ~Guard() { stop(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Watches a stranger's connection until it greets, at most limits::greeting_timeout. No value:
    // there is no place for it, close it. Under pressure the oldest stranger of the most crowded
    // address makes room, so that a flood from one address does not lock the others out. Within
    // that address it must have had its time first: who is cut may come again at once, who is
    // refused at the door comes again later.
    std::optional<WatchId> admit(int fd, const Endpoint& from);

    // Watches a connection that we opened ourselves.
    std::optional<WatchId> watch_dialled(int fd, const Endpoint& to);

    // The connection's other end is no stranger any more: the guard looks at it no longer.
    void greeted(WatchId id);
    // Cuts the connection now.
    void cut(WatchId id);
    // The last call is over: the connection gets a second to end by itself.
    void over(WatchId id);
    // The connection is closed: its place is free.
    void gone(WatchId id);

    // Says in the log that `from` was cut; of many at once it says how many.
    void complain(const Endpoint& from, std::string_view why);

    std::size_t connections_max() const { return connections_max_; }

    // Whether the other host's kernel has answered lately (needs TCP keepalive, see sockets.hpp).
    bool alive(WatchId id) const;

    // Cuts all that are left. Nobody is admitted any more.
    void stop();

  private:
    struct Watch {
        UniqueFd fd;
        Endpoint remote;
        bool dialled = false;
        bool greeted = false;
        Instant since{};
        std::optional<Instant> end_by;
        double tokens = 0;
        std::uint64_t received = 0;  // by the kernel, when last looked
    };

    // With the mutex held.
    std::optional<WatchId> add(int fd, const Endpoint& remote, bool dialled);
    bool make_room(Ipv4 ip);
    void shut(WatchId id);
    void look_closely(WatchId id);
    void patrol();
    void look_at_all();
    bool look_at(Watch& watch, Instant now, Duration passed);

    mutable std::mutex mutex_;  // guards all that follows
    std::condition_variable called_;
    std::map<WatchId, Watch> watches_;
    std::set<WatchId> looked_at_;  // of these: strangers, and who has to end soon
    Complaints complaints_;
    std::uint64_t next_id_ = 1;
    std::size_t connections_max_;
    std::size_t strangers_max_;
    bool stopped_ = false;
    Instant looked_{};
    std::thread patrol_;
};

}  // namespace lanchat::link
