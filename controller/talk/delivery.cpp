// Changes are told in the order of lines. An acknowledgement is looked at for the lines that it is
// the first to name: all members acknowledge all lines, again and again.
#include "controller/talk/delivery.hpp"

#include <algorithm>
#include <utility>

namespace lanchat::controller {

Deliveries::Member* Deliveries::Watched::find(const DeviceId& device) {
    const auto found = std::ranges::lower_bound(audience, device, {}, &Member::device);
    return found != audience.end() && found->device == device ? &*found : nullptr;
}

void Deliveries::watch(const LineId& line, const std::vector<DeviceId>& audience) {
    if (lines_.contains(line)) return;
    if (order_.size() >= lines_max) {
        lines_.erase(order_.front());
        changed_.erase(order_.front());
        order_.pop_front();
    }
    Watched watched;
    for (const DeviceId& device : audience) watched.audience.push_back({device, false, false});
    std::ranges::sort(watched.audience, {}, &Member::device);
    watched.count.of = static_cast<std::uint32_t>(audience.size());
    lines_.emplace(line, std::move(watched));
    order_.push_back(line);
    // An older line than those that were looked at has to be looked for.
    std::erase_if(known_, [&](const auto& known) {
        return known.first.first == line.log && known.second >= line.seq;
    });
}

// After which entry something is news; `seq`: nothing is.
Seq Deliveries::news_from(const DeviceId& device, const LogId& log, Seq after, Seq seq) {
    if (seq <= after) return seq;
    if (known_.size() >= lines_max) known_.clear();  // anybody may claim to have something
    const auto it = known_.try_emplace({log, device}, 0).first;
    if (after > it->second) return after;  // what lies between may come yet
    return std::min(seq, std::exchange(it->second, std::max(it->second, seq)));
}

void Deliveries::stored_here(const LogId& log, Seq seq) {
    const auto after = news_from({}, log, 0, seq);
    const auto end = lines_.upper_bound({log, seq});
    for (auto it = lines_.upper_bound({log, after}); it != end; ++it)
        if (!std::exchange(it->second.stored, true)) touch(*it);
}

void Deliveries::stored_there(const DeviceId& device, const LogId& log, Seq after, Seq seq) {
    after = news_from(device, log, after, seq);
    const auto end = lines_.upper_bound({log, seq});
    for (auto it = lines_.upper_bound({log, after}); it != end; ++it) {
        Member* member = it->second.find(device);
        if (member == nullptr || std::exchange(member->has, true)) continue;
        ++it->second.count.delivered;
        if (member->gone) --it->second.count.gone;
        touch(*it);
    }
}

void Deliveries::left(const DeviceId& device) {
    std::erase_if(known_, [&](const auto& known) { return known.first.second == device; });
    mark(device, true);
}

void Deliveries::came(const DeviceId& device) { mark(device, false); }

void Deliveries::mark(const DeviceId& device, bool gone) {
    for (auto& line : lines_) {
        Member* member = line.second.find(device);
        if (member == nullptr || member->has || member->gone == gone) continue;
        member->gone = gone;
        gone ? ++line.second.count.gone : --line.second.count.gone;
        touch(line);
    }
}

std::set<LogId> Deliveries::logs() const {
    std::set<LogId> logs;
    for (const auto& known : lines_) logs.insert(known.first.log);
    return logs;
}

std::optional<DeliveryCount> Deliveries::find(const LineId& line) const {
    const auto watched = lines_.find(line);
    if (watched == lines_.end()) return std::nullopt;
    return watched->second.count;
}

std::vector<Deliveries::Change> Deliveries::take_changes() {
    std::vector<Change> changes;
    for (const LineId& line : std::exchange(changed_, {}))
        changes.push_back({line, lines_.at(line).count});
    return changes;
}

void Deliveries::touch(Lines::value_type& line) {
    if (line.second.stored) changed_.insert(line.first);  // else told once it is
}

}  // namespace lanchat::controller
