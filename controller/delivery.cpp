// Changes are told in the order of lines; audiences are few, so all of one are looked at.
#include "controller/delivery.hpp"

#include <utility>

namespace lanchat::controller {

void Deliveries::watch(const LineId& line, const std::vector<DeviceId>& audience) {
    if (lines_.contains(line)) return;
    if (order_.size() >= lines_max) {
        lines_.erase(order_.front());
        order_.pop_front();
    }
    Watched watched;
    for (const DeviceId& device : audience) watched.audience.push_back({device, false, false});
    lines_.emplace(line, std::move(watched));
    order_.push_back(line);
}

void Deliveries::stored_here(const LogId& log, Seq seq) {
    const auto end = lines_.upper_bound({log, seq});
    for (auto it = lines_.lower_bound({log, 0}); it != end; ++it) {
        if (std::exchange(it->second.stored, true)) continue;
        touch(it->second);
    }
}

void Deliveries::stored_there(const DeviceId& device, const LogId& log, Seq after, Seq seq) {
    if (seq <= after) return;
    const auto end = lines_.upper_bound({log, seq});
    for (auto it = lines_.upper_bound({log, after}); it != end; ++it) {
        for (Member& member : it->second.audience) {
            if (member.device != device || member.has) continue;
            member.has = true;
            touch(it->second);
        }
    }
}

void Deliveries::left(const DeviceId& device) { mark(device, true); }
void Deliveries::came(const DeviceId& device) { mark(device, false); }

void Deliveries::mark(const DeviceId& device, bool gone) {
    for (auto& [line, watched] : lines_) {
        for (Member& member : watched.audience) {
            if (member.device != device || member.has || member.gone == gone) continue;
            member.gone = gone;
            touch(watched);
        }
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
    return count(watched->second);
}

std::vector<Deliveries::Change> Deliveries::take_changes() {
    std::vector<Change> changes;
    changes_ = false;
    for (auto& [line, watched] : lines_) {
        if (!std::exchange(watched.changed, false)) continue;
        changes.push_back({line, count(watched)});
    }
    return changes;
}

DeliveryCount Deliveries::count(const Watched& watched) {
    DeliveryCount count;
    count.of = static_cast<std::uint32_t>(watched.audience.size());
    for (const Member& member : watched.audience) {
        if (member.has) {
            ++count.delivered;
        } else if (member.gone) {
            ++count.gone;
        }
    }
    return count;
}

void Deliveries::touch(Watched& watched) {
    if (!watched.stored) return;  // told once it is
    watched.changed = true;
    changes_ = true;
}

}  // namespace lanchat::controller
