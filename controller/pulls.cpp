// When to ask for what is missing.
#include "controller/pulls.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {

void Pulls::behind(const LogId& log, Instant now, bool at_once) {
    const Instant due = at_once ? now : now + limits::pull_delay;
    const auto [it, is_new] = logs_.try_emplace(log, Pull{due, std::nullopt, 0});
    if (!is_new && !it->second.whom) it->second.due = std::min(it->second.due, due);
}

void Pulls::asked(const LogId& log, const PersonKey& whom, Seq up_to, Instant now) {
    Pull& pull = logs_[log];
    if (pull.whom) idlers_.insert(*pull.whom);
    pull = Pull{now + limits::pull_timeout, whom, up_to};
}

void Pulls::put_off(const LogId& log, Instant now) {
    Pull& pull = logs_[log];
    if (pull.whom) idlers_.insert(*pull.whom);
    pull = Pull{now + limits::pull_timeout, std::nullopt, 0};
}

void Pulls::grown(const LogId& log, Seq seq, const PersonKey& bringer, Instant now) {
    const auto it = logs_.find(log);
    if (it == logs_.end()) return;
    Pull& pull = it->second;
    if (pull.whom == bringer && idlers_.erase(bringer) > 0) resume(now);
    if (pull.whom && seq >= pull.up_to) {
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
    std::vector<std::pair<Instant, LogId>> waiting;
    // However few questions are free: most of those below may turn out to be nobody's to answer.
    auto looked_at = has_free_question() ? limits::pulls_max : 0;
    for (const auto& [log, pull] : logs_)
        if (pull.due <= now && (looked_at > 0 || pull.whom)) waiting.emplace_back(pull.due, log);
    std::ranges::sort(waiting);
    std::vector<LogId> due;
    for (const auto& [since, log] : waiting) {
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

std::optional<Instant> Pulls::next_due() const {
    const bool free = has_free_question();
    std::optional<Instant> next;
    for (const auto& [log, pull] : logs_)
        if ((free || pull.whom) && (!next || pull.due < *next)) next = pull.due;
    return next;
}

}  // namespace lanchat::controller
