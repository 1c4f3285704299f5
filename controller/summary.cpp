// Buckets, hashed again once they have changed.
#include "controller/summary.hpp"

#include <algorithm>
#include <string>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/hash.hpp"

namespace lanchat::controller {
namespace {

ShortHash shortened(const Hash& hash) {
    ShortHash cut;
    std::copy_n(hash.bytes.begin(), cut.bytes.size(), cut.bytes.begin());
    return cut;
}

}  // namespace

// The keys of devices and their epochs look random. Who chooses them fills one bucket: its heads
// are told when it differs, as all were without buckets.
std::size_t bucket_of(const LogId& log) {
    const auto epoch = static_cast<std::uint64_t>(log.epoch);
    return (log.device.bytes.front() ^ epoch ^ epoch >> 58) % digest_buckets;
}

void Summary::note(const LogId& log, const Extent& stored) {
    if (stored.size() == 0 && stored.forked == 0) return;
    const bool is_part = stored.tail || stored.base.after > stored.floor;
    is_part ? void(parts_.insert(log)) : void(parts_.erase(log));
    const std::size_t number = bucket_of(log);
    Leaf& leaf = logs_[number][log];
    if (leaf.version > 0 && leaf.forked == stored.forked && leaf.seq == stored.last() &&
        leaf.head == stored.head())
        return;
    leaf = {stored.last(), stored.head(), stored.forked, ++version_};
    dirty_.set(number);
}

const ShortHash& Summary::all() {
    rehash();
    return all_;
}

const std::vector<ShortHash>& Summary::buckets() {
    rehash();
    return hashes_;
}

Buckets Summary::differing(const std::vector<ShortHash>& theirs) {
    LANCHAT_ASSERT(theirs.size() == digest_buckets);
    rehash();
    Buckets differ;
    for (std::size_t n = 0; n < digest_buckets; ++n) differ.set(n, hashes_[n] != theirs[n]);
    return differ;
}

std::uint64_t Summary::version_of(const LogId& log) const {
    const Bucket& bucket = logs_[bucket_of(log)];
    const auto known = bucket.find(log);
    return known == bucket.end() ? ~std::uint64_t{0} : known->second.version;
}

const LogId* Summary::next(const Buckets& some, const std::optional<LogId>& last) const {
    std::size_t number = last ? bucket_of(*last) : 0;
    auto it = last ? logs_[number].upper_bound(*last) : logs_[number].begin();
    while (!some.test(number) || it == logs_[number].end()) {
        if (++number == digest_buckets) return nullptr;
        it = logs_[number].begin();
    }
    return &it->first;
}

ShortHash Summary::hash_of(const Bucket& bucket) {
    std::string text = "lanchat/bucket/1";
    for (const auto& [log, leaf] : bucket) {
        text += log.device.view();
        put_big_endian(text, static_cast<std::uint64_t>(log.epoch));
        put_big_endian(text, leaf.forked);
        put_big_endian(text, leaf.seq);
        text += leaf.head.view();
    }
    return shortened(lanchat::hash_of(text));
}

void Summary::rehash() {
    if (dirty_.none()) return;
    std::string text = "lanchat/digest/1";
    for (std::size_t n = 0; n < digest_buckets; ++n) {
        if (dirty_.test(n)) {
            hashes_[n] = hash_of(logs_[n]);
            ++hashed_;
        }
        text += hashes_[n].view();
    }
    all_ = shortened(lanchat::hash_of(text));
    dirty_.reset();
}

}  // namespace lanchat::controller
