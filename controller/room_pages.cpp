// A process says its lines in one log, until a wrong clock spoils that: then in another.
#include <algorithm>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {

// Our newest line is dated later than can be believed, and no clock of a log goes back: what is
// said from now on would come after everybody's lines for as long as we run (log.md 12).
void Room::turn_page_if_ahead(Now now, Effects& out) {
    page_due_.reset();
    if (!ledger_.clock().is_ahead(walls_.at(now))) return;
    // Who has time enough between two turns cannot be made to open logs without end.
    if (page_turned_ && now.steady - *page_turned_ < limits::epoch_interval) {
        page_due_ = *page_turned_ + limits::epoch_interval;
        return;
    }
    page_turned_ = now.steady;
    seal(out);
    ledger_.turn_page(Epoch{rng_.next()});
    letters_.turn_page(rng_.next());
    own_log_name_ = log_name(ledger_.log()) + ':';
    for (auto& [id, link] : links_.touch_all()) {
        const bool greeted = link.stage == Stage::joining || link.stage == Stage::open;
        const bool greets =
            is_dialled(id) && (link.stage == Stage::greeting || link.stage == Stage::challenging);
        if (greeted || greets) link.hello_owed = true;
    }
}

// Two links may tell it in another order than it happened: the active one counts.
void Room::take_turned_page(Link& link, Peer& peer, const Hello& hello, Now now) {
    if (hello.node() != peer.key.node) return;
    link.hello = hello;
    if (peer.active == link.id) speaks_in(peer, hello.log(), now.steady);
}

// From now on the peer speaks in `log`. What we acknowledge to it (`received`) is of the log that
// it speaks in: no longer of its log of before, and at once what others brought us of the new one.
void Room::speaks_in(Peer& peer, const LogId& log, Instant now) {
    if (log == peer.log) return;
    if (logs_.find(peer.log) != nullptr) tell_of(peer, peer.log, now);
    peer.log = log;
    if (logs_.stored_of(log).last > 0 && !peer.ack_due) peer.ack_due = now + limits::ack_delay;
}

// Of our present page it tells us with `received`.
void Room::has_of_older_page(Peer& peer, const Head& head, Instant now) {
    acknowledged(peer, {head.base.after, head.base.last, head.log.epoch}, now);
    if (head.tail) acknowledged(peer, {head.tail->after, head.tail->last, head.log.epoch}, now);
}

// Who is linked and says its lines in `log`.
const Peer* Room::speaker_of(const LogId& log) const {
    if (log.is_direct()) return linked_with(log.device);
    if (const Peer* peer = peers_.find(PersonKey::of(node_of(log)))) return peer;
    const auto speaker = std::ranges::find_if(
        peers_, [&](const auto& known) { return !known.first.legacy && known.second.log == log; });
    return speaker == peers_.end() ? nullptr : &speaker->second;
}

const Peer* Room::linked_with(const DeviceId& device) const {
    const auto found = std::ranges::find_if(peers_, [&](const auto& known) {
        return !known.first.legacy && known.second.up && known.second.device == device;
    });
    return found == peers_.end() ? nullptr : &found->second;
}

// As far as we know: of the second log of a process that we are not linked with it is nobody.
NodeId Room::author_of(const LogId& log) const {
    const Peer* speaker = speaker_of(log);
    return speaker == nullptr ? node_of(log) : speaker->key.node;
}

}  // namespace lanchat::controller
