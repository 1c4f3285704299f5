// Runs are made and judged here: nobody else calls an entry verified.
#include "message/run.hpp"

#include <algorithm>
#include <utility>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/limits.hpp"

namespace lanchat {
namespace {

using Item = VerifiedRun::Item;

// The head vouches for all that comes before it; log and number are named so that a signature can
// never be taken for one over another place.
std::string signed_bytes(const Item& last) {
    std::string out = "lanchat/run/1";
    out += last.entry.log.device.view();
    put_big_endian(out, static_cast<std::uint64_t>(last.entry.log.epoch));
    put_big_endian(out, last.entry.seq);
    out += last.head.view();
    return out;
}

std::size_t bytes_of(const std::vector<std::string>& entries) {
    std::size_t bytes = 0;
    for (const auto& entry : entries) bytes += entry.size();
    return bytes;
}

// What costs next to nothing to know, before anything is parsed or hashed.
bool is_within_bounds(const std::vector<std::string>& entries) {
    if (entries.empty() || entries.size() > limits::run_entries_max) return false;
    if (entries.size() == 1) return entries.front().size() <= limits::entry_bytes_max;
    return bytes_of(entries) <= limits::run_bytes_max;
}

bool follows(const Item& last, const Entry& next) {
    // After the greatest number comes none: 0 is no number of an entry.
    return next.log == last.entry.log && next.seq != 0 && next.seq == last.entry.seq + 1 &&
           next.before == last.head && next.clock > last.entry.clock;
}

Item made(Entry entry, std::string bytes) {
    const Hash head = chained(entry.before, bytes);
    return {std::move(entry), std::move(bytes), head};
}

}  // namespace

VerifiedRun::VerifiedRun(std::vector<Item> items, Signature signature)
    : items_(std::move(items)), signature_(signature) {
    for (const auto& item : items_) byte_count_ += item.bytes.size();
}

Result<RunPtr> verify(Run run) {
    if (!is_within_bounds(run.entries)) return Failure{"run with a bad length"};
    std::vector<Item> items;
    items.reserve(run.entries.size());
    for (auto& bytes : run.entries) {
        auto entry = decode_entry(bytes);
        if (!entry) return Failure{entry.why()};
        if (!items.empty() && !follows(items.back(), *entry))
            return Failure{"run whose entries do not follow each other"};
        items.push_back(made(std::move(*entry), std::move(bytes)));
    }
    const Item& last = items.back();
    if (!verify(last.entry.log.device, signed_bytes(last), run.signature))
        return Failure{"run with a bad signature"};
    return RunPtr(new VerifiedRun(std::move(items), run.signature));
}

RunPtr sign(std::vector<Entry> entries, const DeviceKey& key) {
    std::vector<Item> items;
    std::vector<std::string> all_bytes;
    items.reserve(entries.size());
    for (auto& entry : entries) {
        if (!items.empty()) entry.before = items.back().head;
        LANCHAT_ASSERT(entry.log.device == key.id());
        LANCHAT_ASSERT(items.empty() || follows(items.back(), entry));
        std::string bytes = encode(entry);
        all_bytes.push_back(bytes);
        items.push_back(made(std::move(entry), std::move(bytes)));
    }
    LANCHAT_ASSERT(is_within_bounds(all_bytes));
    const Signature signature = key.sign(signed_bytes(items.back()));
    return RunPtr(new VerifiedRun(std::move(items), signature));
}

}  // namespace lanchat
