// The guard: keeps an eye on every TCP connection that was given to gRPC, through a second
// descriptor of its own, and cuts those that take what was not granted to them.
//
// gRPC 1.51.1 buffers HPACK and reset floods without bound (CVE-2023-33953, CVE-2023-44487), so the
// guard compares the bytes the kernel received with the bytes of valid frames that came out at the
// other end: the difference is a budget, tight before a valid greeting and wider after it.
//
// It looks from a thread of its own: whoever calls gRPC may be made to read for as long as bytes
// come, the loop too, and only the guard ends that.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "message/address.hpp"
#include "message/time.hpp"
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
    // address makes room, so that a flood from one address does not lock the others out.
    std::optional<WatchId> admit(int fd, const Endpoint& from);

    // Watches a connection that we opened ourselves.
    std::optional<WatchId> watch_dialled(int fd, const Endpoint& to);

    // The connection from `remote` that is accepted and still open.
    std::optional<WatchId> find(const Endpoint& remote) const;

    void greeted(WatchId id);
    void valid_frame(WatchId id, std::size_t bytes);
    void sent(WatchId id, std::size_t bytes);
    // Another call on the connection; false when there were too many and it was cut.
    bool another_call(WatchId id);
    // Cuts it now.
    void cut(WatchId id);
    // Whether it is still open, as far as was looked.
    bool watches(WatchId id) const;
    // The last call is over: the connection gets a second to end by itself.
    void over(WatchId id);

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
        int calls = 0;
        Instant since{};
        std::optional<Instant> end_by;
        double tokens = 0;
        std::uint64_t received = 0;  // by the kernel, when last looked
        std::uint64_t credit = 0;    // bytes accounted for since then
    };

    // With the mutex held.
    std::optional<WatchId> add(int fd, const Endpoint& remote, bool dialled);
    bool make_room(Ipv4 ip);
    void shut(WatchId id);
    void patrol();
    void look_at_all();
    bool look_at(Watch& watch, Instant now, Duration passed);

    mutable std::mutex mutex_;  // guards all that follows
    std::condition_variable called_;
    std::map<WatchId, Watch> watches_;
    std::map<Endpoint, WatchId> accepted_;
    std::uint64_t next_id_ = 1;
    std::size_t connections_max_;
    std::size_t strangers_max_;
    bool busy_ = false;  // somebody sends much or is a stranger: look more often
    bool stopped_ = false;
    Instant looked_{};
    std::thread patrol_;
};

}  // namespace lanchat::link
