// How logs grow: only by runs that fit to what is held.
#include "controller/logs.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

using Range = Claim::Range;

// Of what `there` has, the part from which the entry after `seq` can be had.
std::optional<Range> above(const Claim& there, Seq seq) {
    const auto reaches = [seq](const Range& part) { return part.after <= seq && seq < part.last; };
    if (reaches(there.base)) return there.base;
    return there.tail && reaches(*there.tail) ? there.tail : std::nullopt;
}

// As above, the entry `seq` itself.
std::optional<Range> at(const Claim& there, Seq seq) {
    return seq == 0 ? std::nullopt : above(there, seq - 1);
}

Want upwards(const LogId& log, Seq after, Seq last) {
    return {log, after, std::min(last, after + limits::pull_lines_max), false};
}

Want downwards(const LogId& log, Seq after, Seq last) {
    const Seq enough = last - std::min<Seq>(last, limits::pull_lines_max);
    return {log, std::max(after, enough), last, true};
}

// The last entries of `range` up to `last`.
Want newest(const LogId& log, const Range& range, Seq last, Seq recent) {
    const Seq few = last - std::min(last, recent);
    return {log, std::max(range.after, few), last, false};
}

std::optional<Want> want_above(const LogId& log, const Extent& held, const Claim& there, Seq missed,
                               const Haste& haste) {
    const Seq last = held.last();
    const Range& top = there.top();
    if (top.last <= last) return std::nullopt;
    const auto next = above(there, last);
    if (!held.tail) {
        const Seq in_order = held.size() == 0 ? haste.recent : haste.in_order;
        const Seq end = std::min(missed, top.last);
        const bool is_much = end > last && end - last > in_order && end > top.after;
        if (is_much) return newest(log, top, end, haste.recent);
        if (!next) return newest(log, top, top.last, haste.recent);
    }
    if (!next) return std::nullopt;
    return upwards(log, last, next->last);
}

std::optional<Want> want_between(const LogId& log, const Extent& held, const Claim& there) {
    if (!held.tail) return std::nullopt;
    if (const auto next = above(there, held.base.last))
        return upwards(log, held.base.last, std::min(next->last, held.tail->after));
    if (const auto next = at(there, held.tail->after))
        return downwards(log, next->after, held.tail->after);
    return std::nullopt;
}

std::optional<Want> want_below(const LogId& log, const Extent& held, const Claim& there) {
    if (held.base.after <= held.floor) return std::nullopt;
    const auto next = at(there, held.base.after);
    if (!next) return std::nullopt;
    return downwards(log, std::max(next->after, held.floor), held.base.after);
}

}  // namespace

Claim claim_of(const Head& head) {
    Claim claim{{head.base.after, head.base.last}, std::nullopt};
    if (head.tail) claim.tail = {head.tail->after, head.tail->last};
    return claim;
}

Logs::Logs(Map held) : held_(std::move(held)) {
    for (const auto& known : held_) note(known);
}

void Logs::note(const Map::value_type& known) {
    summary_.note(known.first, known.second.stored, known.second.forked);
}

Logs::Verdict Logs::take(const VerifiedRun& run, bool may_detach) {
    const auto known = held_.find(run.log());
    if (known != held_.end() && known->second.forked) return Verdict::forked;
    const Fitted fitted = fit(extent(run.log()), run);
    switch (fitted.fit) {
        case Fit::known:
            return Verdict::known;
        case Fit::apart:
            return Verdict::ahead;
        case Fit::forked:
            held_[run.log()].forked = true;
            note(*held_.find(run.log()));
            return Verdict::forked;
        case Fit::detached:
            if (!may_detach) return Verdict::ahead;
            break;
        case Fit::grows:
            break;
    }
    held_[run.log()].here = fitted.extent;
    return Verdict::fresh;
}

void Logs::stored(const VerifiedRun& run) {
    const auto known = held_.find(run.log());
    if (known == held_.end()) return;
    known->second.stored = fit(known->second.stored, run).extent;
    note(*known);
}

void Logs::trimmed(const LogId& log, Seq floor, const Hash& head) {
    const auto known = held_.find(log);
    if (known == held_.end()) return;
    known->second.here.raise_floor(floor, head);
    known->second.stored.raise_floor(floor, head);
    note(*known);
}

bool Logs::has_place_for(const LogId& log) const {
    return held_.size() < limits::logs_max || held_.contains(log);
}

const Held* Logs::find(const LogId& log) const {
    const auto known = held_.find(log);
    return known == held_.end() ? nullptr : &known->second;
}

const Extent& Logs::extent(const LogId& log) const {
    static const Extent nothing;
    const Held* held = find(log);
    return held == nullptr ? nothing : held->here;
}

Ack Logs::stored_of(const LogId& log) const {
    const Held* held = find(log);
    if (held == nullptr) return {};
    const Extent& stored = held->stored;
    const Stretch& newest = stored.tail ? *stored.tail : stored.base;
    return {newest.after, newest.last};
}

std::optional<Want> next_want(const LogId& log, const Extent& held, const Claim& there, Seq missed,
                              const Haste& haste) {
    if (auto want = want_above(log, held, there, missed, haste)) return want;
    if (auto want = want_between(log, held, there)) return want;
    return want_below(log, held, there);
}

}  // namespace lanchat::controller
