// Stretches touch, agree where they meet, and become one.
#include "message/extent.hpp"

#include <algorithm>

namespace lanchat {
namespace {

// Of the log after `seq`, which lies in the run or just before it.
const Hash& head_at(const VerifiedRun& run, Seq seq) {
    return seq < run.first() ? run.before() : run.at(seq).head;
}

// What counts of the run: its entries up to `limit`. Precondition: there are some.
Stretch part_of(const VerifiedRun& run, Seq limit) {
    const Seq last = std::min(run.last(), limit);
    return {run.first() - 1, run.before(), last, head_at(run, last)};
}

bool reaches(const Stretch& part, Seq seq) { return part.after <= seq && seq <= part.last; }

bool touches(const Stretch& held, const Stretch& part) {
    return part.after <= held.last && held.after <= part.last;
}

// What lies between the ends was judged when it came.
bool agrees(const Stretch& held, const VerifiedRun& run, const Stretch& part) {
    return (!reaches(part, held.after) || head_at(run, held.after) == held.before) &&
           (!reaches(part, held.last) || head_at(run, held.last) == held.head);
}

Stretch joined(const Stretch& a, const Stretch& b) {
    const Stretch& lower = a.after <= b.after ? a : b;
    const Stretch& upper = a.last >= b.last ? a : b;
    return {lower.after, lower.before, upper.last, upper.head};
}

// `whole`, which ends in the run, without what lies below the floor.
Stretch above(Stretch whole, const VerifiedRun& run, Seq floor) {
    if (whole.after < floor) {
        whole.after = floor;
        whole.before = head_at(run, floor);
    }
    return whole;
}

bool has_new(const Extent& held, const Stretch& part) {
    for (Seq seq = part.after + 1; seq <= part.last; ++seq)
        if (held.lacks(seq)) return true;
    return false;
}

bool is_unheld(const Extent& held) { return held.base.empty() && held.base.last == 0; }

// Without what comes after `end`, where the head is `head`; nothing of it may be left.
Stretch cut(const Stretch& held, Seq end, const Hash& head) {
    if (held.last <= end) return held;
    return held.after < end ? Stretch{held.after, held.before, end, head} : Stretch{};
}

}  // namespace

void Extent::raise_floor(Seq seq, const Hash& head) {
    if (seq <= floor) return;
    floor = seq;
    if (tail && seq >= base.last) {  // nothing below the gap is left, nor wanted
        base = *tail;
        tail.reset();
    }
    if (seq <= base.after) return;
    base.after = seq;
    base.before = head;
    if (size() == 0 && forked != 0) newest = {};
}

void Extent::freeze(Seq place, const Hash& head) {
    forked = place;
    if (tail) tail = cut(*tail, place - 1, head);
    if (tail && tail->empty()) tail.reset();
    base = cut(base, place - 1, head);
}

Fitted fit(const Extent& held, const VerifiedRun& run) {
    if (run.first() > held.limit()) return {Fit::known, held};
    const Stretch part = part_of(run, held.limit());
    const bool at_base = touches(held.base, part);
    const bool at_tail = held.tail && touches(*held.tail, part);
    if ((at_base && !agrees(held.base, run, part)) || (at_tail && !agrees(*held.tail, run, part)))
        return {Fit::forked, held};
    if (!has_new(held, part)) return {Fit::known, held};
    Fitted fitted{Fit::grows, held};
    Extent& extent = fitted.extent;
    if (at_base) extent.base = above(joined(held.base, part), run, held.floor);
    if (at_base && at_tail) {
        extent.base = joined(extent.base, *held.tail);
        extent.tail.reset();
    } else if (at_tail) {
        extent.tail = above(joined(*held.tail, part), run, held.floor);
    } else if (!at_base) {
        fitted.fit = Fit::detached;
        if (is_unheld(held)) {
            extent.base = above(part, run, held.floor);
        } else if (!held.tail && run.first() > held.base.last) {
            extent.tail = part;
        } else {
            return {Fit::apart, held};
        }
    }
    if (part.last == extent.last()) extent.newest = run.at(part.last).clock;
    return fitted;
}

}  // namespace lanchat
