// Delivery to members that we are not linked with but a neighbour is: receipts, made and carried.
#include <algorithm>

#include "controller/room.hpp"
#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

constexpr std::size_t ways_max = 3;

// Whether `peer` says that it is linked with `who`.
bool leads_to(const Peer& peer, const NodeId& who) {
    return peer.up && !peer.key.legacy && peer.logs.linked.contain(who);
}

}  // namespace

bool Room::is_linked(const NodeId& who) const {
    const Peer* peer = peers_.find(PersonKey::of(who));
    return peer != nullptr && peer->up;
}

// Neighbours that lead to `who`, if we are not linked with it.
std::vector<const Peer*> Room::ways_to(const NodeId& who) const {
    std::vector<const Peer*> ways;
    if (is_linked(who)) return ways;
    for (const auto& [key, peer] : peers_)
        if (leads_to(peer, who)) ways.push_back(&peer);
    return ways;
}

bool Room::is_beyond(const NodeId& who) const {
    return !is_linked(who) && std::ranges::any_of(peers_, [&](const auto& known) {
        return leads_to(known.second, who);
    });
}

void Room::owe_receipt(const LogId& log, Instant now) {
    if (log.is_direct() || is_own(log) || is_linked(author_of(log)) ||
        logs_.stored_of(log).last == 0)
        return;
    receipts_.owe(log, now);
}

// Authors that can be reached from now on, through who tells so.
void Room::owe_receipts_to(const std::vector<NodeId>& came, Instant now) {
    for (const NodeId& who : came)
        if (!is_linked(who)) owe_receipt(lanchat::log_of(who), now);
}

void Room::make_receipts(Now now, Effects& out) {
    for (const LogId& log : receipts_.take_owed(now.steady)) {
        auto ways = ways_to(author_of(log));
        if (ways.empty() || leaving()) continue;
        const Ack stored = logs_.stored_of(log);
        Receipt receipt{settings_.key->id(), settings_.instance,     log, stored.after,
                        stored.last,         receipts_.next_count(), {}};
        sign(receipt, *settings_.key);
        // One of them may keep it to itself.
        for (std::size_t i = 0; i < ways_max && !ways.empty(); ++i) {
            const auto pick = ways.begin() + static_cast<std::ptrdiff_t>(rng_.below(ways.size()));
            Peer& way = *peers_.touch((*pick)->key);
            ways.erase(pick);
            way.logs.receipts.add(receipt, now.steady);
            pump_peer(way, now, out);
        }
    }
}

// One for us is counted; one for somebody linked with us is handed on. No further: whoever is
// farther away is in nobody's audience.
void Room::take_receipts(const Frame& frame, Now now, Effects& out) {
    for (const Receipt& receipt : frame.receipts) {
        if (receipt.member == settings_.key->id() || logs_.find(receipt.log) == nullptr) continue;
        if (!receipts_.is_news(receipt)) continue;
        if (receipt.log.device == settings_.key->id()) {
            if (far_.know(receipt.node())) look_for_far_members();
            deliveries_.stored_there(receipt.member, receipt.log, receipt.after, receipt.last);
        }
        Peer* author = peers_.touch(PersonKey::of(author_of(receipt.log)));
        if (author == nullptr || !author->active) continue;
        author->logs.receipts.add(receipt, now.steady);
        pump_peer(*author, now, out);
    }
}

bool Room::add_receipts(Peer& peer, Frame& frame, Instant now) {
    frame.receipts = peer.logs.receipts.take(now);
    return !frame.receipts.empty();
}

// `peer` went; it may be linked with a neighbour still. What it was to carry is to go another way.
void Room::now_far(const Peer& peer, const std::vector<NodeId>& beyond, Instant now) {
    far_.know(peer.key.node);
    look_for_far_members();
    owe_receipt(peer.log, now);
    owe_receipts_to(beyond, now);
}

// Whom we know and are not linked with is here as long as a neighbour says so.
void Room::look_for_far_members() {
    const auto change = far_.look([this](const NodeId& who) { return is_beyond(who); });
    for (const DeviceId& device : change.came) deliveries_.came(device);
    for (const DeviceId& device : change.went)
        if (linked_with(device) == nullptr) deliveries_.left(device);
}

}  // namespace lanchat::controller
