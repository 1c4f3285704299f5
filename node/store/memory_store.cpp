// The store in memory: plain containers, every question answered by looking at all lines.
#include "node/store/memory_store.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "node/store/rules.hpp"
#include "node/store/words.hpp"

namespace lanchat::store {

Line MemoryStore::line(Arrival first, const Stretch& stretch, std::size_t n) const {
    if (!stretch.run) return stretch.heard[n];
    const auto item = stretch.run->items()[stretch.first + n];
    Line line{first + n, item.entry(), false, {}, {}, false};
    line.disputed = is_disputed(line.entry, logs_.at(line.entry.log).extent);
    if (item.is_apart()) line.body = BodyState::lacking;
    look_for_body(line);
    return line;
}

std::optional<Line> MemoryStore::passing(Arrival first, const Stretch& stretch, std::size_t n,
                                         const Filter& filter) const {
    Line found = line(first, stretch, n);
    if (!passes(filter, found.entry, found.legacy)) return std::nullopt;
    return found;
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
    if (run->first() <= before.last()) retention_.forget();
    const Arrival first = last_ + 1;
    const std::size_t added_before = added.size();
    for (const Part& part : new_parts(*run, before)) {
        added.push_back({run, part.first, part.count, last_ + 1});
        keep(added.back());
    }
    Log& log = logs_[run->log()];
    log.extent = *after;
    bytes_ += run->byte_count();
    insert(log, {run, arrived, first, last_ + 1});
    for (std::size_t n = added_before; n < added.size(); ++n) keep_bodies(added[n]);
}

void MemoryStore::insert(Log& log, Kept kept) {
    const auto age = [](const Kept& one) {
        return std::tuple(one.run->last(), one.arrived, one.run->byte_count());
    };
    log.runs.insert(std::ranges::upper_bound(log.runs, age(kept), {}, age), std::move(kept));
}

void MemoryStore::keep(const Added& added) {
    Stretch stretch{added.run, added.first, added.count};
    Entry entry;
    std::string spelt;  // by an earlier entry of this run
    for (std::size_t n = 0; n < added.count; ++n) {
        added.run->items()[added.first + n].read(entry);
        note(entry, ++last_, stretch);
        if (entry.log.is_direct() || entry.room == spelt) continue;
        spell(entry, false);
        spelt = entry.room;
    }
    stretches_.emplace_hint(stretches_.end(), added.arrival, std::move(stretch));
}

// Of entries that were just kept: what is not with them, and what they or others take back.
void MemoryStore::keep_bodies(const Added& added) {
    const LogId& log = added.run->log();
    for (std::size_t n = added.first; n < added.first + added.count; ++n) {
        const auto item = added.run->items()[n];
        const LineId line{log, item.seq};
        if (item.is_apart()) {
            lacking_.insert(line);
            body_news_.push_back({line, BodyState::lacking});
        }
        if (dropped_.contains({line, item.head})) take_back({line, item.head}, item.is_apart());
    }
    for (std::size_t n = added.first; n < added.first + added.count; ++n) {
        const auto item = added.run->items()[n];
        if (item.kind != EntryKind::drop) continue;
        const Dropped what = dropped_by(item.entry());
        if (dropped_.insert(what).second) take_back(what, true);
    }
}

void MemoryStore::take_back(const Dropped& what, bool is_news) {
    const LineId& line = what.line;
    const auto log = logs_.find(line.log);
    if (log == logs_.end()) return;
    bool is_it = false;
    const auto runs = log->second.runs;
    for (const Kept& kept : runs) {
        const RunPtr& run = kept.run;
        if (!run->holds(line.seq) || run->at(line.seq).head != what.head) continue;
        is_it = true;
        replace(run, without_body(run, line.seq));
    }
    if (!is_it) return;
    gone_.insert(line);
    lacking_.erase(line);
    if (is_news) body_news_.push_back({line, BodyState::dropped});
}

void MemoryStore::replace(const RunPtr& run, const RunPtr& changed) {
    const RunPtr old = run;
    for (Kept& kept : logs_.at(old->log()).runs)
        if (kept.run == old) kept.run = changed;
    for (auto& [arrival, stretch] : stretches_) {
        if (stretch.run != old) continue;
        forget_ids(arrival, stretch);
        stretch.run = changed;
        stretch.silent = 0;
        for (std::size_t n = 0; n < stretch.count; ++n)
            note(stretch.entry(n), arrival + n, stretch);
    }
}

// What is known of a stretch without looking at it: which ids were given, and how much is no line.
void MemoryStore::note(const Entry& entry, Arrival arrival, Stretch& stretch) {
    if (!entry.said_id.empty()) {
        said_.emplace(entry.log.device, entry.said_id, arrival);
        ++stretch.with_ids;
    }
    if (!entry.is_line()) ++stretch.silent;
}

void MemoryStore::forget_ids(Arrival first, const Stretch& stretch) {
    if (stretch.with_ids == 0) return;
    for (std::size_t n = 0; n < stretch.count; ++n) {
        const Entry entry = stretch.entry(n);
        if (!entry.said_id.empty()) said_.erase({entry.log.device, entry.said_id, first + n});
    }
}

// What was taken back of version 1 lies there still, and nobody is shown it.
void MemoryStore::look_for_body(Line& line) const {
    if (!gone_.contains({line.entry.log, line.entry.seq})) return;
    line.body = BodyState::dropped;
    line.entry.text.clear();
}

Result<std::vector<Line>> MemoryStore::fill(const LogId& log, const std::vector<Body>& bodies) {
    std::vector<Line> filled;
    for (const Body& body : bodies) {
        const LineId line{log, body.seq};
        if (!lacking_.contains(line)) continue;
        const auto runs = logs_.at(log).runs;
        for (const Kept& kept : runs) {
            if (!kept.run->holds(body.seq)) continue;
            const RunPtr whole = with_body(kept.run, body.seq, body.bytes);
            if (!whole) continue;
            replace(kept.run, whole);
            if (lacking_.erase(line) > 0) body_news_.push_back({line, BodyState::here});
        }
        if (lacking_.contains(line)) continue;
        for (const auto& [arrival, stretch] : stretches_) {
            if (!stretch.run || stretch.run->log() != log) continue;
            const Seq first = stretch.run->first() + stretch.first;
            if (body.seq < first || body.seq - first >= stretch.count) continue;
            Line whole = this->line(arrival, stretch, body.seq - first);
            if (whole.entry.is_line()) filled.push_back(std::move(whole));
        }
    }
    return filled;
}

Result<std::vector<Body>> MemoryStore::bodies(const LogId& log, const std::vector<Seq>& entries,
                                              std::size_t bytes_max) {
    std::vector<Body> found;
    const auto held = logs_.find(log);
    if (held == logs_.end()) return found;
    std::size_t bytes = 0;
    for (const Seq seq : entries) {
        const auto has_it = [seq](const Kept& kept) {
            return kept.run->holds(seq) && !kept.run->at(seq).body.empty();
        };
        const auto kept = std::ranges::find_if(held->second.runs, has_it);
        if (kept == held->second.runs.end()) continue;
        const auto body = kept->run->at(seq).body;
        bytes += body.size();
        if (bytes > bytes_max && !found.empty()) return found;
        found.push_back({seq, std::string(body)});
    }
    return found;
}

Result<std::vector<LineId>> MemoryStore::lacking() {
    return std::vector<LineId>(lacking_.begin(), lacking_.end());
}

Result<std::vector<Dropped>> MemoryStore::dropped(std::size_t count) {
    std::vector<Dropped> all(dropped_.begin(), dropped_.end());
    all.resize(std::min(all.size(), count));
    return all;
}

Result<Arrival> MemoryStore::append_legacy(const std::vector<Heard>& heard) {
    const Arrival first = last_ + 1;
    Stretch* stretch = nullptr;
    std::size_t stretch_end = 0;
    for (std::size_t n = 0; n < heard.size(); ++n) {
        if (n == stretch_end) {
            stretch_end += stretch_in(heard, n);
            stretch = &stretches_[last_ + 1];
        }
        Line line = legacy_line(heard[n]);
        line.arrival = ++last_;
        line.checksum = legacy_head(line);
        stretch->heard.push_back(line);
        spell(line.entry, true);
        legacy_authors_.insert(heard[n].address);
        bytes_ += heard[n].text.size();
    }
    return first;
}

// As the first line of the room in the order of all lines has it.
void MemoryStore::spell(const Entry& entry, bool legacy) {
    Entry first;
    first.log = entry.log;
    first.seq = entry.seq;
    first.clock = entry.clock;
    first.room = entry.room;
    const auto [known, is_new] = rooms_.try_emplace(key_of(entry), Spelling{legacy, first});
    Spelling& before = known->second;
    const bool is_older = legacy == before.legacy ? comes_before(first, before.first) : !legacy;
    if (!is_new && is_older) before = {legacy, std::move(first)};
}

// Of those that are held, not of disputed ones.
std::optional<VerifiedRun::Item> MemoryStore::item_at(const Log& log, Seq seq) {
    if (!log.extent.holds(seq)) return std::nullopt;
    for (const Kept& kept : log.runs)
        if (kept.run->holds(seq)) return kept.run->at(seq);
    return std::nullopt;
}

Result<Extent> MemoryStore::freeze(const Fork& proof) {
    Log& log = logs_[proof.log];
    if (log.extent.limit() < proof.seq) return log.extent;
    retention_.forget();
    const auto first = item_at(log, proof.seq);
    log.extent.freeze(proof.seq, first ? first->before : Hash{});
    const auto last = item_at(log, log.extent.last());
    log.extent.newest = last ? last->clock : Clock{};
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
    for (const auto& [arrival, stretch] : stretches_) {
        for (std::size_t n = 0; n < stretch.count && stretch.silent > 0; ++n) {
            const Entry entry = stretch.entry(n);
            if (entry.kind == EntryKind::met && logs_.at(entry.log).extent.holds(entry.seq))
                all.push_back({entry.met, {entry.log, entry.seq}});
        }
    }
    return all;
}

Result<Tally> MemoryStore::tally() {
    Tally tally{0, logs_.size(), 0, bytes_};
    for (const auto& [arrival, stretch] : stretches_)
        tally.lines += stretch.size() - stretch.silent;
    for (const auto& [id, log] : logs_) tally.trimmed += log.extent.floor;
    for (const auto& [arrival, stretch] : stretches_) {
        for (std::size_t n = 0; n < stretch.size(); ++n) {
            const WallTime said = stretch.clock(n).time();
            tally.oldest = std::min(tally.oldest.value_or(said), said);
        }
    }
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
    return in_fewer(std::move(found), false, held->second.extent.limit());
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
    return in_fewer(std::move(found), true, held->second.extent.limit());
}

Result<std::vector<Line>> MemoryStore::newest(const Filter& filter, std::size_t count) {
    Newest found(count);
    for (auto at = stretches_.rbegin(); at != stretches_.rend(); ++at) {
        const auto& [first, stretch] = *at;
        for (std::size_t n = stretch.size(); n-- > 0;) {
            if (found.are_newer_than(stretch.clock(n).packed)) continue;
            if (auto line = passing(first, stretch, n, filter)) found.take(std::move(*line));
        }
    }
    return found.take_all();
}

Result<std::vector<Line>> MemoryStore::arrived(Arrival after, const Filter& filter,
                                               std::size_t count) {
    std::vector<Line> found;
    auto at = stretches_.upper_bound(after);
    if (at != stretches_.begin()) --at;
    for (; at != stretches_.end() && found.size() < count; ++at) {
        const auto& [first, stretch] = *at;
        std::size_t n = after < first ? 0 : static_cast<std::size_t>(after - first + 1);
        for (; n < stretch.size() && found.size() < count; ++n)
            if (auto line = passing(first, stretch, n, filter)) found.push_back(std::move(*line));
    }
    return found;
}

Result<std::vector<Line>> MemoryStore::search(std::string_view query, const Filter& filter,
                                              std::size_t count) {
    std::vector<Line> found;
    const auto wanted = query_pieces(query);
    if (wanted.empty()) return found;
    for (auto at = stretches_.rbegin(); at != stretches_.rend(); ++at) {
        const auto& [first, stretch] = *at;
        for (std::size_t n = stretch.size(); n-- > 0 && found.size() < searched_max;) {
            auto hit = passing(first, stretch, n, filter);
            if (hit && holds(hit->entry.text, wanted)) found.push_back(std::move(*hit));
        }
    }
    return newest_of(std::move(found), count);
}

Result<std::optional<Line>> MemoryStore::said(const DeviceId& author, std::string_view said_id) {
    const auto known = said_.lower_bound({author, std::string(said_id), 0});
    if (known == said_.end()) return std::optional<Line>();
    const auto& [device, id, arrival] = *known;
    if (device != author || id != said_id) return std::optional<Line>();
    const auto& [first, stretch] = *std::prev(stretches_.upper_bound(arrival));
    return std::optional(line(first, stretch, static_cast<std::size_t>(arrival - first)));
}

Result<std::vector<std::string>> MemoryStore::legacy_authors() {
    return std::vector<std::string>(legacy_authors_.begin(), legacy_authors_.end());
}

Result<std::vector<std::string>> MemoryStore::rooms() {
    std::vector<std::string> names;
    for (const auto& [key, spelling] : rooms_) names.push_back(spelling.first.room);
    return names;
}

std::vector<HeldLog> MemoryStore::held_runs() const {
    std::vector<HeldLog> held{HeldLog{}};
    auto& stretches = held.front().runs;
    for (const auto& [arrival, stretch] : stretches_) {
        if (stretch.run) continue;
        stretches.push_back({arrival, stretch.clock(0).time(), 0});
        for (const Line& line : stretch.heard)
            stretches.back().bytes += static_cast<std::uint32_t>(line.entry.text.size());
    }
    for (const auto& [id, log] : logs_) {
        held.push_back({id, {}});
        for (const Kept& kept : log.runs)
            held.back().runs.push_back({kept.run->last(), kept.arrived,
                                        static_cast<std::uint32_t>(kept.run->byte_count())});
    }
    return held;
}

Result<Trimmed> MemoryStore::trim(std::uint64_t bytes_max, std::optional<WallTime> oldest,
                                  std::size_t runs_max) {
    if (!retention_.has_plan(bytes_max, oldest)) retention_.plan(held_runs(), bytes_max, oldest);
    Trimmed trimmed;
    for (const auto& [id, runs] : retention_.next(runs_max)) {
        if (id == LogId{}) {
            for (const HeldRun& run : runs) {
                const auto stretch = stretches_.find(run.last);
                trimmed.lines += stretch->second.size();
                stretches_.erase(stretch);
                bytes_ -= run.bytes;
            }
            continue;
        }
        Log& log = logs_.at(id);
        trimmed.lines += drop_runs(log, runs.size());
        trimmed.raised.push_back({id, log.extent});
    }
    return trimmed;
}

std::size_t MemoryStore::drop_runs(Log& log, std::size_t count) {
    std::size_t dropped = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const Kept& kept = log.runs[n];
        const auto end = stretches_.lower_bound(kept.end);
        for (auto at = stretches_.find(kept.first); at != end;) {
            const auto stretch = at++;
            if (stretch->second.run != kept.run) continue;
            forget_ids(stretch->first, stretch->second);
            dropped += stretch->second.size();
            stretches_.erase(stretch);
        }
        const LogId& id = kept.run->log();
        for (std::set<LineId>* lines : {&lacking_, &gone_})
            lines->erase(lines->lower_bound({id, 0}), lines->upper_bound({id, kept.run->last()}));
        give_up(log.extent, kept.run->first(), kept.run->last(), kept.run->head());
        bytes_ -= kept.run->byte_count();
    }
    log.runs.erase(log.runs.begin(), log.runs.begin() + static_cast<std::ptrdiff_t>(count));
    return dropped;
}

Result<bool> MemoryStore::join_runs(WallTime before, std::size_t runs_max) {
    std::map<Arrival, std::pair<LogId, AtRest>> rested;
    for (const auto& [id, log] : logs_)
        for (const auto& [run, arrived, first, end] : log.runs)
            if (first > joined_ && arrived < before)
                rested[first] = {
                    id, {run->first(), run->last(), arrived, run->byte_count(), first, end}};
    if (rested.size() > runs_max)
        rested.erase(std::next(rested.begin(), static_cast<std::ptrdiff_t>(runs_max)),
                     rested.end());
    if (rested.empty()) return false;
    joined_ = rested.rbegin()->first;
    std::map<LogId, std::vector<AtRest>> of_log;
    for (const auto& [first, run] : rested) of_log[run.first].push_back(run.second);
    for (auto& [id, runs] : of_log) {
        Log& log = logs_.at(id);
        for (const Group group : groups_at_rest(runs, log.extent)) join(log, group);
    }
    retention_.forget();
    return rested.size() == runs_max;
}

void MemoryStore::join(Log& log, Group group) {
    std::vector<RunPtr> runs;
    const auto kept_of = [&log](const AtRest& run) {
        return std::ranges::find(log.runs, run.key, &Kept::first);
    };
    for (const AtRest& run : group) runs.push_back(kept_of(run)->run);
    const auto joined = lanchat::joined(runs);
    if (joined.size() != 1) return;
    const RunPtr& whole = joined.front();
    for (const AtRest& run : group) {
        const auto kept = kept_of(run);
        for (auto at = stretches_.find(run.key); at != stretches_.lower_bound(run.end); ++at) {
            if (at->second.run != kept->run) continue;
            at->second.run = whole;
            at->second.first += static_cast<std::size_t>(run.first - whole->first());
        }
        log.runs.erase(kept);
    }
    const AtRest one = as_one(group);
    insert(log, {whole, one.arrived, one.key, one.end});
}

}  // namespace lanchat::store
