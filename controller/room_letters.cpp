// Direct messages (log.md 27): logs of two devices, of which nobody else hears anything. They are
// told, asked for and given like public ones, but only over the link of the two.
#include <algorithm>
#include <utility>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

// Whether what goes there is read by nobody else, and it is who it says: only an encrypted link
// proves that.
bool Room::is_private(const Peer& peer) const { return settings_.tls && !peer.key.legacy; }

bool Room::is_between_us(const Peer& peer, const LogId& log) const {
    return is_between(log, settings_.key->id(), peer.device) && is_private(peer);
}

// Who speaks of direct messages of others, or of ours to others, is up to no good. It is not told
// whether there are any.
bool Room::is_ours_to_share(const Peer& peer, const Frame& frame) const {
    const auto is_fine = [&](const LogId& log) { return may_tell(peer, log); };
    return std::ranges::all_of(frame.runs,
                               [&](const RunPtr& run) { return is_fine(run->log()); }) &&
           std::ranges::all_of(frame.proofs, is_fine, &Fork::log) &&
           std::ranges::all_of(frame.have, is_fine, &Head::log) &&
           std::ranges::all_of(frame.want, is_fine, &Want::log);
}

// It leaves once it is on our disk, so that no line to one device is ever lost or said twice.
void Room::say_directly(const Say& say, Now now, Effects& out) {
    if (say.to == settings_.key->id()) return;
    const Believed believed = walls_.at(now);
    if (letters_.is_full(say.to)) seal(out);
    Entry said;
    said.log.to = say.to;
    said.clock = ledger_.clock().next(believed);
    said.room = general_room;
    said.name = settings_.name;
    said.text = say.text;
    said.said_id = say.said_id;
    if (letters_.next_line(say.to).seq == 1) said.previous = last_log_to(say.to);
    const Entry& entry = letters_.add(std::move(said));
    const LineId line{entry.log, entry.seq};
    if (say.watched) deliveries_.watch(line, {say.to});
    people_.message(say.to, now.wall);
    out.push_back(
        Notify{Message{message_id(line), entry.room, self_, entry.clock.time(), entry.text, true,
                       false, entry.clock, line, is_late(entry, believed),
                       entry.clock.time() > believed.latest, about(say.to)}});
    if (!seal_due_) seal_due_ = now.steady + limits::seal_delay;
}

// Where the newest of our logs to that device ends that is known here.
std::optional<Ended> Room::last_log_to(const DeviceId& to) const {
    const Extent* newest = nullptr;
    std::optional<Ended> end;
    for (auto known = logs_.at_hand().lower_bound({settings_.key->id(), {}, {}});
         known != logs_.at_hand().end() && known->first.device == settings_.key->id(); ++known) {
        const Extent& here = known->second.here;
        if (known->first.to != to || here.last() == 0) continue;
        if (newest != nullptr && here.newest < newest->newest) continue;
        newest = &here;
        end = Ended{known->first.epoch, here.last(), here.head()};
    }
    return end;
}

std::optional<PeerInfo> Room::recipient_of(const LogId& log) const {
    if (!log.is_direct()) return std::nullopt;
    return about(log.to);
}

// It is on our disk: what is said here goes to the one it is for, what we heard is acknowledged.
void Room::spread_letters(const RunPtr& run, Instant now) {
    for (const auto& [key, known] : peers_) {
        if (!known.up || !is_between_us(known, run->log())) continue;
        Peer& peer = *peers_.touch(key);
        letters_.is_own(run->log()) ? push_letters(peer, run, now) : tell_of(peer, run->log(), now);
    }
}

// Who is too slow for that is told, and asks when it has time.
void Room::push_letters(Peer& peer, const RunPtr& run, Instant now) {
    Exchange& logs = peer.logs;
    if (!settings_.push || logs.letters_bytes + run->byte_count() > limits::window_bytes_max)
        return tell_of(peer, run->log(), now);
    logs.letters.push_back(run);
    logs.letters_bytes += run->byte_count();
}

void Room::add_letters(Peer& peer, Frame& frame) {
    Exchange& logs = peer.logs;
    std::size_t bytes = 0;
    for (const RunPtr& run : frame.runs) bytes += run->byte_count();
    while (!logs.letters.empty() && frame.runs.size() < limits::frame_runs_max) {
        const std::size_t more = logs.letters.front()->byte_count();
        bytes += more;
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(std::move(logs.letters.front()));
        logs.letters.pop_front();
        logs.letters_bytes -= more;
    }
}

// No digest tells of them, so over a new link all are listed.
void Room::list_letters(Peer& peer) const {
    auto& unlisted = peer.logs.letters_unlisted;
    unlisted.clear();
    for (const auto& known : logs_.at_hand())
        if (is_between_us(peer, known.first)) unlisted.insert(known.first);
}

bool Room::add_letter_heads(Peer& peer, Frame& frame) const {
    auto& unlisted = peer.logs.letters_unlisted;
    while (!unlisted.empty() && frame.have.size() < limits::heads_per_frame) {
        const LogId log = *unlisted.begin();
        unlisted.erase(unlisted.begin());
        add_head(frame, log, logs_.find(log));
    }
    frame.listing = !frame.have.empty();
    return frame.listing;
}

// To whom is here; who is away gets it when we meet again.
bool Room::letters_delivered() const {
    return std::ranges::all_of(letters_.heads(), [this](const LineId& line) {
        const Held* held = logs_.find(line.log);
        if (held == nullptr || held->stored.last() < line.seq) return false;
        const Peer* peer = linked_with(line.log.to);
        if (peer == nullptr || !is_private(*peer)) return true;
        const auto told = peer->logs.ours.find(line.log);
        return told != peer->logs.ours.end() && told->second.top().last >= line.seq;
    });
}

}  // namespace lanchat::controller
