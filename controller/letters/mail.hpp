// Direct messages (log.md 27): logs of two devices, of which nobody else hears anything. They are
// told, asked for and given like public ones, but only over the link of the two.
#pragma once

#include <cstdint>
#include <vector>

#include "controller/facts.hpp"
#include "controller/letters/letters.hpp"
#include "controller/letters/needs.hpp"
#include "controller/letters/peer.hpp"
#include "controller/peers.hpp"
#include "controller/room_io.hpp"
#include "controller/wall_time.hpp"

namespace lanchat::controller::letters {

// Thread: the loop.
class Mail {
  public:
    // `push`: letters go unasked to whom we are linked with. `secret` is random.
    Mail(const Self&, const WallTimes&, bool push, std::uint64_t secret, Needs&, Peers<Peer>&);

    // --- frames
    // Whether a frame of that peer, or to it, names no direct log but those of the two. Who speaks
    // of others is up to no good. It is not told whether there are any.
    bool may_take(const Member&, const Frame&) const;
    // Letters, and heads of their logs: no digest tells of those.
    void fill(Peer&, Frame&) const;

    // --- peers
    void began(const Member&, Peer&) const;  // over another link
    void list(const Member&, Peer&) const;   // all logs of the two are to be told
    // The one place that decides who may hear of a log.
    bool may_tell(const Member& who, const LogId& log) const {
        return !log.is_direct() || is_between_us(who, log);
    }

    // --- own letters
    void say(const Say&, Now, Effects&);
    void take_back(const Dropped&, Now, Effects&);
    std::vector<RunPtr> seal_all() { return own_.seal(); }
    bool is_own(const LogId& log) const { return own_.is_own(log); }
    LineId next_line(const DeviceId& to) const { return own_.next_line(to); }
    void turn_page(std::uint64_t secret) { own_.turn_page(secret); }
    // They are with all who are here; who is away gets them when we meet again.
    bool all_delivered() const;

    // It is on our disk: what is said here goes to the one it is for, what we heard is
    // acknowledged. It leaves with go_on().
    void spread(const RunPtr&, Instant now);
    void go_on(Now, Effects&);

  private:
    Entry add(Entry, const Believed&);
    bool is_private(const Member&) const;
    bool is_between_us(const Member&, const LogId&) const;
    void push(const Member&, Peer&, const RunPtr&, Instant now);
    static void fill_runs(Peer&, Frame&);

    const Self& self_;
    const WallTimes& walls_;
    bool push_;
    Needs& needs_;
    Peers<Peer>& peers_;
    Letters own_;
};

}  // namespace lanchat::controller::letters
