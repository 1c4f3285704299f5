// All logs in short: hashes of 64 buckets of them and one of those, so that two nodes find what
// they hold differently without telling each other of every log (log.md 18).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "message/extent.hpp"
#include "message/frame.hpp"

namespace lanchat::controller {

// A bit for each bucket.
using Buckets = std::bitset<digest_buckets>;
inline const Buckets no_buckets{};
inline const Buckets all_buckets = ~Buckets{};

// In which bucket a log is.
std::size_t bucket_of(const LogId& log);

// What is known of each log, as short as that can be said: there may be millions. Direct ones are
// not among them.
struct Leaf {
    DeviceId device;
    Epoch epoch{};
    Seq after = 0;  // what is held begins behind this entry
    Seq seq = 0;
    Hash head;
    Seq forked = 0;
    Clock newest;
    std::uint64_t version = 0;  // when it changed last

    LogId log() const { return {device, epoch, {}}; }
};
Leaf leaf_of(const LogId& log, const Extent& stored);

using Bucket = std::vector<Leaf>;  // in the order of logs, but for what is being read

// Logs with which a process starts, in their buckets as they are read: a million of them are moved
// from here, not copied.
class Leaves {
  public:
    void add(const LogId& log, const Extent& stored) {
        buckets_[bucket_of(log)].push_back(leaf_of(log, stored));
    }
    std::set<DeviceId> devices() const;

  private:
    friend class Summary;
    std::array<Bucket, digest_buckets> buckets_;
};

// Only the end of a log counts: what one node has trimmed and the other has not is no difference.
// Logs of which something below the end is wanted still are known apart (parts): whoever holds one
// tells of it. It may be that nobody has the rest any more, and no digest must differ for ever. Of
// a forked log the place counts too.
//
// A bucket is hashed when somebody asks and it has changed since the last time.
class Summary {
  public:
    // None of `leaves` is a part, and each log is there once.
    explicit Summary(Leaves leaves = {});

    // `stored` is on the disk of `log` from now on; nothing is held of it while that is empty.
    void note(const LogId& log, const Extent& stored);

    const Leaf* find(const LogId& log) const;

    const ShortHash& all();
    const std::vector<ShortHash>& buckets();
    // Those whose hash is another there. Precondition: as many as there are buckets.
    Buckets differing(const std::vector<ShortHash>& theirs);

    // Rises with every change of what is hashed. It was never less than 1.
    std::uint64_t version() const { return version_; }
    // What it was when `log` changed last. An unknown log: the greatest, which it never is.
    std::uint64_t version_of(const LogId& log) const;

    // Logs whose lower part, or what lies below their tail, is wanted still.
    const std::set<LogId>& parts() const { return parts_; }
    // The log after `last`, or the first one, of those in `some` buckets, bucket after bucket.
    std::optional<LogId> next(const Buckets& some, const std::optional<LogId>& last) const;

    // How many buckets were hashed so far.
    std::uint64_t hashed() const { return hashed_; }

  private:
    static ShortHash hash_of(const Bucket& bucket);
    void rehash();

    std::array<Bucket, digest_buckets> logs_;
    std::set<LogId> parts_;
    std::uint64_t version_ = 1;
    std::uint64_t hashed_ = 0;
    Buckets dirty_ = all_buckets;
    std::vector<ShortHash> hashes_ = std::vector<ShortHash>(digest_buckets);
    ShortHash all_;
};

}  // namespace lanchat::controller
