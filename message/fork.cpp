// Runs are compared by the heads after their entries: each vouches for all that comes before it.
#include "message/fork.hpp"

#include <algorithm>

namespace lanchat {
bool Fork::is_tight() const { return a->at(seq).before == b->at(seq).before; }

std::optional<Fork> fork_between(const RunPtr& a, const RunPtr& b) {
    if (a->log() != b->log()) return std::nullopt;
    const Seq first = std::max(a->first(), b->first());
    const Seq last = std::min(a->last(), b->last());
    for (Seq seq = first; seq <= last; ++seq) {
        if (a->at(seq).head != b->at(seq).head) return Fork{a->log(), seq, a, b};
        if (seq == last) break;  // it may be the greatest number there is
    }
    return std::nullopt;
}

}  // namespace lanchat
