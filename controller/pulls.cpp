// When to ask for what is missing.
#include "controller/pulls.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {

void Pulls::behind(const LogId& log, Instant now, bool at_once) {
    const Instant due = at_once ? now : now + limits::pull_delay;
    const auto [it, is_new] = logs_.try_emplace(log, Pull{due, std::nullopt, 0});
    if (!is_new && !it->second.whom) it->second.due = std::min(it->second.due, due);
}

void Pulls::asked(const LogId& log, const PersonKey& whom, Seq up_to, Instant now) {
    logs_[log] = Pull{now + limits::pull_timeout, whom, up_to};
}

void Pulls::grown(const LogId& log, Seq seq, Instant now) {
    const auto it = logs_.find(log);
    if (it == logs_.end()) return;
    Pull& pull = it->second;
    const bool answered = pull.whom && seq >= pull.up_to;
    if (answered) pull.whom.reset();
    if (answered) {
        pull.due = now;
    } else {
        pull.due =
            now + (pull.whom ? Duration(limits::pull_timeout) : Duration(limits::pull_delay));
    }
}

void Pulls::gone(const PersonKey& whom, Instant now) {
    for (auto& [log, pull] : logs_) {
        if (pull.whom != whom) continue;
        pull.whom.reset();
        pull.due = now;
    }
}

std::vector<LogId> Pulls::due(Instant now) const {
    auto free = static_cast<std::ptrdiff_t>(limits::pulls_max) - answers_awaited(now);
    std::vector<LogId> due;
    for (const auto& [log, pull] : logs_) {
        if (free <= 0) break;
        if (pull.due > now) continue;
        due.push_back(log);
        --free;
    }
    return due;
}

std::ptrdiff_t Pulls::answers_awaited(Instant after) const {
    return std::ranges::count_if(
        logs_, [&](const auto& known) { return known.second.whom && known.second.due > after; });
}

std::optional<PersonKey> Pulls::idler(const LogId& log) const {
    const auto it = logs_.find(log);
    return it == logs_.end() ? std::nullopt : it->second.whom;
}

std::optional<Instant> Pulls::next_due() const {
    const bool free = answers_awaited({}) < static_cast<std::ptrdiff_t>(limits::pulls_max);
    std::optional<Instant> next;
    for (const auto& [log, pull] : logs_)
        if ((free || pull.whom) && (!next || pull.due < *next)) next = pull.due;
    return next;
}

}  // namespace lanchat::controller
