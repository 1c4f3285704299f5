// The extent of a log: which of its entries are held here, and how a run fits to them.
#pragma once

#include <limits>
#include <optional>

#include "message/run.hpp"

namespace lanchat {

// Consecutive entries: those after `after` up to `last`.
struct Stretch {
    Seq after = 0;
    Hash before;  // head of the log at `after`
    Seq last = 0;
    Hash head;  // at `last`

    bool empty() const { return after == last; }
    bool holds(Seq seq) const { return after < seq && seq <= last; }
    // Whether it holds all entries after `from` up to `to`.
    bool holds_all(Seq from, Seq to) const { return after <= from && to <= last; }

    bool operator==(const Stretch&) const = default;
};

// At most two stretches of a log (log.md 17). Who was away gets the newest entries first, as the
// tail; then the base grows up to it. Who is new has a base that grows up and down.
struct Extent {
    Stretch base;
    std::optional<Stretch> tail;  // above the base, with a gap between
    Seq floor = 0;                // nothing at or below it is wanted: it was trimmed
    Clock newest;                 // of the last entry
    // Its author signed two entries for this place (0: not known to have): nothing from here on
    // counts, it is neither held nor wanted (log.md 6).
    Seq forked = 0;

    Seq limit() const { return forked == 0 ? std::numeric_limits<Seq>::max() : forked - 1; }
    Seq last() const { return tail ? tail->last : base.last; }
    const Hash& head() const { return tail ? tail->head : base.head; }
    bool holds(Seq seq) const { return base.holds(seq) || (tail && tail->holds(seq)); }
    bool holds_all(Seq from, Seq to) const {
        return base.holds_all(from, to) || (tail && tail->holds_all(from, to));
    }
    // How many entries.
    Seq size() const { return base.last - base.after + (tail ? tail->last - tail->after : 0); }
    // Whether an entry with this number would be new.
    bool lacks(Seq seq) const { return seq > floor && seq <= limit() && !holds(seq); }

    // Gives up the entries up to `seq`, where the head is `head`. Precondition: it or an entry
    // above it is held.
    void raise_floor(Seq seq, const Hash& head);
    // Gives up the entries from `place` on, before which the head here is `head` if one is held
    // there. `newest` remains to be set. Precondition: no lower place was known.
    void freeze(Seq place, const Hash& head);

    bool operator==(const Extent&) const = default;
};

enum class Fit {
    grows,     // it continues what is held, at either end, or closes the gap
    detached,  // it begins a stretch of its own
    known,     // nothing in it is new
    apart,     // it touches nothing that is held, and there is no place for one more stretch
    forked,    // it contradicts what is held
};

struct Fitted {
    Fit fit = Fit::known;
    Extent extent;  // what is held with it; else as before
};

// How `run`, of the same log, fits to what is held; nothing is held of a log of which all is
// empty.
Fitted fit(const Extent& held, const VerifiedRun& run);

}  // namespace lanchat
