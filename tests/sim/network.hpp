// The simulated network: hosts, connections with delay, bandwidth and flow control, and their ends.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/room_io.hpp"
#include "message/address.hpp"
#include "message/rng.hpp"
#include "tests/sim/marks.hpp"
#include "tests/sim/schedule.hpp"

namespace lanchat::sim {

using controller::End;

// One end of a connection; side 0 dialled it.
struct Plug {
    std::uint32_t wire = 0;
    int side = 0;

    auto operator<=>(const Plug&) const = default;
    Plug other() const { return {wire, 1 - side}; }
    std::uint64_t number() const { return std::uint64_t{wire} * 2 + static_cast<unsigned>(side); }
};

// Whoever holds plugs: a process on some host. Calls come from the schedule, never from within a
// call to the network.
class Party {
  public:
    virtual ~Party() = default;
    virtual void accepted(Plug plug, Endpoint from) = 0;
    virtual void arrived(Plug plug, const std::string& bytes) = 0;
    virtual void drained(Plug plug) = 0;
    // By the other side; nothing follows. `no_tls`: it answered in plain text.
    virtual void ended(Plug plug, End end) = 0;
};

// How a host is connected.
struct Pipe {
    double bytes_per_us = 10;
    std::size_t window_bytes = 256 * 1024;
};

struct Weather {
    Duration delay_min{50};
    Duration delay_max{1000};
    Pipe pipe;
};

// TCP in the large: in order, nothing lost, but silent for as long as a path is cut; what a cut has
// held back arrives after it heals, if anybody is still there.
class Network {
  public:
    Network(Schedule& schedule, Marks& marks, std::uint64_t seed, Weather weather);

    void listen(Endpoint where, Party& party);
    void close(Endpoint where);
    bool listens(Endpoint where) const { return listeners_.contains(where); }

    Plug dial(Party& party, Ipv4 from, Endpoint to, bool encrypted = false);
    bool encrypted(Plug plug) const { return wires_[plug.wire]->encrypted; }
    // The acceptor of an encrypted connection speaks plain text only, and hangs up.
    void answer_plain(Plug plug) {
        wires_[plug.wire]->answered_plain = true;
        reset(plug);
    }
    void send(Plug plug, std::string bytes);  // drained() when it has left
    void consumed(Plug plug, std::size_t bytes);
    void finish(Plug plug);  // in good order; ended() follows when both sides are done
    void reset(Plug plug);   // at once; nothing follows here
    void probe(Ipv4 from, Endpoint to, const std::function<void(bool open)>& answer);

    // The transport's own keepalive: ended(broken) once the path is cut for so long.
    void watch(Plug plug, Duration patience);
    // Whether the other side's host answers for this connection.
    bool answers(Plug plug) const;

    // The process dies; its kernel ends its connections, or (power cut) nobody does.
    void crash(const Party& party, bool power_cut);
    void set_host_down(Ipv4 host, bool down);
    void cut(Ipv4 from, Ipv4 to);
    void heal(Ipv4 from, Ipv4 to);
    void heal_all();  // but what is cut for good
    void cut_for_good(Ipv4 from, Ipv4 to);
    void join_all();  // heals even that
    bool apart(Ipv4 a, Ipv4 b) const {
        return lasting_.contains({a, b}) || lasting_.contains({b, a});
    }
    void set_pipe(Ipv4 host, Pipe pipe) { pipes_[host] = pipe; }

    // Calls `visit(dialler, acceptor)` for each connection that both sides hold open.
    void each_open(const std::function<void(const Party&, const Party&)>& visit) const;

  private:
    enum class Kind { syn, data, window, fin, status, reset };
    struct Packet {
        Kind kind;
        std::string bytes;
        std::size_t credit = 0;
        Instant ready{};
    };
    struct Side {
        Party* owner = nullptr;
        Ipv4 host;
        bool open = false;
        bool finishing = false;
        bool sending = false;
        std::size_t unread = 0;          // left here and not consumed there
        std::list<std::string> waiting;  // most are empty: a deque would not be small then
        std::list<Packet> under_way;
        Instant last_arrival{};
    };
    struct Wire {
        std::array<Side, 2> sides;
        Endpoint from;
        Endpoint to;
        const Duration* base_delay = nullptr;
        bool encrypted = false;
        bool answered_plain = false;
    };
    using Path = std::pair<Ipv4, Ipv4>;

    Wire* find(std::uint32_t wire) { return wires_[wire].get(); }
    template <class Visit>
    void each_wire(const Visit& visit) const {
        for (std::uint32_t number = 0; number < wires_.size(); ++number)
            if (wires_[number]) visit(number, *wires_[number]);
    }
    Side* open_side(Plug plug);
    void start_sending(Plug plug);
    void launch(Plug from, Packet packet);
    void deliver(Plug from);
    void handle(Plug to, const Packet& packet);
    void arrive_syn(Plug to);
    void end(Plug plug, End end);
    bool blocked(Ipv4 from, Ipv4 to) const;
    void retransmit(Ipv4 from, Ipv4 to);
    const Duration& base_delay(Ipv4 from, Ipv4 to);
    Duration jittered(Duration base);
    const Pipe& pipe(Ipv4 host) const;

    Schedule& schedule_;
    Marks& marks_;
    Rng rng_;
    Weather weather_;
    std::map<Ipv4, Pipe> pipes_;
    std::map<Path, Duration> delays_;
    std::map<Endpoint, Party*> listeners_;
    std::vector<std::unique_ptr<Wire>> wires_;  // by number; null: it is gone
    std::map<Path, Instant> cuts_;              // since when
    std::set<Path> lasting_;
    std::map<Ipv4, Instant> down_;
    std::uint16_t next_port_ = 40'000;
};

}  // namespace lanchat::sim
