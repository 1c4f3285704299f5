// Delivery: who of a line's audience has it, told by receipts where no link leads to its author.
#include <algorithm>

#include "controller/talk/talk.hpp"
#include "message/limits.hpp"

namespace lanchat::controller::talk {
namespace {

constexpr std::size_t ways_max = 3;

}  // namespace

// A device may be here as several processes.
std::vector<DeviceId> Talk::audience(bool with_far_members) const {
    std::set<DeviceId> devices;
    if (with_far_members) devices = far_.live();
    std::erase_if(devices, [this](const auto& device) { return needs_.is_blocked(device); });
    for (const auto& [who, peer] : peers_)
        if (!who.key.legacy && who.up) devices.insert(who.device);
    return {devices.begin(), devices.end()};
}

void Talk::tell_deliveries(Effects& out) {
    if (!deliveries_.has_changes()) return;
    for (const auto& [line, count] : deliveries_.take_changes())
        out.push_back(Notify{Delivery{message_id(line), line, count}});
}

bool Talk::is_linked(const NodeId& node) const {
    const auto peer = peers_.find(PersonKey::of(node));
    return peer && peer->who.up;
}

void Talk::owe_receipt(const LogId& log, Instant now) {
    const bool own = ledger_.place_of(log, 0).has_value();
    if (log.is_direct() || own || is_linked(peers_.author_of(log)) ||
        needs_.stored_of(log).last == 0)
        return;
    receipts_.owe(log, now);
}

// Authors that can be reached from now on, through who tells so.
void Talk::owe_receipts_to(const std::vector<NodeId>& came, Instant now) {
    for (const NodeId& node : came)
        if (!is_linked(node)) owe_receipt(lanchat::log_of(node), now);
}

std::optional<Instant> Talk::receipts_due() const { return receipts_.due(); }

void Talk::make_receipts(Now now, Effects& out) {
    for (const LogId& log : receipts_.take_owed(now.steady)) {
        auto ways = needs_.ways_to(peers_.author_of(log));
        if (ways.empty() || course_.leaving()) continue;
        const Ack stored = needs_.stored_of(log);
        if (stored.after >= stored.last) continue;
        Receipt receipt{self_.device(), self_.instance,         log, stored.after,
                        stored.last,    receipts_.next_count(), {}};
        lanchat::sign(receipt, *self_.key);
        // One of them may keep it to itself.
        for (std::size_t i = 0; i < ways_max && !ways.empty(); ++i) {
            const auto pick = ways.begin() + static_cast<std::ptrdiff_t>(rng_.below(ways.size()));
            const PersonKey way = *pick;
            ways.erase(pick);
            peers_.touch(way)->state.receipts.add(receipt, now.steady);
            needs_.pump(way, now, out);
        }
    }
}

// One for us is counted; one for somebody linked with us is handed on. No further: whoever is
// farther away is in nobody's audience.
void Talk::take_receipts(const Frame& frame, Now now, Effects& out) {
    for (const Receipt& receipt : frame.receipts) {
        if (receipt.member == self_.device() || !needs_.holds(receipt.log)) continue;
        if (!receipts_.is_news(receipt)) continue;
        if (receipt.log.device == self_.device()) {
            if (far_.know(receipt.node())) look_for_far_members();
            deliveries_.stored_there(receipt.member, receipt.log, receipt.after, receipt.last);
        }
        const auto author = peers_.touch(PersonKey::of(peers_.author_of(receipt.log)));
        if (!author || !author->who.active) continue;
        author->state.receipts.add(receipt, now.steady);
        needs_.pump(author->who.key, now, out);
    }
}

void Talk::fill_receipts(Peer& peer, Frame& frame, Instant now) {
    frame.receipts = peer.receipts.take(now);
}

// `who` went; it may be linked with a neighbour still. What it was to carry is to go another way.
void Talk::far_from(const Member& who, const std::vector<NodeId>& beyond, Instant now) {
    far_.know(who.key.node);
    look_for_far_members();
    owe_receipt(who.log, now);
    owe_receipts_to(beyond, now);
}

// Whom we know and are not linked with is here as long as a neighbour says so.
void Talk::look_for_far_members() {
    const auto change = far_.look([this](const NodeId& node) { return needs_.is_beyond(node); });
    for (const DeviceId& device : change.came) deliveries_.came(device);
    for (const DeviceId& device : change.went)
        if (!peers_.linked_with(device)) deliveries_.left(device);
}

}  // namespace lanchat::controller::talk
