// What time it is, and which lines come at odd times.
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

constexpr std::int64_t set_ms_least = 1'000;  // less is drift, and a clock that is being slewed

// Whether the wall clock has not gone on as our steady one did.
bool was_set_since(Now before, Now now) {
    return std::abs(ahead_of_steady_ms(now) - ahead_of_steady_ms(before)) >= set_ms_least;
}

}  // namespace

void Room::take_wall(const Peer& peer, const Frame& frame, Instant now) {
    if (frame.wall && peer.up) walls_.told(peer.key.node, *frame.wall, now);
}

// It costs 9 bytes, and no frame of its own: who is silent is pinged. A clock that was set is told
// with what is dated by it.
void Room::add_wall(Link& link, Frame& frame, Now now) {
    if (!link.person || link.person->legacy) return;
    const auto& told = link.wall_told;
    const bool is_due = !told || now.steady - told->steady >= limits::wall_told_interval ||
                        was_set_since(*told, now);
    if (!is_due && !frame.ping) return;
    frame.wall = Clock::at(now.wall).time();  // whatever it shows
    link.wall_told = now;
}

Arriving Room::arriving(const Peer* bringer, const Extent& before, const LogId& log,
                        Now now) const {
    Seq missed = 0;
    for (const Peer* peer : {bringer, speaker_of(log)}) {
        if (peer == nullptr) continue;
        const auto had = peer->logs.backlog.find(log);
        if (had != peer->logs.backlog.end()) missed = std::max(missed, had->second);
    }
    const Believed believed = walls_.at(now);
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - started_);
    return {bringer, before, missed, believed, now, WallTime{believed.time.ms - age.count()}};
}

// Whether lines are shown already that come after it in the order of all lines. What is dated later
// than can be believed would make all others late.
bool Room::is_late(const Entry& entry, const Believed& now) {
    const Order order{entry.clock, {entry.log, entry.seq}};
    if (newest_shown_ && newest_shown_->first.time() > now.latest) newest_shown_.reset();
    if (newest_shown_ && order < *newest_shown_) return true;
    if (entry.clock.time() <= now.latest) newest_shown_ = order;
    return false;
}

}  // namespace lanchat::controller
