// How logs grow: only by runs that fit to what is held.
#include "controller/sync/logs.hpp"

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

// What of `claim` may be wanted.
Claim up_to(Seq limit, const Claim& claim) {
    const auto part = [limit](const Range& range) {
        return range.after < limit ? Range{range.after, std::min(range.last, limit)} : Range{};
    };
    Claim there{part(claim.base), std::nullopt};
    if (claim.tail && claim.tail->after < limit) there.tail = part(*claim.tail);
    return there;
}

}  // namespace

Claim claim_of(const Head& head) {
    Claim claim{{head.base.after, head.base.last}, std::nullopt};
    if (head.tail) claim.tail = {head.tail->after, head.tail->last};
    return claim;
}

bool may_rest(const LogId& log, const Extent& stored) {
    return !log.is_direct() && !stored.tail && stored.forked == 0 && !stored.base.empty() &&
           stored.base.after == stored.floor;
}

Logs::Logs(Map held, Leaves resting, std::size_t at_hand_max)
    : held_(std::move(held)),
      summary_(std::move(resting)),
      at_hand_max_(at_hand_max),
      tidy_at_(at_hand_max) {
    for (const auto& known : held_) note(known);
    tidied_ = summary_.version();
    tidy();
}

bool Logs::rests_well(const Map::value_type& known) const {
    const auto& [log, held] = known;
    return !held.freezing && held.here == held.stored && may_rest(log, held.stored) &&
           summary_.version_of(log) <= tidied_;
}

void Logs::tidy() {
    if (held_.size() < tidy_at_) return;
    std::erase_if(held_, [this](const auto& known) {
        if (!rests_well(known)) return false;
        const Stretch& base = known.second.stored.base;
        if (base.after > 0) before_[known.first] = base.before;
        return true;
    });
    tidied_ = summary_.version();
    tidy_at_ = held_.size() + at_hand_max_;
}

void Logs::note(const Map::value_type& known) {
    if (known.first.is_direct()) return;  // which is nobody else's business
    if (!known.second.freezing) summary_.note(known.first, known.second.stored);
}

Logs::Verdict Logs::take(const VerifiedRun& run, bool may_detach) {
    const Held* known = find(run.log());
    if (known != nullptr && known->is_being_cut()) return Verdict::known;
    const Fitted fitted = fit(extent(run.log()), run);
    switch (fitted.fit) {
        case Fit::known:
            return Verdict::known;
        case Fit::apart:
            return Verdict::ahead;
        case Fit::forked:
            return Verdict::contradicts;
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
    auto* known = at_hand(run.log());
    if (known == nullptr || known->second.is_being_cut()) return;
    known->second.stored = fit(known->second.stored, run).extent;
    note(*known);
}

void Logs::trimmed(const LogId& log, Seq floor, const Hash& head) {
    auto* known = at_hand(log);
    if (known == nullptr) return;
    known->second.here.raise_floor(floor, head);
    known->second.stored.raise_floor(floor, head);
    note(*known);
}

bool Logs::freeze(const LogId& log, Seq place) {
    (void)at_hand(log);
    Held& held = held_[log];
    if (held.here.limit() < place) return false;
    held.here.forked = held.stored.forked = place;
    held.freezing = true;
    return true;
}

bool Logs::frozen(const LogId& log, const Extent& stored) {
    auto* known = at_hand(log);
    if (known == nullptr || known->second.here.forked != stored.forked) return false;
    Held& held = known->second;
    if (held.is_being_cut()) held.here = held.stored = stored;
    held.freezing = false;
    note(*known);
    return true;
}

const Held* Logs::find(const LogId& log) const {
    const auto* known = at_hand(log);
    return known == nullptr ? nullptr : &known->second;
}

Logs::Map::value_type* Logs::at_hand(const LogId& log) const {
    const auto known = held_.find(log);
    if (known != held_.end()) return &*known;
    const Leaf* leaf = summary_.find(log);
    if (leaf == nullptr) return nullptr;
    const auto before = before_.find(log);
    Extent extent;
    extent.base = {leaf->after, before == before_.end() ? Hash{} : before->second, leaf->seq,
                   leaf->head};
    extent.floor = leaf->after;
    extent.newest = leaf->newest;
    return &*held_.emplace(log, Held{extent, extent, false}).first;
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
    const Seq last = std::min(newest.last, stored.limit());  // it may be about to be cut
    return newest.after < last ? Ack{newest.after, last} : Ack{};
}

std::optional<Want> next_want(const LogId& log, const Extent& held, const Claim& claim, Seq missed,
                              const Haste& haste) {
    const Claim there = up_to(held.limit(), claim);
    if (auto want = want_above(log, held, there, missed, haste)) return want;
    if (auto want = want_between(log, held, there)) return want;
    return want_below(log, held, there);
}

}  // namespace lanchat::controller
