// Runs in order, and where each log of a device ends.
#include "tests/sim/disk.hpp"

#include <algorithm>
#include <chrono>

#include "message/limits.hpp"

namespace lanchat::sim {
void Disk::tell(controller::RoomSettings& settings, WallTime now) const {
    constexpr std::chrono::milliseconds followed = limits::clock_follow_max;
    const WallTime until{now.ms + followed.count()};
    Clock newest_public;
    Clock newest_own;
    for (const auto& [log, held] : logs_) {
        const Extent& extent = held.extent;
        settings.held[log] = controller::Held{extent, extent, false};
        for (const RunPtr& run : held.runs)
            for (const auto& item : run->items())
                if (extent.holds(item.seq)) {
                    if (item.kind == EntryKind::met)
                        settings.met.push_back({item.entry().met, {log, item.seq}});
                    if (item.clock.time() <= until)
                        settings.newest = std::max(settings.newest, item.clock);
                }
        if (log.device != settings.key->id() || extent.size() == 0) continue;
        newest_own = std::max(newest_own, extent.newest);
        if (log.is_direct() || extent.newest < newest_public) continue;
        newest_public = extent.newest;
        settings.previous = Ended{log.epoch, extent.last(), extent.head()};
    }
    if (settings.newest == Clock{}) settings.newest = newest_own;
    settings.heeds_drops = heeds_drops;
    settings.lacking.assign(lacking_.begin(), lacking_.end());
    settings.dropped.assign(dropped_.begin(), dropped_.end());
}

bool Disk::keep(const RunPtr& run) {
    const Fitted fitted = fit(extent_of(run->log()), *run);
    if (fitted.fit == Fit::apart || fitted.fit == Fit::forked) return false;
    if (fitted.fit == Fit::known) return true;
    Held& held = logs_[run->log()];
    const Extent before = std::exchange(held.extent, fitted.extent);
    held.runs.push_back(run);
    keep_bodies(run, before);
    return true;
}

// As the store does (node/store/store.hpp).
void Disk::keep_bodies(const RunPtr& run, const Extent& before) {
    for (const auto& item : run->items()) {
        const LineId line{run->log(), item.seq};
        if (item.is_apart() && before.lacks(line.seq)) {
            lacking_.insert(line);
            news_.push_back({line, BodyState::lacking});
        }
        if (dropped_.contains({line, item.head})) take_back({line, item.head});
    }
    for (const auto& item : run->items()) {
        if (!heeds_drops || item.kind != EntryKind::drop) continue;
        const Dropped what = dropped_by(item.entry());
        if (dropped_.insert(what).second) take_back(what);
    }
}

void Disk::take_back(const Dropped& what) {
    const LineId& line = what.line;
    const auto log = logs_.find(line.log);
    if (log == logs_.end()) return;
    bool is_it = false;
    for (RunPtr& run : log->second.runs) {
        if (line.seq < run->first() || line.seq > run->last()) continue;
        if (run->items()[line.seq - run->first()].head != what.head) continue;
        is_it = true;
        run = without_body(run, line.seq);
    }
    if (!is_it) return;
    lacking_.erase(line);
    news_.push_back({line, BodyState::dropped});
}

std::vector<Entry> Disk::fill(const LogId& log, const std::vector<lanchat::Body>& bodies) {
    std::vector<Entry> filled;
    for (const lanchat::Body& body : bodies) {
        const LineId line{log, body.seq};
        if (!lacking_.contains(line)) continue;
        for (RunPtr& run : logs_.at(log).runs) {
            if (body.seq < run->first() || body.seq > run->last()) continue;
            const RunPtr whole = with_body(run, body.seq, body.bytes);
            if (!whole) continue;
            run = whole;
            if (lacking_.erase(line) == 0) continue;
            news_.push_back({line, BodyState::here});
            filled.push_back(whole->items()[body.seq - whole->first()].entry());
        }
    }
    return filled;
}

std::vector<lanchat::Body> Disk::bodies(const LogId& log, const std::vector<Seq>& entries) const {
    std::vector<lanchat::Body> found;
    std::size_t bytes = 0;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    for (const Seq seq : entries) {
        const auto has_it = [seq](const RunPtr& run) {
            return run->first() <= seq && seq <= run->last() &&
                   !run->items()[seq - run->first()].body.empty();
        };
        const auto run = std::ranges::find_if(held->second.runs, has_it);
        if (run == held->second.runs.end()) continue;
        const auto body = (*run)->at(seq).body;
        bytes += body.size();
        if (bytes > limits::frame_bytes_target && !found.empty()) return found;
        found.push_back({seq, std::string(body)});
    }
    return found;
}

// Of those that count.
std::optional<VerifiedRun::Item> Disk::item_at(const Held& held, Seq seq) {
    if (!held.extent.holds(seq)) return std::nullopt;
    for (const RunPtr& run : held.runs)
        if (run->first() <= seq && seq <= run->last() && run->first() <= held.extent.limit())
            return run->at(seq);
    return std::nullopt;
}

Extent Disk::freeze(const Fork& proof) {
    Held& held = logs_[proof.log];
    if (held.extent.limit() < proof.seq) return held.extent;
    const auto first = item_at(held, proof.seq);
    held.extent.freeze(proof.seq, first ? first->before : Hash{});
    const auto last = item_at(held, held.extent.last());
    held.extent.newest = last ? last->clock : Clock{};
    held.proof = proof;
    return held.extent;
}

std::optional<Fork> Disk::proof_of(const LogId& log) const {
    const auto held = logs_.find(log);
    return held == logs_.end() ? std::nullopt : held->second.proof;
}

std::vector<RunPtr> Disk::runs(const Want& want) const {
    const auto found = logs_.find(want.log);
    if (found == logs_.end()) return {};
    auto wanted = wanted_of(found->second.runs, want);
    std::erase_if(wanted, [limit = found->second.extent.limit()](const RunPtr& run) {
        return run->first() > limit;
    });
    std::size_t lines = 0;
    std::size_t bytes = 0;
    const auto full = std::ranges::find_if(wanted, [&](const RunPtr& run) {
        lines += run->size();
        bytes += run->byte_count();
        return lines > limits::pull_lines_max || bytes > limits::fetch_bytes_max;
    });
    if (full != wanted.end()) wanted.erase(std::max(full, wanted.begin() + 1), wanted.end());
    return wanted;
}

Extent Disk::extent_of(const LogId& log) const {
    const auto held = logs_.find(log);
    return held == logs_.end() ? Extent{} : held->second.extent;
}

}  // namespace lanchat::sim
