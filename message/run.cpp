// Runs are made and judged here: nobody else calls an entry verified.
#include "message/run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/entry_v1.hpp"
#include "message/exact.hpp"
#include "message/limits.hpp"

namespace lanchat {
namespace {

using Item = VerifiedRun::Item;

// The head vouches for all that comes before it; log and number are named so that a signature can
// never be taken for one over another place.
std::string signed_bytes(const Item& last, bool is_of_version_1) {
    const LogId& log = last.entry.log;
    std::string out = is_of_version_1 ? "lanchat/run/1" : "lanchat/run/2";
    out += log.device.view();
    put_big_endian(out, static_cast<std::uint64_t>(log.epoch));
    if (!is_of_version_1) out += log.to.view();
    put_big_endian(out, last.entry.seq);
    out += last.head.view();
    return out;
}

std::size_t bytes_of(const std::vector<std::string>& parts) {
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.size();
    return bytes;
}

// What costs next to nothing to know, before anything is parsed or hashed.
bool is_within_bounds(const Run& run) {
    const std::size_t entries = run.entries.size();
    if (entries == 0 || entries > limits::run_entries_max) return false;
    if (run.bodies.size() != (run.shared ? entries : 0)) return false;
    return bytes_of(run.entries) + bytes_of(run.bodies) <=
           (entries == 1 ? limits::entry_bytes_max : limits::run_bytes_max);
}

// Each entry says more of its place.
bool is_sound(const Shared& shared) {
    return shared.first <= limits::seq_max && (shared.first == 1) == (shared.before == Hash{});
}

bool follows(const Item& last, const Entry& next) {
    // After the greatest number comes none: 0 is no number of an entry.
    return next.log == last.entry.log && next.seq != 0 && next.seq == last.entry.seq + 1 &&
           next.before == last.head && next.clock > last.entry.clock;
}

bool follows(const VerifiedRun& run, const VerifiedRun& next) {
    return run.is_of_version_1() == next.is_of_version_1() &&
           follows(run.items().back(), next.items().front().entry);
}

// Each takes the next entry of `run` behind `items`; or it says why not.
std::optional<Failure> take_v1(Run& run, std::vector<Item>& items) {
    std::string& bytes = run.entries[items.size()];
    auto entry = decode_entry_v1(bytes);
    if (!entry) return Failure{entry.why()};
    const Hash head = head_after_v1(entry->before, bytes);
    items.push_back({std::move(*entry), std::move(bytes), {}, {}, head});
    return std::nullopt;
}

std::optional<Failure> take(Run& run, const std::vector<BodyName>& names,
                            std::vector<Item>& items) {
    const Shared& shared = *run.shared;
    const std::size_t n = items.size();
    const EntryPlace place{shared.log, shared.first + n,
                           n == 0 ? shared.before : items[n - 1].head};
    std::string& bytes = run.entries[n];
    auto entry = decode_entry(bytes, place);
    if (!entry) return Failure{entry.why()};
    const Hash head = head_after(place, bytes, names[n]);
    items.push_back(
        {std::move(*entry), std::move(bytes), std::move(run.bodies[n]), names[n], head});
    return std::nullopt;
}

Item made(Entry entry) {
    std::string bytes = encode(entry);
    std::string body = encode_body(entry);
    const BodyName name = name_of_body(body);
    const Hash head = head_after({entry.log, entry.seq, entry.before}, bytes, name);
    return {std::move(entry), std::move(bytes), std::move(body), name, head};
}

// What the entries of `run` sign of their bodies; names that stand there instead of bodies are
// taken out. Nothing: they are not where `apart` says, or name nothing.
std::optional<std::vector<BodyName>> take_names(Run& run) {
    std::vector<BodyName> names;
    names.reserve(run.bodies.size());
    auto apart = run.apart.begin();
    for (std::string& body : run.bodies) {
        const bool is_apart = apart != run.apart.end() && *apart == names.size();
        if (!is_apart) {
            names.push_back(name_of_body(body));
            continue;
        }
        const auto name = body_name_from(std::exchange(body, {}));
        if (!name || name->size == 0 || name->hash == Hash{}) return std::nullopt;
        names.push_back(*name);
        ++apart;
    }
    if (apart != run.apart.end()) return std::nullopt;
    return names;
}

// Counted as if all bodies were here: a run is not valid in one place only.
bool is_within_bounds(const std::vector<std::string>& entries,
                      const std::vector<BodyName>& bodies) {
    const std::size_t most = entries.size() == 1 ? limits::entry_bytes_max : limits::run_bytes_max;
    std::size_t left = most - bytes_of(entries);  // they fit
    for (const BodyName& body : bodies) {
        if (body.size > left) return false;
        left -= static_cast<std::size_t>(body.size);
    }
    return true;
}

}  // namespace

std::string pack(const Shared& shared) {
    std::string packed(shared.log.device.view());
    put_big_endian(packed, static_cast<std::uint64_t>(shared.log.epoch));
    put_big_endian(packed, shared.first);
    if (shared.first != 1) packed += shared.before.view();
    if (shared.log.is_direct()) packed += shared.log.to.view();
    return packed;
}

std::optional<Shared> shared_from(std::string_view packed) {
    Shared shared;
    const auto next = [&packed](std::size_t size) {
        const auto front = packed.substr(0, size);
        packed.remove_prefix(front.size());
        return front;
    };
    std::uint64_t epoch = 0;
    if (!take_exact(next(sizeof shared.log.device.bytes), shared.log.device) ||
        !take_big_endian(next(sizeof epoch), epoch) ||
        !take_big_endian(next(sizeof shared.first), shared.first))
        return std::nullopt;
    shared.log.epoch = Epoch{epoch};
    if (shared.first != 1 && !take_exact(next(sizeof shared.before.bytes), shared.before))
        return std::nullopt;
    if (!take_exact_or_none(packed, shared.log.to)) return std::nullopt;
    return shared;
}

BodyName name_of_body(std::string_view body) {
    if (body.empty()) return {};
    return {Hashing().add("lanchat/body/1").add(body).done(), body.size()};
}

std::string pack(const BodyName& name) {
    std::string packed(name.hash.view());
    put_big_endian(packed, name.size);
    return packed;
}

std::optional<BodyName> body_name_from(std::string_view packed) {
    BodyName name;
    const std::size_t size = std::min(packed.size(), name.hash.bytes.size());
    if (!take_exact(packed.substr(0, size), name.hash) ||
        !take_big_endian(packed.substr(size), name.size))
        return std::nullopt;
    return name;
}

Hash head_after(const EntryPlace& place, std::string_view bytes, const BodyName& body) {
    const Hash entry = Hashing().add(body.hash.view()).add(body.size).add(bytes).done();
    return Hashing()
        .add("lanchat/entry/2")
        .add(place.log.device.view())
        .add(static_cast<std::uint64_t>(place.log.epoch))
        .add(place.log.to.view())
        .add(place.seq)
        .add(place.before.view())
        .add(entry.view())
        .done();
}

Hash head_after(const Entry& entry) { return made(entry).head; }

Hash head_after_v1(const Hash& before, std::string_view bytes) {
    return Hashing().add(before.view()).add(hash_of(bytes).view()).done();
}

VerifiedRun::VerifiedRun(std::vector<Item> items, Signature signature, bool is_of_version_1)
    : items_(std::move(items)), signature_(signature), is_of_version_1_(is_of_version_1) {
    for (const auto& item : items_) byte_count_ += item.bytes.size() + item.body_name.size;
}

RunPtr VerifiedRun::with(std::vector<Item> items) const {
    return RunPtr(new VerifiedRun(std::move(items), signature_, is_of_version_1_));
}

std::optional<Shared> VerifiedRun::shared() const {
    if (is_of_version_1_) return std::nullopt;
    return Shared{log(), first(), before()};
}

Result<RunPtr> verify(Run run) {
    if (!is_within_bounds(run)) return Failure{"run with a bad length"};
    const bool is_of_version_1 = !run.shared;
    if (run.shared && !is_sound(*run.shared)) return Failure{"run of no log"};
    const auto names = take_names(run);
    if (!names) return Failure{"run with bodies that are nowhere"};
    if (!is_within_bounds(run.entries, *names)) return Failure{"run with a bad length"};
    std::vector<Item> items;
    items.reserve(run.entries.size());
    while (items.size() < run.entries.size()) {
        auto failure = is_of_version_1 ? take_v1(run, items) : take(run, *names, items);
        if (failure) return std::move(*failure);
        if (items.size() > 1 && !follows(items[items.size() - 2], items.back().entry))
            return Failure{"run whose entries do not follow each other"};
    }
    const Item& last = items.back();
    if (!verify(last.entry.log.device, signed_bytes(last, is_of_version_1), run.signature))
        return Failure{"run with a bad signature"};
    for (Item& item : items)
        if (!is_of_version_1 && !item.is_apart()) take_body(item.body, item.entry);
    return RunPtr(new VerifiedRun(std::move(items), run.signature, is_of_version_1));
}

RunPtr sign(std::vector<Entry> entries, const DeviceKey& key) {
    std::vector<Item> items;
    items.reserve(entries.size());
    std::size_t bytes = 0;
    for (auto& entry : entries) {
        if (!items.empty()) entry.before = items.back().head;
        LANCHAT_ASSERT(entry.log.device == key.id());
        LANCHAT_ASSERT(items.empty() || follows(items.back(), entry));
        items.push_back(made(std::move(entry)));
        bytes += items.back().bytes.size() + items.back().body.size();
    }
    LANCHAT_ASSERT(!items.empty() && items.size() <= limits::run_entries_max);
    LANCHAT_ASSERT(bytes <= (items.size() == 1 ? limits::entry_bytes_max : limits::run_bytes_max));
    const Signature signature = key.sign(signed_bytes(items.back(), false));
    return RunPtr(new VerifiedRun(std::move(items), signature, false));
}

RunPtr end_of(const RunPtr& run, Seq after) {
    if (after < run->first()) return run;
    LANCHAT_ASSERT(after < run->last());
    const auto skipped = static_cast<std::ptrdiff_t>(after - run->first() + 1);
    return run->with({run->items().begin() + skipped, run->items().end()});
}

std::vector<RunPtr> joined(const std::vector<RunPtr>& runs) {
    std::vector<RunPtr> all;
    for (auto run = runs.begin(); run != runs.end();) {
        std::size_t entries = (*run)->items().size();
        std::size_t bytes = (*run)->byte_count();
        auto end = std::next(run);
        for (; end != runs.end() && follows(**std::prev(end), **end); ++end) {
            entries += (*end)->items().size();
            bytes += (*end)->byte_count();
            if (entries > limits::run_entries_max || bytes > limits::run_bytes_max) break;
        }
        const RunPtr& last = *std::prev(end);
        if (last == *run) {
            all.push_back(last);
        } else {
            std::vector<Item> items;
            for (; run != end; ++run)
                items.insert(items.end(), (*run)->items().begin(), (*run)->items().end());
            all.push_back(last->with(std::move(items)));
        }
        run = end;
    }
    return all;
}

RunPtr without_body(const RunPtr& run, Seq seq) {
    if (run->at(seq).body.empty()) return run;
    auto items = run->items();
    Item& item = items[seq - run->first()];
    item.body.clear();
    auto bare = decode_entry(item.bytes, {item.entry.log, seq, item.entry.before});
    LANCHAT_ASSERT(bare);
    item.entry = std::move(*bare);
    return run->with(std::move(items));
}

RunPtr with_body(const RunPtr& run, Seq seq, std::string body) {
    const Item& known = run->at(seq);
    if (!known.is_apart() || name_of_body(body) != known.body_name) return nullptr;
    auto items = run->items();
    Item& item = items[seq - run->first()];
    item.body = std::move(body);
    take_body(item.body, item.entry);
    return run->with(std::move(items));
}

Run unverified(const VerifiedRun& run) {
    Run out{{}, run.signature(), run.shared(), {}, {}};
    for (const auto& item : run.items()) {
        out.entries.push_back(item.bytes);
        if (run.is_of_version_1()) continue;
        if (item.is_apart()) out.apart.push_back(static_cast<std::uint32_t>(out.bodies.size()));
        out.bodies.push_back(item.is_apart() ? pack(item.body_name) : item.body);
    }
    return out;
}

}  // namespace lanchat
