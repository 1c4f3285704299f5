// Connects are made with system calls, because asio neither sets CLOEXEC nor tells a full
// descriptor table from an unreachable target; asio waits for their end.
#include "discover/prober.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <asio/post.hpp>

#include "discover/interfaces.hpp"
#include "discover/steady.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat::discover {

namespace {

using asio::ip::tcp;

constexpr Duration first_short_pause = std::chrono::milliseconds{50};
constexpr Duration longest_short_pause = std::chrono::seconds{1};

std::error_code last_error() { return {errno, std::system_category()}; }

// Not the target's fault: this machine lacks descriptors, memory or ephemeral ports just now.
bool is_shortage(std::error_code error) {
    const std::initializer_list<int> shortages{EMFILE, ENFILE, ENOBUFS,      ENOMEM,
                                               ENOSPC, EAGAIN, EADDRNOTAVAIL};
    return std::ranges::find(shortages, error.value()) != shortages.end();
}

// The front door and the links need descriptors too.
std::size_t descriptors_to_use() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return limits::probes_in_flight_max;
    const auto share = std::max<rlim_t>(limit.rlim_cur / 4, 1);
    return static_cast<std::size_t>(std::min<rlim_t>(share, limits::probes_in_flight_max));
}

sockaddr_in to_sockaddr(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(endpoint.ip.bits);
    return address;
}

// Sockets are not polymorphic; the API wants the cast.
const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

bool set_option(int descriptor, int level, int name, const auto& value) {
    return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

// On: close() leaves no TIME_WAIT and no half-open connection at the other end.
bool set_reset_on_close(int descriptor, bool on) {
    return set_option(descriptor, SOL_SOCKET, SO_LINGER, linger{on ? 1 : 0, 0});
}

std::error_code pending_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
    return {error, std::system_category()};
}

// TCP lets a socket connect to itself when the kernel happens to give it the target's port as its
// own (both inside the ephemeral range); that is nobody. Neither is a connection that was reset
// before we looked.
std::error_code check_connection(const tcp::socket& socket) {
    std::error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    const auto local = gone ? remote : socket.local_endpoint(gone);
    if (gone || local == remote) return std::make_error_code(std::errc::connection_refused);
    return {};
}

// When the loop was held up, an answer may have come that we have not been told of yet.
std::error_code overdue_error(tcp::socket& socket) {
    std::error_code unconnected;
    static_cast<void>(socket.remote_endpoint(unconnected));
    if (!unconnected) return {};
    const auto error = pending_error(socket.native_handle());
    return error ? error : std::make_error_code(std::errc::timed_out);
}

Prober::Outcome outcome_of(std::error_code error) {
    if (!error) return Prober::Outcome::connected;
    if (error == std::errc::connection_refused || error == std::errc::connection_reset) {
        return Prober::Outcome::refused;
    }
    if (error == std::errc::timed_out) return Prober::Outcome::timed_out;
    return Prober::Outcome::unreachable;
}

}  // namespace

Prober::Prober(asio::io_context& loop, ProberSettings settings, Ended ended)
    : loop_(loop),
      settings_(std::move(settings)),
      ended_(std::move(ended)),
      in_flight_max_(descriptors_to_use()),
      pace_(settings_.rate),
      timer_(loop),
      short_pause_(first_short_pause),
      alive_(std::make_shared<bool>(true)) {}

Prober::~Prober() { stop(); }

std::optional<Instant> Prober::earliest(const Endpoint& target, Purpose purpose, Instant now) {
    if (short_until_ > now) return short_until_;
    if (probes_.size() >= in_flight_max_) return std::nullopt;
    if (target.ip.is_loopback()) return now;
    return std::max(pace_.earliest(now), budget_.earliest(target.ip, purpose, now));
}

bool Prober::start(const Endpoint& target, Instant now) {
    LANCHAT_ASSERT(*alive_);
    LANCHAT_ASSERT(!probing(target));
    tcp::socket socket(loop_);
    bool short_of_something = false;
    auto error = open(socket, target.ip, short_of_something);
    if (!error && !short_of_something) {
        const auto address = to_sockaddr(target);
        if (::connect(socket.native_handle(), generic(address), sizeof address) != 0) {
            error = last_error();
        }
        short_of_something = is_shortage(error);
    }
    if (short_of_something) {
        run_short(now);
        return false;
    }
    short_pause_ = first_short_pause;
    if (!target.ip.is_loopback()) pace_.spend(now);
    budget_.tried(target.ip, now);

    const auto deadline = now + Duration{settings_.timeout};
    const auto serial = ++last_serial_;
    auto& probe = probes_.emplace(target, Probe{std::move(socket), serial, deadline}).first->second;
    deadlines_.emplace(deadline, target);
    arm_timer();
    if (error == std::errc::operation_in_progress) {
        await(target, probe);
    } else {
        conclude_soon(target, serial, error);
    }
    return true;
}

void Prober::stop() {
    *alive_ = false;
    probes_.clear();
    deadlines_.clear();
    timer_.cancel();
}

// An error that is returned without a shortage is the target's outcome, e.g. no route.
std::error_code Prober::open(tcp::socket& socket, Ipv4 target, bool& short_of_something) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    std::error_code error;
    if (descriptor < 0) {
        short_of_something = true;
        return last_error();
    }
    socket.assign(tcp::v4(), descriptor, error);
    if (error) {
        ::close(descriptor);
        short_of_something = true;
        return error;
    }
    set_reset_on_close(descriptor, true);
    const auto source = source_for(target, settings_.cidrs, settings_.own);
    if (!source) return error;
    // The port is chosen at connect(), when the kernel knows which pairs are taken.
    set_option(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const auto address = to_sockaddr({*source, 0});
    if (::bind(descriptor, generic(address), sizeof address) == 0) return error;
    // Our address may be gone with its interface (EADDRNOTAVAIL): waiting would not bring it back.
    return last_error();
}

void Prober::run_short(Instant now) {
    short_until_ = now + short_pause_;
    short_pause_ = std::min(short_pause_ * 2, longest_short_pause);
}

void Prober::await(const Endpoint& target, Probe& probe) {
    const auto serial = probe.serial;
    probe.socket.async_wait(tcp::socket::wait_write,
                            [this, alive = alive_, target, serial](std::error_code) {
                                if (*alive) writable(target, serial);
                            });
}

void Prober::conclude_soon(const Endpoint& target, std::uint64_t serial, std::error_code error) {
    asio::post(loop_, [this, alive = alive_, target, serial, error] {
        if (*alive) conclude(target, serial, error);
    });
}

void Prober::writable(const Endpoint& target, std::uint64_t serial) {
    const auto probe = probes_.find(target);
    if (probe == probes_.end() || probe->second.serial != serial) return;
    conclude(target, serial, pending_error(probe->second.socket.native_handle()));
}

void Prober::conclude(const Endpoint& target, std::uint64_t serial, std::error_code error) {
    const auto probe = probes_.find(target);
    if (probe == probes_.end() || probe->second.serial != serial) return;
    auto socket = std::move(probe->second.socket);
    deadlines_.erase({probe->second.deadline, target});
    probes_.erase(probe);
    report(target, std::move(socket), error);
}

void Prober::report(const Endpoint& target, tcp::socket socket, std::error_code error) {
    if (!error) error = check_connection(socket);
    const auto outcome = outcome_of(error);
    if (outcome == Outcome::connected || outcome == Outcome::refused) {
        budget_.answered(target.ip, steady_now());
    }
    if (outcome == Outcome::connected) {
        socket.cancel(error);  // our wait, if the timer was faster than the reactor
        set_reset_on_close(socket.native_handle(), false);
    } else {
        socket.close(error);
    }
    ended_(target, outcome, std::move(socket));
}

// All probes take equally long, so the timer that is armed is never too late.
void Prober::arm_timer() {
    if (timer_armed_ || deadlines_.empty()) return;
    timer_armed_ = true;
    timer_.expires_at(deadlines_.begin()->first);
    timer_.async_wait([this, alive = alive_](std::error_code) {
        if (!*alive) return;
        timer_armed_ = false;
        give_up_overdue();
        if (*alive) arm_timer();
    });
}

void Prober::give_up_overdue() {
    const auto now = steady_now();
    while (*alive_ && !deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto target = deadlines_.begin()->second;
        Probe& probe = probes_.at(target);
        conclude(target, probe.serial, overdue_error(probe.socket));
    }
}

}  // namespace lanchat::discover
