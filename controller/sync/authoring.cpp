// Whose logs are taken in a closed network, and what it takes to accept one more author.
#include <algorithm>

#include "controller/sync/sync.hpp"

namespace lanchat::controller::sync {

void Sync::note_unmet(Peer& peer, const LogId& log, const Claim& there) {
    auto& unmet = peer.unmet;
    if (unmet.size() >= limits::news_per_peer_max && !unmet.contains(log)) return;
    unmet[log] = std::max(unmet[log], there.top().last);
}

void Sync::accept(const DeviceId& device, Instant now) {
    const bool is_new = !authors_.accepts(device);
    authors_.meet(device, now, rng_);
    if (is_new) accepted(device, now);
}

void Sync::met(const Entry& entry, Instant now) {
    if (authors_.named({entry.met, {entry.log, entry.seq}}, now, rng_)) accepted(entry.met, now);
}

// What was told of its logs before was said before we could hear of it, and is asked for again: all
// is compared with who told it, or may have.
void Sync::accepted(const DeviceId& device, Instant now) {
    for (const auto& [who, peer] : peers_.touch_all()) {
        if (who.key.legacy || !who.up) continue;
        auto& unmet = peer.unmet;
        const auto begin = unmet.lower_bound(LogId{device, Epoch{}, {}});
        const auto end = std::find_if(
            begin, unmet.end(), [&](const auto& told) { return told.first.device != device; });
        if (begin == end && unmet.size() < limits::news_per_peer_max) continue;
        for (auto it = begin; it != end; ++it) had_when_it_came(peer, it->first, it->second);
        unmet.erase(begin, end);
        peer.compare.ask(now);
    }
}

std::optional<Instant> Sync::naming_due() const {
    return course_.leaving() ? std::nullopt : authors_.due();
}

void Sync::name_next(Now now, Effects& out) {
    const auto device = authors_.take_due(now.steady, rng_);
    if (!device) return;
    const LineId line = needs_.say_met(*device, now, out);
    authors_.named({*device, line}, now.steady, rng_);
}

}  // namespace lanchat::controller::sync
