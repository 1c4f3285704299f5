// A bucket of talks that may fail, and who is next to take one.
#include "node/link/guesses.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::link {

void Guesses::expect(const DeviceId& member) {
    if (members_.insert(member).second) members_order_.push_back(member);
    if (members_order_.size() <= limits::guesses_remembered) return;
    members_.erase(members_order_.front());
    members_order_.pop_front();
}

std::optional<Guesses::Ticket> Guesses::enter(const Guesser& who, Instant now) {
    forget(now);
    if (!is_known(who) && failed_keys_.contains(who.key)) return std::nullopt;
    const Ticket ticket{++count_};
    tickets_.emplace(ticket, Waiting{who});
    const auto waiting =
        std::ranges::count_if(tickets_, [](const auto& known) { return !known.second.talks; });
    if (static_cast<std::size_t>(waiting) <= limits::guesses_waiting_max) return ticket;
    auto last = tickets_.end();
    for (auto it = tickets_.begin(); it != tickets_.end(); ++it) {
        if (it->second.talks) continue;
        if (last == tickets_.end() || rank(last->first, last->second) < rank(it->first, it->second))
            last = it;
    }
    crowded_out_.push_back(last->first);
    tickets_.erase(last);
    return ticket;
}

std::vector<Guesses::Ticket> Guesses::crowded_out() { return std::exchange(crowded_out_, {}); }

std::optional<Guesses::Ticket> Guesses::next(Instant now) {
    forget(now);
    refill(now);
    next_at_.reset();
    const auto soonest = [this](Instant when) {
        next_at_ = std::min(next_at_.value_or(when), when);
    };
    auto best = tickets_.end();
    for (auto it = tickets_.begin(); it != tickets_.end(); ++it) {
        const auto& [ticket, waiting] = *it;
        if (waiting.talks) continue;
        if (!is_known(waiting.who)) {
            if (const auto free = address_free_at(waiting.who.ip)) {
                soonest(*free);
                continue;
            }
            if (left_ == 0) {
                soonest(refilled_ + limits::guess_interval);
                continue;
            }
        }
        if (best == tickets_.end() || rank(ticket, waiting) < rank(best->first, best->second))
            best = it;
    }
    if (best == tickets_.end()) return std::nullopt;
    best->second.talks = true;
    if (!is_known(best->second.who)) --left_;
    return best->first;
}

void Guesses::ended(Ticket ticket, Outcome outcome, Instant now) {
    const auto it = tickets_.find(ticket);
    if (it == tickets_.end()) return;
    const Waiting ended = it->second;
    tickets_.erase(it);
    if (!ended.talks) return;
    const bool is_free = outcome == Outcome::knew || outcome == Outcome::left;
    if (is_free && !is_known(ended.who)) left_ = std::min(left_ + 1, limits::guesses_at_once);
    if (outcome == Outcome::left) return;
    if (outcome == Outcome::knew) return expect(ended.who.device);
    failed_at_[ended.who.ip].push_back(now);
    if (outcome == Outcome::broke_off) return;
    // A member whose network has another passphrase now is a stranger.
    if (members_.erase(ended.who.device) > 0) std::erase(members_order_, ended.who.device);
    if (failed_keys_.insert_or_assign(ended.who.key, now).second)
        failed_order_.push_back(ended.who.key);
    if (failed_order_.size() > limits::guesses_remembered) {
        failed_keys_.erase(failed_order_.front());
        failed_order_.pop_front();
    }
}

void Guesses::forget(Instant now) {
    for (auto it = failed_at_.begin(); it != failed_at_.end();) {
        auto& times = it->second;
        while (!times.empty() && now - times.front() >= limits::guess_address_window)
            times.pop_front();
        it = times.empty() ? failed_at_.erase(it) : std::next(it);
    }
    while (!failed_order_.empty() &&
           now - failed_keys_.at(failed_order_.front()) >= limits::guess_key_pause) {
        failed_keys_.erase(failed_order_.front());
        failed_order_.pop_front();
    }
}

void Guesses::refill(Instant now) {
    if (std::exchange(is_fresh_, false)) {
        left_ = limits::guesses_at_once;
        refilled_ = now;
    }
    while (left_ < limits::guesses_at_once && now - refilled_ >= limits::guess_interval) {
        ++left_;
        refilled_ += limits::guess_interval;
    }
    if (left_ == limits::guesses_at_once) refilled_ = now;
}

// Those that go on may fail as well.
std::size_t Guesses::failures(Ipv4 ip) const {
    const auto failed = failed_at_.find(ip);
    const auto talking = std::ranges::count_if(tickets_, [&](const auto& known) {
        return known.second.talks && known.second.who.ip == ip;
    });
    return static_cast<std::size_t>(talking) +
           (failed == failed_at_.end() ? 0 : failed->second.size());
}

Guesses::Rank Guesses::rank(Ticket ticket, const Waiting& waiting) const {
    if (is_known(waiting.who)) return {0, 0};
    const auto came = static_cast<std::uint64_t>(ticket);
    return {failures(waiting.who.ip), std::numeric_limits<std::uint64_t>::max() - came};
}

// No value: now. While that many talk, whoever ends first makes room.
std::optional<Instant> Guesses::address_free_at(Ipv4 ip) const {
    if (failures(ip) < limits::guesses_per_address) return std::nullopt;
    const auto failed = failed_at_.find(ip);
    if (failed == failed_at_.end() || failed->second.empty()) return Instant::max();
    return failed->second.front() + limits::guess_address_window;
}

}  // namespace lanchat::link
