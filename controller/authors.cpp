// Accepted once is accepted for good; where it is named may be lost.
#include "controller/authors.hpp"

#include <algorithm>
#include <iterator>

#include "message/limits.hpp"

namespace lanchat::controller {

Authors::Authors(bool closed, const DeviceId& self, const std::set<DeviceId>& held,
                 const std::vector<Met>& met, Instant now, Rng& rng)
    : closed_(closed) {
    if (!closed) return;
    known_.emplace(self, std::nullopt);
    for (const Met& one : met) named(one);
    for (const DeviceId& device : held) meet(device, now, rng);
}

void Authors::meet(const DeviceId& device, Instant now, Rng& rng) {
    if (!closed_ || known_.contains(device)) return;
    known_.emplace(device, std::nullopt);
    owe(device, now, rng);
}

bool Authors::named(const Met& met) {
    if (!closed_) return false;
    const auto known = known_.find(met.who);
    if (known == known_.end())
        return known_.size() < limits::logs_max && known_.emplace(met.who, met.where).second;
    if (!known->second) known->second = met.where;
    unnamed_.erase(met.who);
    return false;
}

void Authors::is_left(const LogId& log, const Extent& held, Instant now, Rng& rng) {
    for (auto& [device, where] : known_) {
        if (!where || where->log != log || held.holds(where->seq)) continue;
        where.reset();
        owe(device, now, rng);
    }
}

// Not at once: another one may be about to name it.
void Authors::owe(const DeviceId& device, Instant now, Rng& rng) {
    if (unnamed_.empty())
        next_ = std::max<Instant>(
            next_, now + limits::met_interval + Duration(rng.below(limits::met_delay.count())));
    unnamed_.insert(device);
}

std::optional<Instant> Authors::due() const {
    if (unnamed_.empty()) return std::nullopt;
    return next_;
}

std::optional<DeviceId> Authors::take_due(Instant now, Rng& rng) {
    if (unnamed_.empty() || now < next_) return std::nullopt;
    next_ = now + limits::met_interval;
    const auto any =
        std::next(unnamed_.begin(), static_cast<std::ptrdiff_t>(rng.below(unnamed_.size())));
    return unnamed_.extract(any).value();
}

}  // namespace lanchat::controller
