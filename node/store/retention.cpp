// Retention: by age first, then by bytes of the greatest author.
#include "node/store/retention.hpp"

#include <map>

namespace lanchat::store {
namespace {

class Shares {
  public:
    Shares(const std::vector<HeldLog>& logs, std::vector<std::size_t>& gone)
        : logs_(logs), gone_(gone) {
        for (std::size_t n = 0; n < logs.size(); ++n) {
            Share& share = shares_[logs[n].log.device];
            share.logs.push_back(n);
            share.bytes += bytes_of(n);
            total_ += bytes_of(n);
        }
    }

    void shrink_to(std::uint64_t bytes_max) {
        while (total_ > bytes_max && give_one()) {
        }
    }

  private:
    struct Share {
        std::uint64_t bytes = 0;
        std::vector<std::size_t> logs;
        bool spent = false;  // has nothing left to give
    };

    std::uint64_t bytes_of(std::size_t log) const {
        std::uint64_t bytes = 0;
        for (std::size_t run = gone_[log]; run < logs_[log].runs.size(); ++run)
            bytes += logs_[log].runs[run].bytes;
        return bytes;
    }

    Share* greatest() {
        Share* found = nullptr;
        for (auto& [device, share] : shares_)
            if (!share.spent && (!found || share.bytes > found->bytes)) found = &share;
        return found;
    }

    // The log of `share` whose oldest run arrived first, of those that have one to give.
    std::optional<std::size_t> oldest_of(const Share& share) const {
        std::optional<std::size_t> found;
        for (const std::size_t log : share.logs) {
            if (gone_[log] + 1 >= logs_[log].runs.size()) continue;
            if (!found || next(log).arrived < next(*found).arrived) found = log;
        }
        return found;
    }

    const HeldRun& next(std::size_t log) const { return logs_[log].runs[gone_[log]]; }

    bool give_one() {
        Share* share = greatest();
        if (!share) return false;
        const auto log = oldest_of(*share);
        share->spent = !log;
        if (!log) return true;
        share->bytes -= next(*log).bytes;
        total_ -= next(*log).bytes;
        ++gone_[*log];
        return true;
    }

    const std::vector<HeldLog>& logs_;
    std::vector<std::size_t>& gone_;
    std::map<DeviceId, Share> shares_;
    std::uint64_t total_ = 0;
};

std::size_t too_old(const HeldLog& log, WallTime oldest) {
    std::size_t gone = 0;
    for (std::size_t run = 0; run + 1 < log.runs.size(); ++run)
        if (log.runs[run].arrived < oldest) gone = run + 1;
    return gone;
}

}  // namespace

std::vector<std::size_t> given_up(const std::vector<HeldLog>& logs, std::uint64_t bytes_max,
                                  std::optional<WallTime> oldest, std::size_t runs_max) {
    std::vector<std::size_t> gone;
    for (const HeldLog& log : logs) gone.push_back(oldest ? too_old(log, *oldest) : 0);
    Shares(logs, gone).shrink_to(bytes_max);
    for (std::size_t& runs : gone) runs_max -= runs = std::min(runs, runs_max);
    return gone;
}

}  // namespace lanchat::store
