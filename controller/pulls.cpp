// When to ask for what is missing.
#include "controller/pulls.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {

void Pulls::behind(const LogId& log, Instant now, bool at_once, Clock newest) {
    const Instant due = at_once ? now : now + limits::pull_delay;
    const auto [it, is_new] = logs_.try_emplace(log, Pull{due, std::nullopt});
    it->second.newest = std::max(it->second.newest, newest);
    if (!is_new && !it->second.whom) it->second.due = std::min(it->second.due, due);
}

void Pulls::asked(const Want& want, const PersonKey& whom, Instant now) {
    Pull& pull = logs_[want.log];
    if (pull.whom) idlers_.insert(*pull.whom);
    pull = Pull{now + limits::pull_timeout, whom, want, pull.newest};
}

void Pulls::put_off(const LogId& log, Instant now) {
    Pull& pull = logs_[log];
    if (pull.whom) idlers_.insert(*pull.whom);
    pull = Pull{now + limits::pull_timeout, std::nullopt, {}, pull.newest};
}

void Pulls::grown(const LogId& log, const Extent& held, const PersonKey& bringer, Instant now) {
    const auto it = logs_.find(log);
    if (it == logs_.end()) return;
    Pull& pull = it->second;
    if (pull.whom == bringer && idlers_.erase(bringer) > 0) resume(now);
    if (pull.whom && held.holds_all(std::max(pull.want.after, held.floor), pull.want.seq)) {
        pull.whom.reset();
        pull.due = now;
        return;
    }
    pull.due = now + (pull.whom ? Duration(limits::pull_timeout) : Duration(limits::pull_delay));
}

void Pulls::resume(Instant now) {
    for (auto& [log, pull] : logs_)
        if (!pull.whom) pull.due = std::min(pull.due, now);
}

void Pulls::gone(const PersonKey& whom, Instant now) {
    idlers_.erase(whom);
    for (auto& [log, pull] : logs_) {
        if (pull.whom != whom) continue;
        pull.whom.reset();
        pull.due = now;
    }
}

std::vector<LogId> Pulls::due(Instant now) const {
    std::vector<std::tuple<Instant, std::uint64_t, LogId>> waiting;
    // However few questions are free: most of those below may turn out to be nobody's to answer.
    auto looked_at = has_free_question() ? limits::pulls_max : 0;
    for (const auto& [log, pull] : logs_)
        if (pull.due <= now && (looked_at > 0 || pull.whom))
            waiting.emplace_back(pull.due, ~pull.newest.packed, log);
    std::ranges::sort(waiting);
    std::vector<LogId> due;
    for (const auto& [since, age, log] : waiting) {
        const bool is_asked = logs_.at(log).whom.has_value();
        if (!is_asked && looked_at == 0) continue;
        if (!is_asked) --looked_at;
        due.push_back(log);
    }
    return due;
}

bool Pulls::may_ask_for(const LogId& log) const {
    return has_free_question() || idler(log).has_value();
}

bool Pulls::has_free_question() const {
    return questions() < static_cast<std::ptrdiff_t>(limits::pulls_max);
}

std::ptrdiff_t Pulls::questions() const {
    return std::ranges::count_if(logs_,
                                 [](const auto& known) { return known.second.whom.has_value(); });
}

bool Pulls::may_ask(const PersonKey& whom, Instant now) const {
    if (!idlers_.contains(whom)) return true;
    return std::ranges::none_of(logs_, [&](const auto& known) {
        return known.second.whom == whom && known.second.due > now;
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
    const bool free = has_free_question();
    std::optional<Instant> next;
    for (const auto& [log, pull] : logs_)
        if ((free || pull.whom) && (!next || pull.due < *next)) next = pull.due;
    return next;
}

}  // namespace lanchat::controller
