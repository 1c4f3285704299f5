// A run: consecutive entries of one log under one signature. What travels, is stored and relayed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "message/entry.hpp"
#include "message/keys.hpp"

namespace lanchat {

// A run as it came from elsewhere: nothing of it is verified.
struct Run {
    std::vector<std::string> entries;  // their bytes, opaque
    Signature signature;               // over the head after the last of them
};

// A run whose every byte its author vouches for. There is no other way to have one than to verify
// or to sign it, so code that takes one need not ask again. Never changes; shared between threads.
class VerifiedRun {
  public:
    struct Item {
        Entry entry;
        std::string bytes;
        Hash head;  // of the log after this entry
    };

    const LogId& log() const { return items_.front().entry.log; }
    Seq first() const { return items_.front().entry.seq; }
    Seq last() const { return items_.back().entry.seq; }
    const Hash& before() const { return items_.front().entry.before; }
    const Hash& head() const { return items_.back().head; }
    const std::vector<Item>& items() const { return items_; }  // at least one
    const Signature& signature() const { return signature_; }
    std::size_t byte_count() const { return byte_count_; }  // of all entries

  private:
    friend Result<std::shared_ptr<const VerifiedRun>> verify(Run run);
    friend std::shared_ptr<const VerifiedRun> sign(std::vector<Entry> entries,
                                                   const DeviceKey& key);
    VerifiedRun(std::vector<Item> items, Signature signature);

    std::vector<Item> items_;
    Signature signature_;
    std::size_t byte_count_ = 0;
};
using RunPtr = std::shared_ptr<const VerifiedRun>;

// Takes a run of at most limits::run_entries_max entries and limits::run_bytes_max bytes (or one
// larger entry) whose entries are each valid, of one log, numbered without a gap, chained, with
// rising clocks, and whose head is signed by the log's device.
Result<RunPtr> verify(Run run);

// Preconditions: entries as `verify` wants them (`before` is filled in here, from the second on),
// of a log of `key`.
RunPtr sign(std::vector<Entry> entries, const DeviceKey& key);

}  // namespace lanchat
