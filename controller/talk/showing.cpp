// Lines of others: each is shown once, and what it tells of its author and its time is taken.
#include <chrono>
#include <utility>

#include "controller/talk/talk.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::talk {

// Nobody brings what was imported. What fills a gap is history.
bool Talk::show(const VerifiedRun& run, const Arriving& how, Effects& out) {
    const Extent& before = how.before;
    const bool fills = before.forked != 0 ||
                       (before.size() > 0 ? run.first() > before.last() + 1 : run.first() > 1);
    const bool hidden = needs_.is_blocked(run.log().device);
    MessageIds ids;
    const Believed now = walls_.at(how.now);
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(how.now.steady - course_.began);
    const WallTime began{now.time.ms - age.count()};
    PeerInfo from;
    std::optional<PeerInfo> to;
    if (run.log().is_direct()) to = needs_.about(run.log().to);
    std::optional<bool> begins_old;
    for (const auto& item : run.items()) {
        if (!before.lacks(item.seq)) continue;
        Entry entry = item.entry();
        ledger_.clock().heard(entry.clock, now);
        learn_of(entry, how.now.steady);
        if (!begins_old) from = needs_.author(entry);
        if (!begins_old || from.name != entry.name) {
            from.name = entry.name;
            if (!hidden) needs_.hear_of(from, entry.log.device, how.now, out);
            from = needs_.regarded(std::move(from), entry.log.device);
        }
        const bool old =
            how.imported || fills || entry.seq < before.last() || is_history(entry, how, began);
        begins_old = begins_old.value_or(old);
        const LineId line{entry.log, entry.seq};
        if (hidden || !entry.is_line() || item.is_apart() || needs_.is_dropped({line, item.head}))
            continue;
        Message message = shown(std::move(entry), ids.of(line), from, to, now);
        message.history = old;
        out.push_back(Notify{std::move(message)});
    }
    return begins_old.value_or(false);
}

// What an entry that is no line tells us.
void Talk::learn_of(const Entry& entry, Instant now) {
    if (entry.kind == EntryKind::met) needs_.met(entry, now);
    if (entry.kind == EntryKind::drop && heeds_drops_) needs_.dropped(dropped_by(entry));
}

void Talk::show_late(const Entry& entry, Now moment, Effects& out) {
    const DeviceId& device = entry.log.device;
    if (needs_.is_blocked(device) || !entry.is_line()) return;
    const Believed now = walls_.at(moment);
    std::optional<PeerInfo> to;
    if (entry.log.is_direct()) to = needs_.about(entry.log.to);
    out.push_back(Notify{shown(entry, message_id({entry.log, entry.seq}),
                               needs_.regarded(needs_.author(entry), device), to, now)});
}

// As it is shown, unless it is history.
Message Talk::message_of(Entry entry, std::string id, PeerInfo from, std::optional<PeerInfo> to,
                         const Believed& now) const {
    Message message{std::move(id),
                    std::move(entry.room),
                    std::move(from),
                    entry.clock.time(),
                    std::move(entry.text),
                    entry.log.device == self_.device(),
                    false,
                    entry.clock,
                    {entry.log, entry.seq},
                    is_late(entry, now),
                    entry.clock.time() > now.latest,
                    std::move(to)};
    put_marks(entry.marks, message);
    return message;
}

Message Talk::shown(Entry entry, std::string id, PeerInfo from, std::optional<PeerInfo> to,
                    const Believed& now) {
    Message message =
        message_of(std::move(entry), std::move(id), std::move(from), std::move(to), now);
    const std::pair order{message.clock, message.line};
    if (newest_shown_ && newest_shown_->first.time() > now.latest) newest_shown_.reset();
    if (!message.clock_ahead && (!newest_shown_ || *newest_shown_ < order)) newest_shown_ = order;
    return message;
}

// Said while we were away: whoever brought it, or its author, had it when it came, and it is either
// older than this process (which began at the time `began`) or of a log that we knew before. A
// clock tells little of what this device said: it runs ahead after every quick restart.
bool Talk::is_history(const Entry& entry, const Arriving& how, WallTime began) const {
    if (entry.seq > how.missed) return false;
    return entry.log.device == self_.device() || entry.clock.time() < began || how.was_stored;
}

// Whether lines are shown already that come after it in the order of all lines. What is dated later
// than can be believed would make all others late.
bool Talk::is_late(const Entry& entry, const Believed& now) const {
    return newest_shown_ && newest_shown_->first.time() <= now.latest &&
           std::pair(entry.clock, LineId{entry.log, entry.seq}) < *newest_shown_;
}

// --- legacy peers --------------------------------------------------------------------------------

void Talk::take_legacy_line(const Member& who, Peer& peer, const Frame& frame, Now now,
                            Effects& out) {
    if (frame.msg.empty()) return;
    if (frame.msg.size() > limits::line_bytes_max) {
        ++peer.too_long;
        return report_too_long(who, peer, now, out);
    }
    const auto id = to_string(self_.instance) + ":l" + std::to_string(++legacy_lines_);
    const WallTime when = walls_.at(now).time;
    out.push_back(Notify{Message{id, general_room, needs_.info(who), when, frame.msg, false, false,
                                 Clock::at(when)}});
}

std::optional<Instant> Talk::too_long_due(const Member&, const Peer& peer) const {
    if (peer.too_long == 0) return std::nullopt;
    return peer.too_long_told.value_or(Instant{} - limits::missed_report_interval) +
           limits::missed_report_interval;
}

void Talk::report_too_long(const Member& who, Peer& peer, Now now, Effects& out) {
    const auto due = too_long_due(who, peer);
    if (!due || (*due > now.steady && who.up)) return;
    peer.too_long_told = now.steady;
    out.push_back(Notify{Undelivered{needs_.info(who), std::exchange(peer.too_long, 0),
                                     UndeliveredReason::too_long}});
}

}  // namespace lanchat::controller::talk
