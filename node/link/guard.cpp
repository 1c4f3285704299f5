// Places, deadlines and byte budgets of connections.
#include "node/link/guard.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "message/limits.hpp"
#include "node/link/steady.hpp"
#include "node/link/tcp_state.hpp"

namespace lanchat::link {
namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 20ms;
constexpr std::size_t fds_reserved = 64;       // what the rest of the program needs
constexpr std::size_t fds_per_connection = 4;  // its socket, ours of that, and a pair up to gRPC
constexpr Duration room_after = 1s;            // a stranger's time before others take its place
constexpr auto keepalive_fresh = 2600ms;       // see sockets.cpp: a probe every 2 s

// Of what is not reserved a quarter is left for probes, or as many as there are at most.
std::size_t connections_allowed() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    const auto fds = std::max<std::size_t>(files.rlim_cur, fds_reserved + 64) - fds_reserved;
    const auto probes = std::min(limits::probes_in_flight_max, fds / 4);
    return std::min(limits::connections_max, (fds - probes) / fds_per_connection);
}

void tell(const std::optional<std::string>& words) {
    if (words) spdlog::warn("{}", *words);
}

}  // namespace

Guard::Guard()
    : connections_max_(connections_allowed()),
      strangers_max_(std::min(limits::strangers_max, connections_max_ / 2)),
      patrol_([this] { patrol(); }) {}

std::optional<Guard::WatchId> Guard::admit(int fd, const Endpoint& from) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || watches_.size() >= connections_max_ || !make_room(from.ip)) return std::nullopt;
    return add(fd, from, false);
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
    look_closely(id);
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
    if (crowded->first == ip && steady_now() - oldest->second.since < room_after) return false;
    shut(oldest->first);
    looked_at_.erase(oldest->first);
    watches_.erase(oldest);
    return true;
}

void Guard::greeted(WatchId id) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return;
    it->second.greeted = true;
    if (!it->second.end_by) looked_at_.erase(id);
}

void Guard::over(WatchId id) {
    const std::lock_guard lock(mutex_);
    const auto it = watches_.find(id);
    if (it == watches_.end()) return;
    it->second.end_by = steady_now() + 1s;
    look_closely(id);
}

void Guard::gone(WatchId id) {
    const std::lock_guard lock(mutex_);
    watches_.erase(id);
    looked_at_.erase(id);
}

void Guard::complain(const Endpoint& from, std::string_view why) {
    const std::lock_guard lock(mutex_);
    tell(complaints_.add(from, why, steady_now()));
    called_.notify_one();
}

void Guard::cut(WatchId id) {
    const std::lock_guard lock(mutex_);
    shut(id);
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
        looked_at_.clear();
    }
    called_.notify_one();
    if (patrol_.joinable()) patrol_.join();
}

void Guard::look_closely(WatchId id) {
    looked_at_.insert(id);
    called_.notify_one();
}

void Guard::patrol() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (looked_at_.empty()) {
            looked_ = {};
            const auto woken = [this] { return stopped_ || !looked_at_.empty(); };
            if (complaints_.has_more())
                called_.wait_for(lock, limits::complaint_interval, woken);
            else
                called_.wait(lock, [&] { return woken() || complaints_.has_more(); });
        } else {
            called_.wait_for(lock, look_interval, [this] { return stopped_; });
        }
        if (stopped_) return;
        tell(complaints_.due(steady_now()));
        look_at_all();
    }
}

void Guard::look_at_all() {
    if (looked_at_.empty()) return;
    const Instant now = steady_now();
    if (looked_ == Instant{}) looked_ = now;
    const Duration passed = now - std::exchange(looked_, now);
    for (auto it = looked_at_.begin(); it != looked_at_.end();) {
        const auto watch = watches_.find(*it);
        if (look_at(watch->second, now, passed)) {
            ++it;
            continue;
        }
        watches_.erase(watch);
        it = looked_at_.erase(it);
    }
}

// False when the connection is over, one way or the other.
bool Guard::look_at(Watch& watch, Instant now, Duration passed) {
    const auto state = tcp_state(watch.fd.get());
    if (!state || state->closed) return false;
    const bool is_stranger = !watch.dialled && !watch.greeted;
    const bool is_late = (is_stranger && now - watch.since >= limits::greeting_timeout) ||
                         (watch.end_by && now >= *watch.end_by);
    if (!watch.greeted) {
        const double refill = static_cast<double>(limits::stranger_bytes_per_s) *
                              std::chrono::duration<double>(passed).count();
        const auto fresh =
            state->bytes_received - std::exchange(watch.received, state->bytes_received);
        watch.tokens = std::min(watch.tokens + refill - static_cast<double>(fresh),
                                static_cast<double>(limits::stranger_burst_bytes));
    }
    if (watch.tokens >= 0 && !is_late) return true;
    if (watch.tokens < 0)
        tell(complaints_.add(watch.remote, "more bytes than a greeting needs", now));
    shutdown(watch.fd.get(), SHUT_RDWR);
    return false;
}

}  // namespace lanchat::link
