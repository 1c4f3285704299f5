// Two queues.
#include "node/link/berths.hpp"

namespace lanchat::link {

bool Berths::enter(Ticket ticket, Instant now) {
    const bool may = taken_.size() < at_once && waiting_.empty();
    if (may) taken_.push_back({ticket, now});
    if (!may) waiting_.push_back(ticket);
    return may;
}

void Berths::left(Ticket ticket) {
    std::erase_if(taken_, [&](const Berth& berth) { return berth.ticket == ticket; });
    std::erase(waiting_, ticket);
}

std::optional<Berths::Ticket> Berths::next(Instant now) {
    if (waiting_.empty() || taken_.size() >= at_once) return std::nullopt;
    const Ticket ticket = waiting_.front();
    waiting_.pop_front();
    taken_.push_back({ticket, now});
    return ticket;
}

std::optional<Berths::Ticket> Berths::overdue(Instant now) const {
    const auto at = overdue_at();
    if (!at || now < *at) return std::nullopt;
    return taken_.front().ticket;
}

std::optional<Instant> Berths::overdue_at() const {
    if (waiting_.empty() || taken_.empty()) return std::nullopt;
    return taken_.front().since + patience;
}

}  // namespace lanchat::link
