// What is said to one device alone, from here to there.
#include "controller/letters/mail.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller::letters {

Mail::Mail(const Self& self, const WallTimes& walls, bool push, std::uint64_t secret, Needs& needs,
           Peers<Peer>& peers)
    : self_(self),
      walls_(walls),
      push_(push),
      needs_(needs),
      peers_(peers),
      own_(self.key, secret, self.salts) {}

// Whether what goes there is read by nobody else, and it is who it says: only an encrypted link
// proves that.
bool Mail::is_private(const Member& who) const { return self_.tls && !who.key.legacy; }

bool Mail::is_between_us(const Member& who, const LogId& log) const {
    return is_between(log, self_.device(), who.device) && is_private(who);
}

bool Mail::may_take(const Member& who, const Frame& frame) const {
    const auto is_fine = [&](const LogId& log) { return may_tell(who, log); };
    return std::ranges::all_of(frame.runs,
                               [&](const RunPtr& run) { return is_fine(run->log()); }) &&
           std::ranges::all_of(frame.proofs, is_fine, &Fork::log) &&
           std::ranges::all_of(frame.have, is_fine, &Head::log) &&
           std::ranges::all_of(frame.want, is_fine, &Want::log) &&
           std::ranges::all_of(frame.lacks, is_fine, &Lack::log) &&
           std::ranges::all_of(frame.bodies, is_fine, &GivenBodies::log);
}

// It leaves once it is on our disk, so that no line to one device is ever lost or said twice.
void Mail::say(const Say& say, Now now, Effects& out) {
    if (say.to == self_.device()) return;
    const Believed believed = walls_.at(now);
    if (own_.is_full(say.to)) needs_.seal(out);
    needs_.said_directly(say, add(line_of(say, self_.name), believed), believed, now, out);
    needs_.seal_soon(now.steady);
}

void Mail::take_back(const Dropped& what, Now now, Effects& out) {
    if (own_.is_full(what.line.log.to)) needs_.seal(out);
    Entry entry = drop_of(what);
    entry.room = general_room;
    entry.name = self_.name;
    add(std::move(entry), walls_.at(now));
    needs_.seal_soon(now.steady);
}

Entry Mail::add(Entry entry, const Believed& now) {
    const DeviceId to = entry.log.to;
    entry.clock = needs_.next_clock(now);
    if (own_.next_line(to).seq == 1) entry.previous = needs_.end_of_log_to(to);
    return own_.add(std::move(entry));
}

void Mail::spread(const RunPtr& run, Instant now) {
    for (const auto& [who, peer] : peers_) {
        if (!who.up || !is_between_us(who, run->log())) continue;
        if (own_.is_own(run->log())) {
            push(who, peers_.touch(who.key)->state, run, now);
        } else {
            needs_.tell_of(who.key, run->log(), now);
        }
    }
}

// Who is too slow for that is told, and asks when it has time.
void Mail::push(const Member& who, Peer& peer, const RunPtr& run, Instant now) {
    if (!push_ || peer.unsent_bytes + run->byte_count() > limits::window_bytes_max)
        return needs_.tell_of(who.key, run->log(), now);
    peer.unsent.push_back(run);
    peer.unsent_bytes += run->byte_count();
}

void Mail::go_on(Now now, Effects& out) {
    for (const auto& [who, peer] : peers_)
        if (!peer.unsent.empty()) needs_.pump(who.key, now, out);
}

void Mail::fill(Peer& peer, Frame& frame) const {
    fill_runs(peer, frame);
    while (!peer.unlisted.empty() && frame.have.size() < limits::heads_per_frame) {
        const LogId log = *peer.unlisted.begin();
        peer.unlisted.erase(peer.unlisted.begin());
        needs_.add_head(frame, log);
    }
    frame.listing = !frame.have.empty();
}

void Mail::fill_runs(Peer& peer, Frame& frame) {
    std::size_t bytes = 0;
    for (const RunPtr& run : frame.runs) bytes += run->byte_count();
    while (!peer.unsent.empty() && frame.runs.size() < limits::frame_runs_max) {
        const std::size_t more = peer.unsent.front()->byte_count();
        bytes += more;
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(std::move(peer.unsent.front()));
        peer.unsent.pop_front();
        peer.unsent_bytes -= more;
    }
}

void Mail::began(const Member& who, Peer& peer) const {
    peer.unsent.clear();
    peer.unsent_bytes = 0;
    list(who, peer);
}

void Mail::list(const Member& who, Peer& peer) const {
    peer.unlisted = is_private(who) ? needs_.logs_with(who.device) : std::set<LogId>{};
}

bool Mail::all_delivered() const {
    return std::ranges::all_of(own_.heads(), [this](const LineId& line) {
        if (!needs_.is_stored(line)) return false;
        const auto peer = peers_.linked_with(line.log.to);
        return !peer || !is_private(peer->who) || needs_.is_stored_there(peer->who.key, line);
    });
}

}  // namespace lanchat::controller::letters
