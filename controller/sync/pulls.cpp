// When to ask for what is missing. Logs lie in the order of their turns, so that nothing here costs
// more when many of them are behind.
#include "controller/sync/pulls.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {

void Pulls::put(const LogId& log, const Pull& pull) {
    turns_with(pull).insert(turn_of(log, pull));
    lines_asked_ += lines_of(pull);
    logs_.insert_or_assign(log, pull);
}

std::optional<Pulls::Pull> Pulls::take(const LogId& log) {
    ++looks_;
    const auto found = logs_.find(log);
    if (found == logs_.end()) return std::nullopt;
    Pull pull = found->second;
    turns_with(pull).erase(turn_of(log, pull));
    lines_asked_ -= lines_of(pull);
    logs_.erase(found);
    return pull;
}

void Pulls::behind(const LogId& log, Instant now, bool at_once, Clock newest) {
    const Instant due = at_once ? now : now + limits::pull_delay;
    Pull pull = take(log).value_or(Pull{due, std::nullopt});
    pull.newest = std::max(pull.newest, newest);
    if (!pull.whom) pull.due = std::min(pull.due, due);
    put(log, pull);
}

void Pulls::asked(const Want& want, const PersonKey& whom, Instant now) {
    const auto before = take(want.log);
    if (before && before->whom) idlers_.insert(*before->whom);
    put(want.log, {now + limits::pull_timeout, whom, want, before ? before->newest : Clock{}});
}

void Pulls::put_off(const LogId& log, Instant now) {
    const auto before = take(log);
    if (before && before->whom) idlers_.insert(*before->whom);
    put(log, {now + limits::pull_timeout, std::nullopt, {}, before ? before->newest : Clock{}});
}

void Pulls::grown(const LogId& log, const Extent& held, const PersonKey& bringer, Instant now) {
    auto pull = take(log);
    if (!pull) return;
    const bool is_over =
        pull->whom && held.holds_all(std::max(pull->want.after, held.floor), pull->want.seq);
    const bool has_answered = pull->whom == bringer && idlers_.erase(bringer) > 0;
    if (is_over) {
        pull->whom.reset();
        pull->due = now;
    } else {
        pull->due = now + (pull->whom ? Duration(limits::pull_timeout) : limits::pull_delay);
    }
    put(log, *pull);
    if (has_answered) resume(now);
}

void Pulls::not_taken(const VerifiedRun& run, const PersonKey& whom, Instant now) {
    if (!is_answer(run, whom)) return;
    auto pull = take(run.log());
    idlers_.erase(whom);
    pull->whom.reset();
    pull->due = now;
    put(run.log(), *pull);
}

// It answers again, so what was put off for that need not wait any more.
void Pulls::resume(Instant now) {
    const auto later = waiting_.upper_bound({now, ~std::uint64_t{0}, {}});
    std::vector<LogId> put_off;
    for (auto turn = later; turn != waiting_.end(); ++turn) put_off.push_back(turn->log);
    for (const LogId& log : put_off) {
        auto pull = take(log);
        pull->due = now;
        put(log, *pull);
    }
}

void Pulls::gone(const PersonKey& whom, Instant now) {
    idlers_.erase(whom);
    for (const Turn& turn : std::set(asked_)) {
        ++looks_;
        if (logs_.at(turn.log).whom != whom) continue;
        auto pull = take(turn.log);
        pull->whom.reset();
        pull->due = now;
        put(turn.log, *pull);
    }
}

std::vector<LogId> Pulls::due(Instant now) const {
    // However few questions are free: most of those below may turn out to be nobody's to answer.
    std::vector<Turn> turns;
    const auto end = [now](const std::set<Turn>& some) {
        return std::find_if(some.begin(), some.end(),
                            [now](const Turn& turn) { return turn.due > now; });
    };
    turns.assign(asked_.begin(), end(asked_));
    auto free = has_free_question() ? limits::pulls_max : 0;
    for (auto turn = waiting_.begin(); free > 0 && turn != waiting_.end(); ++turn, --free) {
        if (turn->due > now) break;
        turns.push_back(*turn);
    }
    looks_ += turns.size();
    std::ranges::sort(turns);
    std::vector<LogId> due;
    for (const Turn& turn : turns) due.push_back(turn.log);
    return due;
}

bool Pulls::may_ask_for(const LogId& log) const {
    return has_free_question() || idler(log).has_value();
}

bool Pulls::may_ask(const PersonKey& whom, Instant now) const {
    if (!idlers_.contains(whom)) return true;
    looks_ += asked_.size();
    return std::ranges::none_of(asked_, [&](const Turn& turn) {
        return turn.due > now && logs_.at(turn.log).whom == whom;
    });
}

std::optional<PersonKey> Pulls::idler(const LogId& log) const {
    const auto it = logs_.find(log);
    return it == logs_.end() ? std::nullopt : it->second.whom;
}

bool Pulls::is_answer(const VerifiedRun& run, const PersonKey& whom) const {
    const auto it = logs_.find(run.log());
    if (it == logs_.end() || it->second.whom != whom) return false;
    const Want& want = it->second.want;
    return run.last() > want.after && run.first() <= want.seq;
}

std::optional<Instant> Pulls::next_due() const {
    std::optional<Instant> next;
    if (!asked_.empty()) next = asked_.begin()->due;
    if (!waiting_.empty() && has_free_question())
        next = std::min(next.value_or(Instant::max()), waiting_.begin()->due);
    return next;
}

}  // namespace lanchat::controller
