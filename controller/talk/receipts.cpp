// Bounds: of everything so many, and so often.
#include "controller/talk/receipts.hpp"

#include <algorithm>
#include <iterator>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

// Somebody has to go.
template <class Known>
void make_room(Known& known, std::size_t most, const typename Known::key_type& key) {
    if (known.size() < most || known.contains(key)) return;
    const auto after = known.upper_bound(key);
    known.erase(after == known.end() ? known.begin() : after);
}

}  // namespace

void Pace::wish(Instant from) {
    if (!due_) due_ = last_ ? std::max<Instant>(from, *last_ + limits::receipt_interval) : from;
}

bool Pace::take(Instant now) {
    if (!due_ || *due_ > now) return false;
    last_ = now;
    due_.reset();
    return true;
}

void Receipts::owe(const LogId& log, Instant now) {
    if (owed_.size() >= limits::receipts_max) return;
    owed_.insert(log);
    pace_.wish(now + limits::news_delay);  // with other news, if there are
}

std::vector<LogId> Receipts::take_owed(Instant now) {
    if (!pace_.take(now)) return {};
    std::vector<LogId> logs;
    while (!owed_.empty() && logs.size() < limits::frame_receipts_max)
        logs.push_back(owed_.extract(owed_.begin()).value());
    if (!owed_.empty()) pace_.wish(now);
    return logs;
}

bool Receipts::is_news(const Receipt& receipt) {
    const std::pair key{receipt.node(), receipt.log};
    make_room(known_, limits::receipts_max, key);
    std::uint64_t& count = known_[key];
    if (receipt.count <= count) return false;
    count = receipt.count;
    return true;
}

void ReceiptQueue::add(const Receipt& receipt, Instant now) {
    const std::pair key{receipt.node(), receipt.log};
    make_room(waiting_, limits::receipts_per_peer_max, key);
    waiting_[key] = receipt;
    pace_.wish(now);
}

std::vector<Receipt> ReceiptQueue::take(Instant now) {
    if (!pace_.take(now)) return {};
    std::vector<Receipt> taken;
    while (!waiting_.empty() && taken.size() < limits::frame_receipts_max)
        taken.push_back(waiting_.extract(waiting_.begin()).mapped());
    if (!waiting_.empty()) pace_.wish(now);
    return taken;
}

bool FarMembers::know(const NodeId& who) {
    if (known_.contains(who)) return false;
    make_room(known_, limits::far_members_max, who);
    known_.insert(who);
    return true;
}

FarMembers::Change FarMembers::changed_to(std::set<DeviceId> live) {
    Change change;
    std::ranges::set_difference(live, live_, std::back_inserter(change.came));
    std::ranges::set_difference(live_, live, std::back_inserter(change.went));
    live_ = std::move(live);
    return change;
}

}  // namespace lanchat::controller
