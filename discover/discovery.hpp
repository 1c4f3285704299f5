// Discovery: looks for whoever could be there, sweep after sweep, and dials whom it is asked to.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "discover/pace.hpp"
#include "discover/prober.hpp"
#include "discover/targets.hpp"
#include "message/address.hpp"
#include "message/time.hpp"

namespace lanchat::discover {

struct Settings {
    std::vector<Cidr> cidrs;
    PortRange ports;
    std::vector<Endpoint> own;         // where we listen, the main one first
    std::vector<Endpoint> given;       // named by the user; tried even outside CIDRs and ports
    std::vector<Endpoint> remembered;  // tried only inside CIDRs and ports, or if given too
    bool scan = true;
    int scan_rate = 500;
    std::chrono::milliseconds probe_timeout{250};
    std::chrono::seconds rescan{60};
    std::uint64_t seed = 0;
};

// All are called on the loop's thread, from handlers of its own: never from within a member of
// Discovery. They may call any member, but not destroy the Discovery.
struct Hooks {
    // Asked just before each connect of a sweep; false skips the endpoint.
    std::function<bool(const Endpoint&)> wanted;
    // A connection, of a sweep or a dial. The socket is non-blocking and close-on-exec.
    std::function<void(const Endpoint&, asio::ip::tcp::socket)> found;
    // A dial that failed. Sweeps fail silently.
    std::function<void(const Endpoint&)> unreachable;
    // A whole sweep is over, and so are its probes.
    std::function<void()> swept;
};

// Sends nothing but TCP connects, and those only inside CIDRs x ports or to given endpoints.
// Between sweeps it sleeps on one timer. Loop thread only.
class Discovery {
  public:
    // `loop` must outlive the Discovery.
    Discovery(asio::io_context& loop, Settings settings, Hooks hooks);
    ~Discovery();
    Discovery(const Discovery&) = delete;
    Discovery& operator=(const Discovery&) = delete;

    // Once. The first sweep begins at once.
    void start();

    // A connect that matters: goes before whatever the sweep has left, and is reported exactly
    // once, as found or unreachable. Joins the probe that `endpoint` is already part of, if any.
    // Unreachable too when it is outside what may be dialled; before start() it waits for it.
    void dial(const Endpoint& endpoint);

    // Whether a connect is in flight or a dial is waiting.
    bool probing(const Endpoint& endpoint) const { return pursuits_.contains(endpoint); }

    // Looks in other ranges, from other addresses, from now on: a new sweep begins at once. What is
    // being dialled goes on.
    void move(std::vector<Cidr> cidrs, std::vector<Endpoint> own, std::vector<Endpoint> remembered);

    // Large ranges are shared with whom we have met: this node looks at the part `rank` of `of`,
    // and at that share of the pace, so that all together ask no more than one alone would.
    void share(std::size_t rank, std::size_t of);

    // Besides the given ones these are tried from now on, also outside CIDRs and ports, instead of
    // those that were named so before.
    void name(std::vector<Endpoint> named);

    struct Progress {
        std::uint64_t passed = 0;  // of the targets of this sweep
        std::uint64_t targets = 0;
        std::uint64_t sweeps = 0;  // that are over
        bool sweeping = false;
    };
    Progress progress() const;

    // Ends everything at once; no hook is called afterwards. Final.
    void stop();

    std::uint64_t target_count() const { return targets_.count(); }

  private:
    struct Pursuit {
        bool is_dial = false;
        bool is_of_sweep = false;
    };

    bool may_dial(const Endpoint& endpoint) const;
    void collect_known();
    void pump_soon();
    void pump();
    void start_dials(Instant now);
    void begin_sweep();
    void sweep(Instant now);
    bool sweep_next(Instant now);
    bool sweep_next_alive(Instant now);
    bool settle(const Endpoint& endpoint, Instant now);
    void end_sweep();
    std::optional<Endpoint> next_of_sweep();
    bool is_large() const;
    bool is_of_others(Ipv4 ip) const;
    bool is_due_elsewhere(const Endpoint& target) const;
    void note_alive(Ipv4 ip);
    bool start_probe(const Endpoint& endpoint, Purpose purpose, Instant now);
    void ended(const Endpoint& endpoint, Prober::Outcome outcome, asio::ip::tcp::socket socket);
    void refuse_soon(const Endpoint& endpoint);
    void wake_at(Instant when);
    void arm_timer();

    asio::io_context& loop_;
    Settings settings_;
    Hooks hooks_;
    Targets targets_;
    std::set<Endpoint> given_;  // and named
    std::vector<Endpoint> named_;
    std::vector<Endpoint> known_;  // remembered and given, which every sweep begins with
    std::set<Endpoint> is_known_;
    Prober prober_;
    SweepPause pause_;
    asio::steady_timer timer_;

    bool started_ = false;
    bool pump_posted_ = false;
    std::map<Endpoint, Pursuit> pursuits_;
    std::deque<Endpoint> waiting_dials_;  // each has a pursuit

    // A sweep takes turns between the targets in their order and the other ports of addresses that
    // answered: those are few, cost the network nothing, and are where nodes are.
    bool sweeping_ = false;
    Instant next_sweep_{};
    std::size_t known_position_ = 0;
    std::optional<Endpoint> candidate_;  // taken from the targets, not yet started
    std::set<Ipv4> alive_addresses_;     // ours, and those that answered in this sweep
    std::deque<Endpoint> alive_targets_;
    std::size_t sweep_probes_ = 0;  // in flight
    Instant sweep_began_{};
    Instant known_again_{};  // in a long sweep
    std::uint64_t sweeps_ = 0;
    std::size_t rank_ = 0;
    std::size_t of_ = 1;
    RatePace share_pace_;

    Instant wake_{};  // the earliest instant something is due, found by the pump
    Instant armed_{};
    std::shared_ptr<bool> alive_;  // handlers that outlive us look here first
};

}  // namespace lanchat::discover
