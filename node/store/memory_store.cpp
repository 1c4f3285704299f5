// The store in memory: plain containers, every question answered by looking at all lines.
#include "node/store/memory_store.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "node/store/retention.hpp"
#include "node/store/rules.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

bool MemoryStore::Place::passes(const Filter& filter) const {
    return store::passes(filter, entry(), legacy != nullptr);
}

Line MemoryStore::line(Arrival arrival, const Place& place) const {
    if (place.legacy) return *place.legacy;
    const auto& item = place.run->items()[place.item];
    const bool disputed = is_disputed(item.entry, logs_.at(item.entry.log).extent);
    return {arrival, item.entry, item.head, false, {}, disputed};
}

Result<std::vector<Added>> MemoryStore::append(const std::vector<RunPtr>& runs, WallTime arrived) {
    std::vector<Added> added;
    for (const RunPtr& run : runs) keep(run, arrived, added);
    return added;
}

void MemoryStore::keep(const RunPtr& run, WallTime arrived, std::vector<Added>& added) {
    const auto found = logs_.find(run->log());
    const Extent before = found == logs_.end() ? Extent{} : found->second.extent;
    const auto after = extent_with(*run, before);
    if (!after) return;
    const Arrival first = last_ + 1;
    for (const Part& part : new_parts(*run, before)) {
        added.push_back({run, part.first, part.count, last_ + 1});
        for (std::size_t n = part.first; n < part.first + part.count; ++n) {
            lines_.emplace_hint(lines_.end(), ++last_, Place{run, n});
            if (!run->log().is_direct()) rooms_.insert(run->items()[n].entry.room);
        }
    }
    Log& log = logs_[run->log()];
    log.extent = *after;
    bytes_ += run->byte_count();
    const Kept kept{run, arrived, first, static_cast<std::size_t>(last_ + 1 - first)};
    const auto age = [](const Kept& one) {
        return std::tuple(one.run->last(), one.arrived, one.run->byte_count());
    };
    log.runs.insert(std::ranges::upper_bound(log.runs, age(kept), {}, age), kept);
}

Result<Line> MemoryStore::append_legacy(const Heard& heard) {
    Line line = legacy_line(heard);
    line.arrival = ++last_;
    line.head = legacy_head(line);
    lines_.emplace(last_, Place{nullptr, 0, std::make_unique<const Line>(line)});
    rooms_.insert(heard.room);
    bytes_ += heard.text.size();
    return line;
}

// Of those that are held, not of disputed ones.
const VerifiedRun::Item* MemoryStore::item_at(const Log& log, Seq seq) {
    if (!log.extent.holds(seq)) return nullptr;
    for (const Kept& kept : log.runs)
        if (kept.run->first() <= seq && seq <= kept.run->last())
            return &kept.run->items()[seq - kept.run->first()];
    return nullptr;
}

Result<Extent> MemoryStore::freeze(const Fork& proof) {
    Log& log = logs_[proof.log];
    if (log.extent.limit() < proof.seq) return log.extent;
    const auto* first = item_at(log, proof.seq);
    log.extent.freeze(proof.seq, first == nullptr ? Hash{} : first->entry.before);
    const auto* last = item_at(log, log.extent.last());
    log.extent.newest = last == nullptr ? Clock{} : last->entry.clock;
    log.proof = proof;
    return log.extent;
}

Result<std::optional<Fork>> MemoryStore::proof_of(const LogId& log) {
    const auto held = logs_.find(log);
    return held == logs_.end() ? std::optional<Fork>() : held->second.proof;
}

Result<std::vector<Holding>> MemoryStore::holdings() {
    std::vector<Holding> all;
    for (const auto& [id, log] : logs_) all.push_back({id, log.extent});
    return all;
}

Result<std::vector<Met>> MemoryStore::met() {
    std::vector<Met> all;
    for (const auto& [arrival, place] : lines_) {
        const Entry& entry = place.entry();
        if (!entry.is_line() && logs_.at(entry.log).extent.holds(entry.seq))
            all.push_back({entry.met, {entry.log, entry.seq}});
    }
    return all;
}

Result<Tally> MemoryStore::tally() {
    Tally tally{0, logs_.size(), 0, bytes_};
    for (const auto& [arrival, place] : lines_)
        if (place.entry().is_line()) ++tally.lines;
    for (const auto& [id, log] : logs_) tally.trimmed += log.extent.floor;
    for (const auto& [arrival, line] : lines_)
        tally.oldest =
            std::min(tally.oldest.value_or(line.entry().clock.time()), line.entry().clock.time());
    return tally;
}

Result<std::vector<RunPtr>> MemoryStore::runs(const LogId& log, Seq after, std::size_t entries_max,
                                              std::size_t bytes_max) {
    std::vector<RunPtr> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    Share share(entries_max, bytes_max);
    for (const Kept& kept : held->second.runs) {
        if (kept.run->last() <= after || kept.run->first() > held->second.extent.limit()) continue;
        if (!share.takes(*kept.run)) break;
        found.push_back(kept.run);
    }
    return found;
}

Result<std::vector<RunPtr>> MemoryStore::runs_back_from(const LogId& log, Seq seq,
                                                        std::size_t entries_max,
                                                        std::size_t bytes_max) {
    std::vector<RunPtr> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    Share share(entries_max, bytes_max);
    seq = std::min(seq, held->second.extent.limit());
    const auto& runs = held->second.runs;
    for (auto kept = runs.rbegin(); kept != runs.rend(); ++kept) {
        if (kept->run->first() > seq) continue;
        if (!share.takes(*kept->run)) break;
        found.push_back(kept->run);
    }
    return found;
}

Result<std::vector<Line>> MemoryStore::newest(const Filter& filter, std::size_t count) {
    std::vector<Line> found;
    for (const auto& [arrival, line] : lines_)
        if (line.passes(filter)) found.push_back(this->line(arrival, line));
    return newest_of(std::move(found), count);
}

Result<std::vector<Line>> MemoryStore::arrived(Arrival after, const Filter& filter,
                                               std::size_t count) {
    std::vector<Line> found;
    for (auto at = lines_.upper_bound(after); at != lines_.end() && found.size() < count; ++at)
        if (at->second.passes(filter)) found.push_back(line(at->first, at->second));
    return found;
}

Result<std::vector<Line>> MemoryStore::search(std::string_view query, const Filter& filter,
                                              std::size_t count) {
    std::vector<Line> found;
    const auto wanted = query_words(query);
    for (auto at = lines_.rbegin();
         !wanted.empty() && at != lines_.rend() && found.size() < searched_max; ++at) {
        const auto& held = at->second;
        if (has_words(held.entry().text, wanted) && held.passes(filter))
            found.push_back(line(at->first, held));
    }
    return newest_of(std::move(found), count);
}

Result<std::optional<Line>> MemoryStore::said(const DeviceId& author, std::string_view said_id) {
    for (const auto& [arrival, line] : lines_)
        if (!line.legacy && !said_id.empty() && line.entry().said_id == said_id &&
            line.entry().log.device == author)
            return std::optional(this->line(arrival, line));
    return std::optional<Line>();
}

Result<std::vector<std::string>> MemoryStore::rooms() {
    return std::vector<std::string>(rooms_.begin(), rooms_.end());
}

Result<Trimmed> MemoryStore::trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                  std::size_t runs_max) {
    std::vector<HeldLog> held{HeldLog{}};
    for (const auto& [arrival, line] : lines_)
        if (line.legacy)
            held.front().runs.push_back({arrival, line.entry().clock.time(),
                                         static_cast<std::uint32_t>(line.entry().text.size())});
    for (const auto& [id, log] : logs_) {
        held.push_back({id, {}});
        for (const Kept& kept : log.runs)
            held.back().runs.push_back({kept.run->last(), kept.arrived,
                                        static_cast<std::uint32_t>(kept.run->byte_count())});
    }
    const auto gone = given_up(held, bytes_max, oldest, runs_max);
    Trimmed trimmed{gone.front(), {}};
    for (std::size_t n = 0; n < gone.front(); ++n) {
        lines_.erase(held.front().runs[n].last);
        bytes_ -= held.front().runs[n].bytes;
    }
    for (std::size_t n = 1; n < held.size(); ++n) {
        if (gone[n] == 0) continue;
        Log& log = logs_.at(held[n].log);
        trimmed.lines += drop_runs(log, gone[n]);
        trimmed.raised.push_back({held[n].log, log.extent});
    }
    return trimmed;
}

std::size_t MemoryStore::drop_runs(Log& log, std::size_t count) {
    std::size_t dropped = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const Kept& kept = log.runs[n];
        lines_.erase(lines_.find(kept.first), lines_.lower_bound(kept.first + kept.lines));
        dropped += kept.lines;
        give_up(log.extent, kept.run->first(), kept.run->last(), kept.run->head());
        bytes_ -= kept.run->byte_count();
    }
    log.runs.erase(log.runs.begin(), log.runs.begin() + static_cast<std::ptrdiff_t>(count));
    return dropped;
}

}  // namespace lanchat::store
