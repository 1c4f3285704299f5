// The prober: opens TCP connections to see who is there, without harm to us or to the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "discover/on_link_budget.hpp"
#include "discover/pace.hpp"
#include "message/address.hpp"
#include "message/time.hpp"

namespace lanchat::discover {

struct ProberSettings {
    std::vector<Cidr> cidrs;  // to choose the source address by
    std::vector<Ipv4> own;    // the addresses we listen on
    int rate = 500;           // connects per second, loopback not counted
    std::chrono::milliseconds timeout{250};
};

// Loop thread only. Sends nothing but TCP connects, each bound to the listening address that fits.
// Three brakes: probes in flight, rate, and silent neighbours. A machine short of descriptors or
// ports makes the prober wait, never give a target up.
class Prober {
  public:
    enum class Outcome { connected, refused, unreachable, timed_out };
    // The socket is open if, and only if, it is connected; it is non-blocking and close-on-exec.
    using Ended = std::function<void(const Endpoint&, Outcome, asio::ip::tcp::socket)>;

    // `loop` must outlive the prober. `ended` may call anything, but not destroy the prober.
    Prober(asio::io_context& loop, ProberSettings settings, Ended ended);
    ~Prober();
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // From when `target` may be probed; `now` if at once; nothing: when another probe has ended.
    std::optional<Instant> earliest(const Endpoint& target, Purpose purpose, Instant now);

    // Begins a probe; `ended` is called for it once, never from within. False if the machine is
    // short of something: ask earliest() again. Preconditions: earliest() for a dial said `now`,
    // and `target` is not being probed.
    [[nodiscard]] bool start(const Endpoint& target, Instant now);

    // Connects from other addresses from now on.
    void move(std::vector<Cidr> cidrs, std::vector<Ipv4> own) {
        settings_.cidrs = std::move(cidrs);
        settings_.own = std::move(own);
    }

    bool probing(const Endpoint& target) const { return probes_.contains(target); }
    std::size_t in_flight() const { return probes_.size(); }

    // Ends all probes at once; `ended` is never called again.
    void stop();

  private:
    struct Probe {
        asio::ip::tcp::socket socket;
        std::uint64_t serial;
        Instant deadline;
    };

    std::error_code open(asio::ip::tcp::socket& socket, Ipv4 target, bool& short_of_something);
    void run_short(Instant now);
    void await(const Endpoint& target, Probe& probe);
    void conclude_soon(const Endpoint& target, std::uint64_t serial, std::error_code error);
    void writable(const Endpoint& target, std::uint64_t serial);
    void conclude(const Endpoint& target, std::uint64_t serial, std::error_code error);
    void report(const Endpoint& target, asio::ip::tcp::socket socket, std::error_code error);
    void arm_timer();
    void give_up_overdue();

    asio::io_context& loop_;
    ProberSettings settings_;
    Ended ended_;
    std::size_t in_flight_max_;
    RatePace pace_;
    OnLinkBudget budget_;
    std::map<Endpoint, Probe> probes_;
    std::set<std::pair<Instant, Endpoint>> deadlines_;
    asio::steady_timer timer_;
    bool timer_armed_ = false;
    std::uint64_t last_serial_ = 0;
    Instant short_until_{};
    Duration short_pause_;
    std::shared_ptr<bool> alive_;  // handlers that outlive us look here first
};

}  // namespace lanchat::discover
