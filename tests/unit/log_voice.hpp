// A voice: somebody who says lines in a log of their own, for tests that need runs of others.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "message/limits.hpp"
#include "message/run.hpp"

namespace lanchat {

inline std::shared_ptr<const DeviceKey> key_of(std::uint64_t number) {
    DeviceKey::Seed seed{};
    for (std::size_t i = 0; i < 8; ++i)
        seed[i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xFF);
    return std::make_shared<const DeviceKey>(std::move(seed));
}

class Voice {
  public:
    // The log of process `instance`, which has a device of its own.
    explicit Voice(InstanceId instance, std::string word = "line")
        : key_(key_of(static_cast<std::uint64_t>(instance))),
          log_(log_of(key_->id(), instance)),
          word_(std::move(word)) {}

    const LogId& log() const { return log_; }
    const DeviceId& device() const { return log_.device; }

    // The lines numbered first to last, "WORD N", in runs as large as may be.
    std::vector<RunPtr> runs(Seq first, Seq last) {
        std::vector<RunPtr> runs;
        while (first <= last) {
            const Seq end = std::min<Seq>(last, first + limits::run_entries_max - 1);
            std::vector<Entry> entries;
            for (Seq seq = first; seq <= end; ++seq) entries.push_back(entry(seq));
            entries.front().before = head(first - 1);
            runs.push_back(sign(std::move(entries), *key_));
            first = end + 1;
        }
        return runs;
    }
    // The head of the log after the line numbered `seq`.
    Hash head(Seq seq) {
        while (heads_.size() <= seq) {
            Entry next = entry(heads_.size());
            next.before = heads_.back();
            heads_.push_back(chained(heads_.back(), encode(next)));
        }
        return heads_[seq];
    }

  private:
    Entry entry(Seq seq) const {
        Entry entry;
        entry.log = log_;
        entry.seq = seq;
        entry.clock = Clock{Clock::at(WallTime{1'600'000'000'000}).packed + seq};
        entry.room = "general";
        entry.name = "you";
        entry.text = word_ + " " + std::to_string(seq);
        return entry;
    }

    std::shared_ptr<const DeviceKey> key_;
    LogId log_;
    std::string word_;
    std::vector<Hash> heads_{Hash{}};
};

}  // namespace lanchat
