// Two small maps of instants; they are searched linearly, but only when they are full.
#include "discover/on_link_budget.hpp"

#include <algorithm>
#include <vector>

#include "message/assert.hpp"

namespace lanchat::discover {

namespace {

constexpr std::size_t slots_for(Purpose purpose) {
    return purpose == Purpose::dial
               ? limits::new_on_link_addresses_max
               : limits::new_on_link_addresses_max - OnLinkBudget::kept_for_dials;
}

}  // namespace

Instant OnLinkBudget::earliest(Ipv4 ip, Purpose purpose, Instant now) {
    if (is_free_of_charge(ip, now)) return now;
    const auto slots = slots_for(purpose);
    if (tried_.size() >= slots) forget_old_tries(now);
    if (tried_.size() < slots) return now;

    std::vector<Instant> tries;
    tries.reserve(tried_.size());
    for (const auto& [_, at] : tried_) tries.push_back(at);
    const auto last_to_go = tries.begin() + static_cast<std::ptrdiff_t>(tries.size() - slots);
    std::ranges::nth_element(tries, last_to_go);
    return *last_to_go + window;
}

void OnLinkBudget::tried(Ipv4 ip, Instant now) {
    const auto answer = answered_.find(ip);
    if (ip.is_loopback()) return;
    if (answer != answered_.end() && now - answer->second < answer_lasts) return;
    if (tried_.size() >= limits::new_on_link_addresses_max) forget_old_tries(now);
    tried_[ip] = now;
    LANCHAT_ASSERT(tried_.size() <= limits::new_on_link_addresses_max);
}

void OnLinkBudget::answered(Ipv4 ip, Instant now) {
    if (ip.is_loopback()) return;
    tried_.erase(ip);
    answered_[ip] = now;
    if (answered_.size() <= answers_max) return;
    answered_.erase(
        std::ranges::min_element(answered_, {}, [](const auto& answer) { return answer.second; }));
}

std::size_t OnLinkBudget::taken(Instant now) {
    forget_old_tries(now);
    return tried_.size();
}

bool OnLinkBudget::is_free_of_charge(Ipv4 ip, Instant now) const {
    if (ip.is_loopback()) return true;
    const auto answer = answered_.find(ip);
    if (answer != answered_.end() && now - answer->second < answer_lasts) return true;
    const auto attempt = tried_.find(ip);
    return attempt != tried_.end() && now - attempt->second < window;
}

void OnLinkBudget::forget_old_tries(Instant now) {
    std::erase_if(tried_, [now](const auto& attempt) { return now - attempt.second >= window; });
}

}  // namespace lanchat::discover
