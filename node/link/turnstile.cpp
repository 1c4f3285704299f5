// A queue for each address, and a bucket of calls.
#include "node/link/turnstile.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::link {
namespace {

using namespace std::chrono_literals;

constexpr Duration call_interval = Duration{1s} / limits::stranger_calls_per_s;
constexpr std::size_t admissions_per_call = 2;

}  // namespace

std::optional<Turnstile::Ticket> Turnstile::enter(Ticket ticket, Ipv4 from) {
    waiting_[from].push_back(ticket);
    if (++count_ <= limits::strangers_max) return std::nullopt;
    const auto crowded = std::ranges::max_element(
        waiting_, {}, [](const auto& queue) { return queue.second.size(); });
    const Ticket first = crowded->second.front();
    gave_up(first);
    return first;
}

std::optional<Turnstile::Ticket> Turnstile::next(Instant now) {
    refill(now);
    if (count_ == 0 || is_full() || calls_left_ == 0) return std::nullopt;
    auto queue = served_ ? waiting_.upper_bound(*served_) : waiting_.begin();
    if (queue == waiting_.end()) queue = waiting_.begin();
    served_ = queue->first;
    const Ticket ticket = queue->second.front();
    gave_up(ticket);
    ++inside_;
    --calls_left_;
    return ticket;
}

std::optional<Instant> Turnstile::next_at() const {
    if (count_ == 0 || is_full()) return std::nullopt;
    return refilled_ + call_interval;
}

void Turnstile::admitted() {
    left();
    if (admissions_left_ == 0) return;
    --admissions_left_;
    calls_left_ = std::min(calls_left_ + 1, limits::stranger_calls_per_s);
}

void Turnstile::left() {
    if (inside_ > 0) --inside_;
}

void Turnstile::gave_up(Ticket ticket) {
    for (auto queue = waiting_.begin(); queue != waiting_.end(); ++queue) {
        const auto removed = std::erase(queue->second, ticket);
        count_ -= removed;
        if (removed == 0) continue;
        if (queue->second.empty()) waiting_.erase(queue);
        return;
    }
}

bool Turnstile::is_full() const { return inside_ >= limits::stranger_calls_at_once; }

void Turnstile::refill(Instant now) {
    if (std::exchange(is_fresh_, false)) {
        calls_left_ = limits::stranger_calls_per_s;
        admissions_left_ = limits::admissions_burst;
        refilled_ = now;
    }
    const auto more = static_cast<std::size_t>((now - refilled_) / call_interval);
    calls_left_ = std::min(calls_left_ + more, limits::stranger_calls_per_s);
    admissions_left_ =
        std::min(admissions_left_ + more * admissions_per_call, limits::admissions_burst);
    refilled_ += call_interval * static_cast<Duration::rep>(more);
}

}  // namespace lanchat::link
