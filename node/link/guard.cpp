// Byte budgets and deadlines of connections.
#include "node/link/guard.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "message/limits.hpp"
#include "node/link/tcp_state.hpp"

namespace lanchat::link {
namespace {

using namespace std::chrono_literals;

constexpr auto busy_interval = 20ms;
constexpr auto calm_interval = 200ms;
constexpr std::size_t busy_bytes = 65'536;        // in one interval
constexpr std::size_t frame_overhead_bytes = 64;  // HTTP/2 and gRPC framing of one message
constexpr std::size_t reserved_fds = 64;          // what the rest of the program needs
constexpr std::size_t fds_per_connection = 2;     // gRPC's and ours
constexpr int calls_max = 4;                      // on one connection, ever
constexpr auto keepalive_fresh = 2600ms;          // see sockets.cpp: a probe every 2 s

Instant steady_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

std::size_t connections_allowed() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    const auto fds = std::max<std::size_t>(files.rlim_cur, reserved_fds + 16);
    return std::min(limits::connections_max, (fds - reserved_fds) / fds_per_connection);
}

}  // namespace

Guard::Guard()
    : connections_max_(connections_allowed()),
      strangers_max_(std::min(limits::strangers_max, connections_max_ / 2)),
      patrol_([this] { patrol(); }) {}

std::optional<Guard::WatchId> Guard::admit(int fd, const Endpoint& from) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || watches_.size() >= connections_max_ || !make_room(from.ip)) return std::nullopt;
    // One remote may come to two addresses of ours from the same port. gRPC tells us the remote
    // only, so the second would take the first one's place here, and be cut for never greeting.
    const auto known = accepted_.find(from);
    if (known != accepted_.end()) {
        const auto other = watches_.find(known->second);
        const auto state =
            other == watches_.end() ? std::nullopt : tcp_state(other->second.fd.get());
        if (state && !state->closed) return std::nullopt;
    }
    const auto id = add(fd, from, false);
    if (id) accepted_[from] = *id;
    return id;
}

std::optional<Guard::WatchId> Guard::watch_dialled(int fd, const Endpoint& to) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || watches_.size() >= connections_max_) return std::nullopt;
    return add(fd, to, true);
}

std::optional<Guard::WatchId> Guard::add(int fd, const Endpoint& remote, bool dialled) {
    Watch watch;
    watch.fd = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!watch.fd) return std::nullopt;
    watch.remote = remote;
    watch.dialled = dialled;
    watch.since = steady_now();
    watch.tokens = limits::stranger_burst_bytes;
    const WatchId id{next_id_++};
    watches_.emplace(id, std::move(watch));
    busy_ = true;
    called_.notify_one();
    return id;
}

bool Guard::make_room(Ipv4 ip) {
    std::map<Ipv4, std::size_t> strangers;
    std::size_t total = 0;
    for (const auto& [id, watch] : watches_) {
        if (watch.dialled || watch.greeted) continue;
        ++strangers[watch.remote.ip];
        ++total;
    }
    if (!ip.is_loopback() && strangers[ip] >= limits::strangers_per_ip_max) return false;
    if (total < strangers_max_) return true;
    const auto crowded =
        std::ranges::max_element(strangers, {}, [](const auto& counted) { return counted.second; });
    const auto oldest = std::ranges::find_if(watches_, [&](const auto& known) {
        const Watch& watch = known.second;
        return !watch.dialled && !watch.greeted && watch.remote.ip == crowded->first;
    });
    shut(oldest->first);
    accepted_.erase(oldest->second.remote);
    watches_.erase(oldest);
    return true;
}

std::optional<Guard::WatchId> Guard::find(const Endpoint& remote) const {
    const std::lock_guard lock(mutex_);
    const auto it = accepted_.find(remote);
    if (it == accepted_.end()) return std::nullopt;
    return it->second;
}

void Guard::greeted(WatchId id) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end() || it->second.greeted) return;
    it->second.greeted = true;
    it->second.tokens = limits::member_burst_bytes;
}

void Guard::valid_frame(WatchId id, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    // DATA frames carry at most 16 KiB each behind 9 bytes of header.
    if (it != watches_.end()) it->second.credit += bytes + bytes / 1024 + frame_overhead_bytes;
}

void Guard::sent(WatchId id, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    // What we send comes back as window updates and ping answers.
    if (it != watches_.end()) it->second.credit += bytes / 256 + frame_overhead_bytes;
}

bool Guard::another_call(WatchId id) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return false;
    if (++it->second.calls <= calls_max) return true;
    shut(id);
    return false;
}

void Guard::over(WatchId id) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return;
    it->second.end_by = steady_now() + 1s;
}

void Guard::cut(WatchId id) {
    const std::lock_guard lock(mutex_);
    shut(id);
}

bool Guard::watches(WatchId id) const {
    const std::lock_guard lock(mutex_);
    return watches_.contains(id);
}

void Guard::shut(WatchId id) {
    const auto it = watches_.find(id);
    if (it != watches_.end()) shutdown(it->second.fd.get(), SHUT_RDWR);
}

bool Guard::alive(WatchId id) const {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return false;
    const auto state = tcp_state(it->second.fd.get());
    return state && state->established && state->since_last_ack < keepalive_fresh;
}

void Guard::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (const auto& [id, watch] : watches_) shutdown(watch.fd.get(), SHUT_RDWR);
        watches_.clear();
        accepted_.clear();
    }
    called_.notify_one();
    if (patrol_.joinable()) patrol_.join();
}

// Who comes while it is calm is looked at as soon as they could have sent much.
void Guard::patrol() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (watches_.empty()) looked_ = {};
        called_.wait(lock, [this] { return stopped_ || !watches_.empty(); });
        if (looked_ == Instant{}) looked_ = steady_now();
        called_.wait_for(lock, calm_interval, [this] { return stopped_ || busy_; });
        called_.wait_for(lock, busy_interval, [this] { return stopped_; });
        if (!stopped_) look_at_all();
    }
}

void Guard::look_at_all() {
    const Instant now = steady_now();
    const Duration passed = now - std::exchange(looked_, now);
    busy_ = false;
    for (auto it = watches_.begin(); it != watches_.end();) {
        if (look_at(it->second, now, passed)) {
            ++it;
            continue;
        }
        const auto known = accepted_.find(it->second.remote);
        if (known != accepted_.end() && known->second == it->first) accepted_.erase(known);
        it = watches_.erase(it);
    }
}

// False when the connection is over, one way or the other.
bool Guard::look_at(Watch& watch, Instant now, Duration passed) {
    const auto state = tcp_state(watch.fd.get());
    if (!state || state->closed) return false;
    const std::uint64_t fresh = state->bytes_received - watch.received;
    watch.received = state->bytes_received;
    const auto rate = watch.greeted ? limits::member_bytes_per_s : limits::stranger_bytes_per_s;
    const auto burst = watch.greeted ? limits::member_burst_bytes : limits::stranger_burst_bytes;
    const double refill = static_cast<double>(rate) * std::chrono::duration<double>(passed).count();
    watch.tokens += refill + static_cast<double>(std::exchange(watch.credit, 0));
    watch.tokens -= static_cast<double>(fresh);
    watch.tokens = std::min(watch.tokens, static_cast<double>(burst));
    const bool stranger = !watch.dialled && !watch.greeted;
    busy_ |= stranger || fresh > busy_bytes;
    const bool late = (stranger && now - watch.since >= limits::greeting_timeout) ||
                      (watch.end_by && now >= *watch.end_by);
    if (watch.tokens >= 0 && !late) return true;
    if (watch.tokens < 0) spdlog::warn("cut off {}: floods us", to_string(watch.remote));
    shutdown(watch.fd.get(), SHUT_RDWR);
    return false;
}

}  // namespace lanchat::link
