// A graph of who names whom, and what of it is reached from here.
#include "controller/sync/authors.hpp"

#include <algorithm>
#include <iterator>

#include "message/limits.hpp"

namespace lanchat::controller {

Authors::Authors(bool closed, const DeviceId& self, const std::set<DeviceId>& held,
                 const std::vector<Met>& met, Instant now, Rng& rng)
    : closed_(closed), self_(self) {
    if (!closed) return;
    firm_ = held;
    firm_.insert(self);
    known_ = firm_;
    for (const Met& one : met) note(one);
    reach(self);
    for (const DeviceId& device : known_) owe(device, now, rng);
}

void Authors::meet(const DeviceId& device, Instant now, Rng& rng) {
    if (!closed_) return;
    firm_.insert(device);
    if (!known_.insert(device).second) return;
    owe(device, now, rng);
}

bool Authors::named(const Met& met, Instant now, Rng& rng) {
    if (!closed_) return false;
    const auto before = known_.size();
    note(met);
    if (reached_.contains(met.where.log.device)) reach(met.who);
    owe(met.who, now, rng);
    return known_.size() > before;
}

void Authors::note(const Met& met) {
    const DeviceId& namer = met.where.log.device;
    auto& names = names_[namer];
    const bool is_new = !names.contains(met.who);
    const bool is_full = names_count_ >= limits::names_max ||
                         (known_.size() >= limits::names_max && !known_.contains(met.who));
    if (is_new && is_full && !make_room(namer)) return;  // so we may name it without need
    known_.insert(met.who);
    names[met.who] = met.where;
    if (!is_new) return;
    ++names_count_;
    names_of_.add(namer);
    named_.add(met.who);
}

bool Authors::make_room(const DeviceId& namer) {
    if (!names_of_.yields_to(namer)) return false;
    const DeviceId greatest = names_of_.greatest();
    give_up(greatest, names_.at(greatest).rbegin()->first);
    return true;
}

// Who is known for nothing else is not accepted any more.
void Authors::give_up(const DeviceId& namer, const DeviceId& who) {
    const DeviceId gone = who;
    names_.at(namer).erase(gone);
    --names_count_;
    names_of_.remove(namer);
    named_.remove(gone);
    if (named_.of(gone) > 0 || firm_.contains(gone) || names_.contains(gone)) return;
    known_.erase(gone);
    reached_.erase(gone);
    unnamed_.erase(gone);
}

void Authors::reach(const DeviceId& device) {
    std::vector<DeviceId> found{device};
    while (!found.empty()) {
        const DeviceId next = found.back();
        found.pop_back();
        if (!reached_.insert(next).second) continue;
        unnamed_.erase(next);
        const auto names = names_.find(next);
        if (names == names_.end()) continue;
        for (const auto& [who, where] : names->second) found.push_back(who);
    }
}

void Authors::is_left(const LogId& log, const Extent& held, Instant now, Rng& rng) {
    const auto names = names_.find(log.device);
    if (names == names_.end()) return;
    const auto gone = std::erase_if(names->second, [&](const auto& name) {
        if (name.second.log != log || held.holds(name.second.seq)) return false;
        names_of_.remove(log.device);
        named_.remove(name.first);
        return true;
    });
    if (gone == 0) return;
    names_count_ -= gone;
    reached_.clear();
    reach(self_);
    for (const DeviceId& device : known_) owe(device, now, rng);
}

// Not at once: another one may be about to name it.
void Authors::owe(const DeviceId& device, Instant now, Rng& rng) {
    if (reached_.contains(device) || !known_.contains(device)) return;
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
