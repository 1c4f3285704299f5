// Lines and audiences are few, so every question is answered by looking at all of them.
#include "controller/delivery.hpp"

#include <algorithm>
#include <utility>

namespace lanchat::controller {

void Deliveries::watch(const LineId& line, const std::vector<DeviceId>& audience) {
    if (at(line) != nullptr) return;
    if (lines_.size() >= lines_max) lines_.pop_front();
    Watched watched{line, {}, false, false};
    for (const DeviceId& device : audience) watched.audience.push_back({device, false, false});
    lines_.push_back(std::move(watched));
}

void Deliveries::stored_here(const LogId& log, Seq seq) {
    for (Watched& watched : lines_) {
        if (watched.stored || watched.line.seq > seq || watched.line.log != log) continue;
        watched.stored = true;
        touch(watched);
    }
}

void Deliveries::stored_there(const DeviceId& device, const LogId& log, Seq after, Seq seq) {
    for (Watched& watched : lines_) {
        if (watched.line.seq <= after || watched.line.seq > seq || watched.line.log != log)
            continue;
        for (Member& member : watched.audience) {
            if (member.device != device || member.has) continue;
            member.has = true;
            touch(watched);
        }
    }
}

void Deliveries::left(const DeviceId& device) { mark(device, true); }
void Deliveries::came(const DeviceId& device) { mark(device, false); }

void Deliveries::mark(const DeviceId& device, bool gone) {
    for (Watched& watched : lines_) {
        for (Member& member : watched.audience) {
            if (member.device != device || member.has || member.gone == gone) continue;
            member.gone = gone;
            touch(watched);
        }
    }
}

std::set<LogId> Deliveries::logs() const {
    std::set<LogId> logs;
    for (const Watched& watched : lines_) logs.insert(watched.line.log);
    return logs;
}

std::optional<DeliveryCount> Deliveries::find(const LineId& line) const {
    const Watched* watched = at(line);
    if (watched == nullptr) return std::nullopt;
    return count(*watched);
}

std::vector<Deliveries::Change> Deliveries::take_changes() {
    std::vector<Change> changes;
    changes_ = false;
    for (Watched& watched : lines_) {
        if (!std::exchange(watched.changed, false)) continue;
        changes.push_back({watched.line, count(watched)});
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

const Deliveries::Watched* Deliveries::at(const LineId& line) const {
    const auto found = std::ranges::find_if(lines_, [&](const Watched& watched) {
        return watched.line.seq == line.seq && watched.line.log == line.log;
    });
    return found == lines_.end() ? nullptr : &*found;
}

}  // namespace lanchat::controller
