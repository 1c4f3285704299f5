// How logs grow: only by runs that chain to what is held.
#include "controller/logs.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

// Whether `run` goes through the head of what is held.
bool chains(const VerifiedRun& run, const Held& held) {
    if (run.first() == held.seq + 1) return run.before() == held.head;
    const auto at = std::min(held.seq, run.last());
    if (at != held.seq) return true;  // wholly below the head: its place was judged before
    return run.items()[at - run.first()].head == held.head;
}

}  // namespace

Logs::Verdict Logs::take(const VerifiedRun& run) {
    const auto known = held_.find(run.log());
    const Held before = known == held_.end() ? Held{} : known->second;
    if (before.forked) return Verdict::forked;
    if (run.first() > before.seq + 1) return Verdict::ahead;
    if (!chains(run, before)) {
        held_[run.log()].forked = true;
        return Verdict::forked;
    }
    if (run.last() <= before.seq) return Verdict::known;
    Held& held = held_[run.log()];
    held.seq = run.last();
    held.head = run.head();
    return Verdict::fresh;
}

void Logs::stored(const VerifiedRun& run) {
    const auto known = held_.find(run.log());
    if (known == held_.end() || run.last() <= known->second.stored) return;
    known->second.stored = run.last();
    known->second.stored_head = run.head();
}

bool Logs::has_place_for(const LogId& log) const {
    return held_.size() < limits::logs_max || held_.contains(log);
}

const Held* Logs::find(const LogId& log) const {
    const auto known = held_.find(log);
    return known == held_.end() ? nullptr : &known->second;
}

Seq Logs::seq_of(const LogId& log) const {
    const Held* held = find(log);
    return held == nullptr ? 0 : held->seq;
}

Seq Logs::stored_of(const LogId& log) const {
    const Held* held = find(log);
    return held == nullptr ? 0 : held->stored;
}

}  // namespace lanchat::controller
