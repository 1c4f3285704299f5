// Buckets, hashed again once they have changed.
#include "controller/sync/summary.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

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

// Than a log, or than the leaf of one.
constexpr auto is_before = [](const Leaf& leaf, const auto& other) {
    return std::tie(leaf.device, leaf.epoch) < std::tie(other.device, other.epoch);
};

bool is_of(const Leaf& leaf, const LogId& log) {
    return leaf.device == log.device && leaf.epoch == log.epoch;
}

}  // namespace

// The keys of devices and their epochs look random. Who chooses them fills one bucket: its heads
// are told when it differs, as all were without buckets.
std::size_t bucket_of(const LogId& log) {
    const auto epoch = static_cast<std::uint64_t>(log.epoch);
    return (log.device.bytes.front() ^ epoch ^ epoch >> 58) % digest_buckets;
}

Leaf leaf_of(const LogId& log, const Extent& stored) {
    return {log.device,    log.epoch,     stored.base.after, stored.last(),
            stored.head(), stored.forked, stored.newest,     0};
}

std::set<DeviceId> Leaves::devices() const {
    std::set<DeviceId> devices;
    for (const Bucket& bucket : buckets_)
        for (const Leaf& leaf : bucket) devices.insert(leaf.device);
    return devices;
}

Summary::Summary(Leaves leaves) : logs_(std::move(leaves.buckets_)) {
    for (Bucket& bucket : logs_) {
        std::ranges::sort(bucket, is_before);
        for (Leaf& leaf : bucket) leaf.version = version_;
    }
}

void Summary::note(const LogId& log, const Extent& stored) {
    if (stored.size() == 0 && stored.forked == 0) return;
    const bool is_part = stored.tail || stored.base.after > stored.floor;
    is_part ? void(parts_.insert(log)) : void(parts_.erase(log));
    const std::size_t number = bucket_of(log);
    Bucket& bucket = logs_[number];
    auto place = std::lower_bound(bucket.begin(), bucket.end(), log, is_before);
    const bool is_new = place == bucket.end() || !is_of(*place, log);
    if (is_new) place = bucket.insert(place, Leaf{});
    Leaf leaf = leaf_of(log, stored);
    const bool is_same = !is_new && place->forked == leaf.forked && place->seq == leaf.seq &&
                         place->head == leaf.head;
    leaf.version = is_same ? place->version : ++version_;
    *place = leaf;
    if (!is_same) dirty_.set(number);
}

const Leaf* Summary::find(const LogId& log) const {
    if (log.is_direct()) return nullptr;
    const Bucket& bucket = logs_[bucket_of(log)];
    const auto place = std::lower_bound(bucket.begin(), bucket.end(), log, is_before);
    return place == bucket.end() || !is_of(*place, log) ? nullptr : &*place;
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
    const Leaf* leaf = find(log);
    return leaf == nullptr ? ~std::uint64_t{0} : leaf->version;
}

std::optional<LogId> Summary::next(const Buckets& some, const std::optional<LogId>& last) const {
    std::size_t number = last ? bucket_of(*last) : 0;
    const Bucket* bucket = &logs_[number];
    auto place = bucket->begin();
    if (last) place = std::lower_bound(bucket->begin(), bucket->end(), *last, is_before);
    if (last && place != bucket->end() && is_of(*place, *last)) ++place;
    while (!some.test(number) || place == bucket->end()) {
        if (++number == digest_buckets) return std::nullopt;
        bucket = &logs_[number];
        place = bucket->begin();
    }
    return place->log();
}

ShortHash Summary::hash_of(const Bucket& bucket) {
    std::string text = "lanchat/bucket/1";
    for (const Leaf& leaf : bucket) {
        text += leaf.device.view();
        put_big_endian(text, static_cast<std::uint64_t>(leaf.epoch));
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
