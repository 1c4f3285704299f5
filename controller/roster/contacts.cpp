// Back-off and redial times per address.
#include "controller/roster/contacts.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

using namespace std::chrono_literals;

constexpr Duration missed_for = 10min;  // how long a lost peer is dialled by itself
constexpr Duration redial_first = 300ms;
constexpr Duration redial_most = 2500ms;  // below 3 s even with jitter
constexpr int doublings_max = 12;

}  // namespace

bool Contacts::may_dial(const Endpoint& where, Instant now) const {
    const auto it = contacts_.find(where);
    return it == contacts_.end() || (!it->second.myself && it->second.not_before <= now);
}

void Contacts::linked(const Endpoint& where, bool encrypted) {
    forget(where);
    if (encrypted) speaks_tls(where);
}

void Contacts::departed(const Endpoint& where) { forget(where); }

void Contacts::missed(const Endpoint& where, Instant now) {
    auto& contact = this->contact(where);
    contact.failures = 0;
    contact.plain = false;
    contact.missed_since = now;
    missed_.insert(where);
    contact.not_before = now + jittered(redial_first);
}

void Contacts::unreachable(const Endpoint& where, Instant now) {
    // Who is not missed is found by the sweep.
    if (is_missed(where, now)) back_off(where, now, redial_first, redial_most);
}

void Contacts::refused(const Endpoint& where, Instant now) {
    const bool missed = is_missed(where, now);
    back_off(where, now, 1s, missed ? redial_most : Duration{30s});
}

// A frozen or overloaded peer looks strange too: while it is missed, it keeps its pace.
void Contacts::strange(const Endpoint& where, Instant now) {
    const bool missed = is_missed(where, now);
    back_off(where, now, missed ? redial_first : 3s, missed ? redial_most : 10min);
}

void Contacts::second_address(const Endpoint& where, Instant now) {
    miss_no_longer(where);
    strange(where, now);
}

bool Contacts::plain(const Endpoint& where) {
    auto& contact = this->contact(where);
    if (contact.tls) return false;
    contact.plain = true;
    contact.not_before = {};
    return true;
}

void Contacts::speaks_tls(const Endpoint& where) { contact(where).tls = true; }

bool Contacts::is_new_stranger(const Endpoint& where) {
    return !std::exchange(contact(where).stranger, true);
}

bool Contacts::is_plain(const Endpoint& where) const {
    const auto it = contacts_.find(where);
    return it != contacts_.end() && it->second.plain;
}

void Contacts::is_myself(const Endpoint& where) { contact(where).myself = true; }

std::vector<Endpoint> Contacts::take_due(Instant now) {
    std::vector<Endpoint> due;
    for (const auto& where : missed_) {
        auto& contact = contacts_[where];
        if (contact.myself || contact.due() > now) continue;
        due.push_back(where);
        contact.asked_until = now + redial_most;  // until its outcome says otherwise
    }
    return due;
}

std::optional<Instant> Contacts::next_due() const {
    std::optional<Instant> next;
    for (const auto& where : missed_) {
        const auto& contact = contacts_.at(where);
        if (!contact.myself && (!next || contact.due() < *next)) next = contact.due();
    }
    return next;
}

Contacts::Contact& Contacts::contact(const Endpoint& where) {
    // A flood of addresses must not grow memory: forgetting a back-off costs one early dial.
    if (contacts_.size() >= limits::contacts_max && !contacts_.contains(where))
        forget(Endpoint{contacts_.begin()->first});
    return contacts_[where];
}

void Contacts::forget(const Endpoint& where) {
    contacts_.erase(where);
    missed_.erase(where);
}

bool Contacts::is_missed(const Endpoint& where, Instant now) {
    const auto it = contacts_.find(where);
    if (it == contacts_.end() || !it->second.missed_since) return false;
    if (now - *it->second.missed_since <= missed_for) return true;
    miss_no_longer(where);
    return false;
}

void Contacts::miss_no_longer(const Endpoint& where) {
    contact(where).missed_since.reset();
    missed_.erase(where);
}

Duration Contacts::jittered(Duration delay) {
    const auto span = static_cast<std::uint64_t>(delay.count() / 5 + 1);
    return delay + Duration{static_cast<Duration::rep>(rng_.below(span))};
}

void Contacts::back_off(const Endpoint& where, Instant now, Duration first, Duration most) {
    auto& contact = this->contact(where);
    const auto doublings = std::min(contact.failures++, doublings_max);
    contact.plain = false;
    contact.not_before = now + jittered(std::min(most, first * (1 << doublings)));
    contact.asked_until = {};
}

}  // namespace lanchat::controller
