// Bisection, one question at a time for each log.
#include "controller/sync/inquiries.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {

std::optional<Want> Inquiries::begin(const LogId& log, Seq low, Seq differs, Instant now) {
    std::erase_if(open_, [now](const auto& known) { return known.second.until <= now; });
    const auto open = open_.find(log);
    if (open != open_.end() && open->second.asked <= differs) return std::nullopt;
    if (open == open_.end() && open_.size() >= limits::inquiries_per_peer_max) return std::nullopt;
    Inquiry& inquiry = open_[log] = {low, differs};
    return ask(log, inquiry, differs, now);
}

bool Inquiries::is_answer(const VerifiedRun& run) const {
    const auto open = open_.find(run.log());
    if (open == open_.end()) return false;
    return run.holds(open->second.asked);
}

std::optional<Seq> Inquiries::agreed(const LogId& log) const {
    const auto open = open_.find(log);
    if (open == open_.end()) return std::nullopt;
    return open->second.low;
}

std::optional<Want> Inquiries::compared(const LogId& log, Seq same, const std::optional<Fork>& fork,
                                        Instant now) {
    const auto open = open_.find(log);
    if (open == open_.end()) return std::nullopt;
    Inquiry& inquiry = open->second;
    const Seq low = inquiry.low;
    const bool parts_lower = fork && !fork->is_tight();
    if (parts_lower) inquiry.high = std::min(inquiry.high, fork->seq - 1);
    if (!fork) inquiry.low = std::max(inquiry.low, same);
    const bool goes_on = parts_lower || inquiry.low > low;
    if (!goes_on || inquiry.low >= inquiry.high) {
        open_.erase(open);
        return std::nullopt;
    }
    return ask(log, inquiry, inquiry.low + (inquiry.high - inquiry.low + 1) / 2, now);
}

Want Inquiries::ask(const LogId& log, Inquiry& inquiry, Seq seq, Instant now) {
    inquiry.asked = seq;
    inquiry.until = now + limits::pull_timeout;
    return {log, seq - 1, seq, false};
}

}  // namespace lanchat::controller
