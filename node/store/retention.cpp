// Retention: by age first, then by bytes of the greatest author.
#include "node/store/retention.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>

namespace lanchat::store {
namespace {

std::size_t too_old(const HeldLog& log, WallTime oldest) {
    std::size_t gone = 0;
    for (std::size_t run = 0; run + 1 < log.runs.size(); ++run)
        if (log.runs[run].arrived < oldest) gone = run + 1;
    return gone;
}

// How many runs each log gives up. Devices lie by what they hold, logs of each by their oldest run.
class Shares {
  public:
    Shares(const std::vector<HeldLog>& logs, std::vector<std::size_t>& gone)
        : logs_(logs), gone_(gone) {
        for (std::size_t n = 0; n < logs.size(); ++n) add(n);
        for (const auto& [device, share] : shares_) by_bytes_.insert({~share.bytes, device});
    }

    void shrink_to(std::uint64_t bytes_max) {
        while (total_ > bytes_max && !by_bytes_.empty()) give_one();
    }

  private:
    using Oldest = std::pair<std::int64_t, std::size_t>;  // when it arrived, its log
    struct Share {
        std::uint64_t bytes = 0;
        std::priority_queue<Oldest, std::vector<Oldest>, std::greater<>> logs;
    };

    void add(std::size_t log) {
        Share& share = shares_[logs_[log].log.device];
        for (std::size_t run = gone_[log]; run < logs_[log].runs.size(); ++run) {
            share.bytes += logs_[log].runs[run].bytes;
            total_ += logs_[log].runs[run].bytes;
        }
        offer(share, log);
    }

    // But for the newest run of all.
    void offer(Share& share, std::size_t log) {
        if (gone_[log] + 1 < logs_[log].runs.size())
            share.logs.push({logs_[log].runs[gone_[log]].arrived.ms, log});
    }

    void give_one() {
        const auto [bytes, device] = *by_bytes_.begin();
        by_bytes_.erase(by_bytes_.begin());
        Share& share = shares_.at(device);
        if (share.logs.empty()) return;
        const std::size_t log = share.logs.top().second;
        share.logs.pop();
        share.bytes -= logs_[log].runs[gone_[log]].bytes;
        total_ -= logs_[log].runs[gone_[log]].bytes;
        ++gone_[log];
        offer(share, log);
        by_bytes_.insert({~share.bytes, device});
    }

    const std::vector<HeldLog>& logs_;
    std::vector<std::size_t>& gone_;
    std::map<DeviceId, Share> shares_;
    std::set<std::pair<std::uint64_t, DeviceId>> by_bytes_;  // the greatest first
    std::uint64_t total_ = 0;
};

}  // namespace

bool Retention::has_plan(std::uint64_t bytes_max, std::optional<WallTime> oldest) const {
    if (plan_.empty() || bytes_max != bytes_max_ || oldest.has_value() != oldest_.has_value())
        return false;
    return !oldest || !(*oldest < *oldest_);
}

void Retention::plan(std::vector<HeldLog> held, std::uint64_t bytes_max,
                     std::optional<WallTime> oldest) {
    ++plans_;
    bytes_max_ = bytes_max;
    oldest_ = oldest;
    std::vector<std::size_t> gone;
    for (const HeldLog& log : held) gone.push_back(oldest ? too_old(log, *oldest) : 0);
    Shares(held, gone).shrink_to(bytes_max);
    plan_.clear();
    for (std::size_t n = held.size(); n-- > 0;) {
        if (gone[n] == 0) continue;
        held[n].runs.resize(gone[n]);
        plan_.push_back(std::move(held[n]));
    }
}

std::vector<HeldLog> Retention::next(std::size_t runs_max) {
    std::vector<HeldLog> step;
    while (!plan_.empty() && runs_max > 0) {
        auto& runs = plan_.back().runs;
        const auto count = std::min(runs.size(), runs_max);
        const auto end = runs.begin() + static_cast<std::ptrdiff_t>(count);
        step.push_back({plan_.back().log, {runs.begin(), end}});
        runs.erase(runs.begin(), end);
        runs_max -= count;
        if (runs.empty()) plan_.pop_back();
    }
    return step;
}

}  // namespace lanchat::store
