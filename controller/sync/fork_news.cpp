// Proofs are paced for each peer, and more and more for each log.
#include "controller/sync/fork_news.hpp"

#include <algorithm>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

Duration pause_after(std::uint32_t sent) {
    if (sent == 0) return Duration{0};
    constexpr std::uint32_t proof_doublings_max = 8;
    return std::min<Duration>(limits::proof_pause * (1 << std::min(sent, proof_doublings_max)),
                              limits::proof_pause_max);
}

}  // namespace

void ForkNews::begin(const Logs::Map& held, Instant now, const May& may_be_told) {
    *this = {};
    for (const auto& [log, known] : held)
        if (known.here.forked != 0 && !known.freezing && may_be_told(log))
            owe(log, known.here.forked, now);
}

void ForkNews::owe(const LogId& log, Seq place, Instant now) {
    Told& told = logs_[log];
    told.ours = place;
    if (!lacks(told) || told.due) return;
    // After the delay a peer that was told of the fork by others has told us so.
    schedule(log, told,
             std::max<Instant>(now + limits::proof_delay, told.last + pause_after(told.sent)));
}

void ForkNews::asked(const LogId& log, Seq place, Instant now) {
    const auto told = logs_.find(log);
    if (told != logs_.end()) told->second.there = 0;
    owe(log, place, now);
}

void ForkNews::knows(const LogId& log, Seq place) {
    if (logs_.size() >= limits::news_per_peer_max && !logs_.contains(log)) return;
    Told& told = logs_[log];
    told.there = told.there == 0 ? place : std::min(told.there, place);
    if (!told.due || lacks(told)) return;
    owed_.erase({*told.due, log});
    told.due.reset();
}

std::optional<Instant> ForkNews::due() const {
    if (owed_.empty()) return std::nullopt;
    return std::max(next_, owed_.begin()->first);
}

std::vector<LogId> ForkNews::take(Instant now) {
    while (!owed_.empty() && owed_.begin()->first <= now &&
           taken_.size() < limits::frame_proofs_max) {
        const LogId log = owed_.begin()->second;
        owed_.erase(owed_.begin());
        Told& told = logs_.at(log);
        told.due.reset();
        told.last = now;
        ++told.sent;
        taken_.push_back(log);
    }
    next_ = now + limits::proof_pause;
    return taken_;
}

void ForkNews::taken_told() {
    for (const LogId& log : taken_) {
        Told& told = logs_.at(log);
        if (lacks(told) && !told.due) schedule(log, told, told.last + pause_after(told.sent));
    }
    taken_.clear();
}

void ForkNews::schedule(const LogId& log, Told& told, Instant due) {
    if (told.due) owed_.erase({*told.due, log});
    told.due = due;
    owed_.insert({due, log});
}

}  // namespace lanchat::controller
