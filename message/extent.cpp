// Stretches touch, agree where they meet, and become one.
#include "message/extent.hpp"

#include <algorithm>

namespace lanchat {
namespace {

Stretch stretch_of(const VerifiedRun& run) {
    return {run.first() - 1, run.before(), run.last(), run.head()};
}

// Of the log after `seq`, which lies in the run or just before it.
const Hash& head_at(const VerifiedRun& run, Seq seq) {
    return seq < run.first() ? run.before() : run.items()[seq - run.first()].head;
}

bool reaches(const VerifiedRun& run, Seq seq) {
    return run.first() <= seq + 1 && seq <= run.last();
}

bool touches(const Stretch& held, const VerifiedRun& run) {
    return run.first() <= held.last + 1 && held.after <= run.last();
}

// What lies between the ends was judged when it came.
bool agrees(const Stretch& held, const VerifiedRun& run) {
    return (!reaches(run, held.after) || head_at(run, held.after) == held.before) &&
           (!reaches(run, held.last) || head_at(run, held.last) == held.head);
}

Stretch joined(const Stretch& a, const Stretch& b) {
    const Stretch& lower = a.after <= b.after ? a : b;
    const Stretch& upper = a.last >= b.last ? a : b;
    return {lower.after, lower.before, upper.last, upper.head};
}

// `held` with `run`, which touches it and has something above the floor.
Stretch grown(const Stretch& held, const VerifiedRun& run, Seq floor) {
    Stretch whole = joined(held, stretch_of(run));
    if (whole.after < floor) {
        whole.after = floor;
        whole.before = head_at(run, floor);
    }
    return whole;
}

bool has_new(const Extent& held, const VerifiedRun& run) {
    for (Seq seq = run.first(); seq <= run.last(); ++seq)
        if (held.lacks(seq)) return true;
    return false;
}

bool is_unheld(const Extent& held) { return held.base.empty() && held.base.last == 0; }

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
}

Fitted fit(const Extent& held, const VerifiedRun& run) {
    const bool at_base = touches(held.base, run);
    const bool at_tail = held.tail && touches(*held.tail, run);
    if ((at_base && !agrees(held.base, run)) || (at_tail && !agrees(*held.tail, run)))
        return {Fit::forked, held};
    if (!has_new(held, run)) return {Fit::known, held};
    Fitted fitted{Fit::grows, held};
    Extent& extent = fitted.extent;
    if (at_base) extent.base = grown(held.base, run, held.floor);
    if (at_base && at_tail) {
        extent.base = joined(extent.base, *held.tail);
        extent.tail.reset();
    } else if (at_tail) {
        extent.tail = grown(*held.tail, run, held.floor);
    } else if (!at_base) {
        fitted.fit = Fit::detached;
        if (is_unheld(held)) {
            extent.base = stretch_of(run);
        } else if (!held.tail && run.first() > held.base.last) {
            extent.tail = stretch_of(run);
        } else {
            return {Fit::apart, held};
        }
    }
    if (run.last() == extent.last()) extent.newest = run.items().back().entry.clock;
    return fitted;
}

}  // namespace lanchat
