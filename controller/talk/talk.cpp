// Our lines, from being said to leaving over each link.
#include "controller/talk/talk.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller::talk {

const Timer<Talk> Talk::receipting[1] = {{&Talk::receipts_due, &Talk::make_receipts}};
const Timer<Talk, const Member, Peer> Talk::of_peer[3] = {
    {&Talk::missed_due, &Talk::report_slow},
    {&Talk::too_long_due, &Talk::report_too_long},
    {&Talk::stall_due, &Talk::note_stall},
};

Talk::Talk(const Self& self, const Course& course, const WallTimes& walls, Settings settings,
           Rng& rng, Needs& needs, Peers<Peer>& peers)
    : self_(self),
      course_(course),
      walls_(walls),
      rng_(rng),
      needs_(needs),
      peers_(peers),
      push_(settings.push),
      heeds_drops_(settings.heeds_drops),
      ledger_(lanchat::log_of(self.node()), self.key, OwnClock(settings.newest),
              std::move(settings.previous), self.salts) {}

void Talk::take(const Member& who, Peer& peer, const Frame& frame, Instant now) {
    if (frame.received) acknowledged(who, peer, *frame.received, now);
}

void Talk::fill(const Member& who, Peer& peer, LinkId link, Frame& frame, Now now, Effects& out) {
    Flow* flow = peer.flow(link);
    if (flow == nullptr) return;
    flow->sent = std::max(flow->sent, peer.reached);  // some came over another link meanwhile
    if (!who.key.legacy) {
        if (frame.proofs.empty()) fill_own_runs(peer, *flow, frame, out);
        return;
    }
    if (flow->sent < ledger_.base()) {
        fell_behind(peer, Gap{flow->sent, ledger_.base()}, now.steady);
        flow->sent = peer.acked = peer.reached = ledger_.base();
    }
    if (frame.msg.empty()) fill_legacy_line(who, peer, *flow, frame);
}

// What was said here goes to whoever is linked, up to a window. Who is so far behind that the
// ledger has let go of it asks for the rest, like everybody who was away.
void Talk::fill_own_runs(Peer& peer, Flow& flow, Frame& frame, Effects& out) {
    if (!push_ || flow.sent < ledger_.base()) return;
    std::size_t bytes = 0;
    while (flow.sent < ledger_.head() && frame.runs.size() < limits::frame_runs_max) {
        const auto in_flight = ledger_.bytes_after(peer.reached) - ledger_.bytes_after(flow.sent);
        if (flow.sent - peer.reached >= limits::window_lines_max ||
            in_flight >= limits::window_bytes_max)
            return;
        if (flow.sent >= ledger_.sealed()) needs_.seal(out);
        const auto& [run, last] = ledger_.run_after(flow.sent);
        if (last > sendable()) return;
        bytes += run->byte_count();
        if (bytes > limits::frame_bytes_target && !frame.runs.empty()) return;
        frame.runs.push_back(run);
        flow.sent = last;
    }
}

// A line said with an id waits for our disk: after a crash its author says it again only if it is
// not there (log.md 7).
Place Talk::sendable() const {
    return stored_first_.empty() ? ledger_.head() : stored_first_.front() - 1;
}

// A legacy peer knows one line a frame, and prints an empty one as it is. It ends one of two
// simultaneous links, and what was published on that one would be lost: while our own dial to it is
// open, it has not decided yet.
void Talk::fill_legacy_line(const Member& who, Peer& peer, Flow& flow, Frame& frame) {
    if (needs_.dialling(who.address)) return;
    while (frame.msg.empty()) {
        if (flow.is_between_lines()) {
            flow.rest.clear();
            if (flow.sent >= sendable()) break;
            flow.rest = ledger_.at(++flow.sent).text;
            flow.rest_from = 0;
        }
        const auto end =
            std::min(flow.rest.find_first_of("\r\n", flow.rest_from), flow.rest.size());
        frame.msg = flow.rest.substr(flow.rest_from, end - flow.rest_from);
        flow.rest_from = end + 1;
    }
    if (frame.msg.empty())  // of nothing but newlines
        peer.acked = peer.reached = std::max(peer.acked, flow.sent);
}

// For our lines: they do not go to it by themselves, or it fell out of the ledger.
bool Talk::must_ask(const Member& who, const Peer& peer) const {
    if (!push_) return true;
    const Flow* flow = who.active ? peer.flow(*who.active) : nullptr;
    return flow != nullptr && flow->sent < ledger_.base();
}

// --- what is said --------------------------------------------------------------------------------

void Talk::say(const Say& say, Now now, Effects& out) {
    const Believed believed = walls_.at(now);
    if (ledger_.is_full()) needs_.seal(out);
    Entry entry = ledger_.append(believed, line_of(say, self_.name));
    if (!say.said_id.empty()) stored_first_.push_back(ledger_.head());
    if (say.watched) deliveries_.watch({entry.log, entry.seq}, audience(!page_turned_));
    show_own(std::move(entry), believed, std::nullopt, out);
    said();
}

LineId Talk::say_met(const DeviceId& device, Now now, Effects& out) {
    Entry entry;
    entry.kind = EntryKind::met;
    entry.met = device;
    return say_silently(std::move(entry), now, out);
}

void Talk::take_back(const Dropped& what, Now now, Effects& out) {
    say_silently(drop_of(what), now, out);
}

// What is no line.
LineId Talk::say_silently(Entry entry, Now now, Effects& out) {
    entry.room = general_room;
    entry.name = self_.name;
    if (ledger_.is_full()) needs_.seal(out);
    const Entry said_now = ledger_.append(walls_.at(now), std::move(entry));
    const LineId line{said_now.log, said_now.seq};
    said();
    return line;
}

void Talk::said() {
    if (!said_after_) said_after_ = ledger_.head() - 1;
}

void Talk::let_out(Now now, Effects& out) {
    const auto after = std::exchange(said_after_, std::nullopt);
    if (!after) return;
    for (const auto& [who, peer] : peers_.touch_all()) {
        if (peer.reached == *after) peer.progress = now.steady;  // it had all there was
        needs_.pump(who.key, now, out);
    }
    if (ledger_.has_unsealed()) needs_.seal_soon(now.steady);
}

void Talk::show_own(Entry entry, const Believed& believed, const std::optional<PeerInfo>& to,
                    Effects& out) {
    auto id = own_ids_.of({entry.log, entry.seq});
    out.push_back(Notify{shown(std::move(entry), std::move(id), self_.info, to, believed)});
}

void Talk::stored(const LogId& log, Seq last, bool is_own_direct) {
    if (is_own_direct) deliveries_.stored_here(log, last);
    const auto place = ledger_.place_of(log, last);
    if (!place) return;
    stored_ = std::max(stored_, *place);
    deliveries_.stored_here(log, last);
}

void Talk::go_on(Now now, Effects& out) {
    const bool held_back = !stored_first_.empty();
    while (!stored_first_.empty() && stored_first_.front() <= stored_) stored_first_.pop_front();
    if (held_back)
        for (const auto& [who, peer] : peers_.touch_all()) needs_.pump(who.key, now, out);
    for (const auto& [who, peer] : peers_)
        if (const auto due = ack_due(peer); due && *due <= now.steady)
            needs_.pump(who.key, now, out);
}

void Talk::received_again(Now now, Effects& out) {
    for (const auto& [who, peer] : peers_.touch_all())
        if (peer.unacked > 0) needs_.pump(who.key, now, out);
}

void Talk::leaving(Now now, Effects& out) {
    for (const auto& [who, peer] : peers_.touch_all()) {
        if (who.up) peer.said = ledger_.head();
        give_up_on(who, peer, out);
        if (peer.ack_due) peer.ack_due = now.steady;  // a last acknowledgement
        needs_.pump(who.key, now, out);
    }
}

// --- pages ---------------------------------------------------------------------------------------

// Our newest line is dated later than can be believed, and no clock of a log goes back: what is
// said from now on would come after everybody's lines for as long as we run (log.md 12).
bool Talk::must_turn_page(Now now) {
    page_due_.reset();
    if (!ledger_.clock().is_ahead(walls_.at(now))) return false;
    // Who has time enough between two turns cannot be made to open logs without end.
    if (!page_turned_ || now.steady - *page_turned_ >= limits::epoch_interval) return true;
    page_due_ = *page_turned_ + limits::epoch_interval;
    return false;
}

void Talk::turn_page(Epoch epoch, Instant now) {
    page_turned_ = now;
    ledger_.turn_page(epoch);
}

}  // namespace lanchat::controller::talk
