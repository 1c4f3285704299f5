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

// What costs next to nothing to know, before anything is parsed or hashed.
bool is_within_bounds(const Run& run) {
    const std::size_t entries = run.entries.size();
    if (entries == 0 || entries > limits::run_entries_max) return false;
    if (run.bodies.size() != (run.shared ? entries : 0)) return false;
    return run.entries.bytes().size() + run.bodies.bytes().size() <=
           (entries == 1 ? limits::entry_bytes_max : limits::run_bytes_max);
}

// Each entry says more of its place.
bool is_sound(const Shared& shared) {
    return shared.first <= limits::seq_max && (shared.first == 1) == (shared.before == Hash{});
}

bool follows(const VerifiedRun& run, const VerifiedRun& next) {
    return run.version() == next.version() && next.log() == run.log() &&
           next.first() == run.last() + 1 && next.before() == run.head() &&
           next.items().front().clock > run.items().back().clock;
}

// What the entries of `run` sign of their bodies; names that stand there instead of bodies are
// taken out. Nothing: they are not where `apart` says, or name nothing.
std::optional<std::vector<BodyName>> take_names(Run& run) {
    std::vector<BodyName> names;
    names.reserve(run.bodies.size());
    auto apart = run.apart.begin();
    for (const auto body : run.bodies) {
        const bool is_apart = apart != run.apart.end() && *apart == names.size();
        if (!is_apart) {
            names.push_back(name_of_body(body, run.shared->version));
            continue;
        }
        const auto name = body_name_from(body);
        if (!name || name->size == 0 || name->hash == Hash{}) return std::nullopt;
        names.push_back(*name);
        ++apart;
    }
    if (apart != run.apart.end()) return std::nullopt;
    for (const std::uint32_t place : run.apart) run.bodies.replace(place, {});
    return names;
}

// Counted as if all bodies were here: a run is not valid in one place only.
bool is_within_bounds(const Pieces& entries, const std::vector<BodyName>& bodies) {
    const std::size_t most = entries.size() == 1 ? limits::entry_bytes_max : limits::run_bytes_max;
    std::size_t left = most - entries.bytes().size();  // they fit
    for (const BodyName& body : bodies) {
        if (body.size > left) return false;
        left -= static_cast<std::size_t>(body.size);
    }
    return true;
}

Hash head_after_v2(const EntryPlace& place, std::string_view bytes, const BodyName& body) {
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

// Device, epoch and readers of a log are in what comes before its first entry, and so in all heads.
Hash head_after_v3(const EntryPlace& place, std::string_view bytes, const BodyName& body) {
    Hash before = place.before;
    if (place.seq == 1)
        before = Hashing("lanchat/log/3")
                     .add(place.log.device.view())
                     .add(static_cast<std::uint64_t>(place.log.epoch))
                     .add(place.log.to.view())
                     .done();
    return Hashing("lanchat/entry/3")
        .add(before.view())
        .add(place.seq)
        .add(body.hash.view())
        .add(body.size)
        .add(bytes)
        .done();
}

}  // namespace

std::string pack(const Shared& shared) {
    std::string packed;
    if (shared.version != Version::two) packed += static_cast<char>(shared.version);
    packed += shared.log.device.view();
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
    // All that follows a version has an even length.
    const bool tells_version = packed.size() % 2 != 0;
    shared.version = tells_version ? Version::three : Version::two;
    if (tells_version && next(1)[0] != static_cast<char>(shared.version)) return std::nullopt;
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

BodyName name_of_body(std::string_view body, Version version) {
    if (body.empty()) return {};
    return {version == Version::two ? Hashing().add("lanchat/body/1").add(body).done()
                                    : Hashing("lanchat/body/3").add(body).done(),
            body.size()};
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

Hash head_after(const EntryPlace& place, std::string_view bytes, const BodyName& body,
                Version version) {
    return version == Version::two ? head_after_v2(place, bytes, body)
                                   : head_after_v3(place, bytes, body);
}

Hash head_after(const Entry& entry) {
    return head_after({entry.log, entry.seq, entry.before}, encode(entry),
                      name_of_body(encode_body(entry)));
}

Hash head_after_v1(const Hash& before, std::string_view bytes) {
    return Hashing().add(before.view()).add(hash_of(bytes).view()).done();
}

Entry VerifiedRun::Item::entry() const {
    Entry entry;
    read(entry);
    return entry;
}

void VerifiedRun::Item::read(Entry& into) const {
    if (run.is_of_version_1()) {
        auto entry = decode_entry_v1(bytes);
        LANCHAT_ASSERT(entry);
        into = std::move(*entry);
        return;
    }
    [[maybe_unused]] const auto no = decode_entry(bytes, {run.log(), seq, before}, into);
    LANCHAT_ASSERT(!no);
    if (!is_apart()) take_body(body, into);
}

std::optional<Shared> VerifiedRun::shared() const {
    if (is_of_version_1()) return std::nullopt;
    return place_;
}

// The head vouches for all that comes before it; log and number are named so that a signature can
// never be taken for one over another place.
std::string VerifiedRun::signed_bytes() const {
    std::string out = "lanchat/run/";
    out += static_cast<char>('0' + static_cast<int>(version()));
    out += log().device.view();
    put_big_endian(out, static_cast<std::uint64_t>(log().epoch));
    if (!is_of_version_1()) out += log().to.view();
    put_big_endian(out, last());
    out += head().view();
    return out;
}

// An entry of version 1 tells itself where it stands.
std::optional<Failure> VerifiedRun::take_next(std::string_view bytes, const BodyName& body_name,
                                              Entry& entry) {
    const bool is_first = rows_.empty();
    EntryPlace place{log(), first() + rows_.size(), is_first ? before() : head()};
    if (is_of_version_1()) {
        auto old = decode_entry_v1(bytes);
        if (!old) return old.failure();
        entry = std::move(*old);
        if (is_first) {
            place_ = {entry.log, entry.seq, entry.before, Version::one};
            place = {entry.log, entry.seq, entry.before};
        }
    } else if (auto no = decode_entry(bytes, place, entry)) {
        return no;
    }
    // After the greatest number comes none: 0 is no number of an entry.
    const bool follows = entry.log == place.log && entry.seq == place.seq &&
                         entry.before == place.before &&
                         (is_first || (place.seq != 0 && entry.clock > rows_.back().clock));
    if (!follows) return Failure{"run whose entries do not follow each other"};
    rows_.push_back({entry.clock, body_name,
                     is_of_version_1() ? head_after_v1(place.before, bytes)
                                       : head_after(place, bytes, body_name, version()),
                     entry.kind});
    byte_count_ += bytes.size() + body_name.size;
    return std::nullopt;
}

void VerifiedRun::add(const Item& item) {
    entries_.push_back(item.bytes);
    if (!is_of_version_1()) bodies_.push_back(item.body);
    rows_.push_back({item.clock, item.body_name, item.head, item.kind});
    byte_count_ += item.bytes.size() + item.body_name.size;
}

Result<UnprovenRun> UnprovenRun::read(Run run) {
    if (!is_within_bounds(run)) return Failure{"run with a bad length"};
    const bool is_of_version_1 = !run.shared;
    if (run.shared && !is_sound(*run.shared)) return Failure{"run of no log"};
    const auto names = take_names(run);
    if (!names) return Failure{"run with bodies that are nowhere"};
    if (!is_within_bounds(run.entries, *names)) return Failure{"run with a bad length"};
    std::shared_ptr<VerifiedRun> taken(
        new VerifiedRun(run.shared.value_or(Shared{{}, 0, {}, Version::one})));
    taken->rows_.reserve(run.entries.size());
    Entry entry;
    for (std::size_t n = 0; n < run.entries.size(); ++n) {
        const BodyName name = is_of_version_1 ? BodyName{} : (*names)[n];
        if (auto no = taken->take_next(run.entries[n], name, entry)) return std::move(*no);
    }
    taken->entries_ = std::move(run.entries);
    taken->bodies_ = std::move(run.bodies);
    taken->signature_ = run.signature;
    return UnprovenRun(std::move(taken));
}

Result<RunPtr> UnprovenRun::prove() const {
    if (!lanchat::verify(run_->log().device, run_->signed_bytes(), run_->signature()))
        return Failure{"run with a bad signature"};
    return run_;
}

Result<RunPtr> verify(Run run) {
    const auto read = UnprovenRun::read(std::move(run));
    if (!read) return Failure{read.why()};
    return read->prove();
}

void RunMaker::add(const Entry& entry) {
    if (!run_) run_.reset(new VerifiedRun({entry.log, entry.seq, entry.before}));
    VerifiedRun& run = *run_;
    const bool is_first = run.rows_.empty();
    LANCHAT_ASSERT(entry.log == run.log() && entry.seq == run.first() + run.size());
    LANCHAT_ASSERT(is_first || entry.clock > run.rows_.back().clock);
    run.entries_.push_back(encode(entry));
    run.bodies_.push_back(encode_body(entry));
    const BodyName name = name_of_body(run.bodies_.back());
    const EntryPlace place{entry.log, entry.seq, is_first ? run.before() : run.head()};
    const Hash head = head_after(place, run.entries_.back(), name);
    run.rows_.push_back({entry.clock, name, head, entry.kind});
    run.byte_count_ += run.entries_.back().size() + run.bodies_.back().size();
}

Entry RunMaker::take_last() {
    Entry last = entry(size() - 1);
    VerifiedRun& run = *run_;
    run.byte_count_ -= run.entries_.back().size() + run.bodies_.back().size();
    run.entries_.pop_back();
    run.bodies_.pop_back();
    run.rows_.pop_back();
    return last;
}

RunPtr RunMaker::sign(const DeviceKey& key) {
    LANCHAT_ASSERT(size() > 0 && size() <= limits::run_entries_max);
    LANCHAT_ASSERT(run_->log().device == key.id());
    LANCHAT_ASSERT(byte_count() <= (size() == 1 ? limits::entry_bytes_max : limits::run_bytes_max));
    run_->entries_.fit();
    run_->bodies_.fit();
    run_->rows_.shrink_to_fit();
    run_->signature_ = key.sign(run_->signed_bytes());
    return std::exchange(run_, nullptr);
}

RunPtr sign(const std::vector<Entry>& entries, const DeviceKey& key) {
    RunMaker maker;
    for (const Entry& entry : entries) maker.add(entry);
    return maker.sign(key);
}

RunPtr end_of(const RunPtr& run, Seq after) {
    if (after < run->first()) return run;
    LANCHAT_ASSERT(after < run->last());
    const std::shared_ptr<VerifiedRun> end(
        new VerifiedRun({run->log(), after + 1, run->at(after).head, run->version()}));
    for (Seq seq = after + 1; seq <= run->last(); ++seq) end->add(run->at(seq));
    end->signature_ = run->signature();
    return end;
}

std::vector<RunPtr> joined(const std::vector<RunPtr>& runs) {
    std::vector<RunPtr> all;
    for (auto run = runs.begin(); run != runs.end();) {
        std::size_t entries = (*run)->size();
        std::size_t bytes = (*run)->byte_count();
        auto end = std::next(run);
        for (; end != runs.end() && follows(**std::prev(end), **end); ++end) {
            entries += (*end)->size();
            bytes += (*end)->byte_count();
            if (entries > limits::run_entries_max || bytes > limits::run_bytes_max) break;
        }
        const RunPtr& last = *std::prev(end);
        if (last == *run) {
            all.push_back(last);
        } else {
            const VerifiedRun& first = **run;
            const std::shared_ptr<VerifiedRun> whole(
                new VerifiedRun({first.log(), first.first(), first.before(), first.version()}));
            for (; run != end; ++run)
                for (const auto& item : (*run)->items()) whole->add(item);
            whole->signature_ = last->signature();
            all.push_back(whole);
        }
        run = end;
    }
    return all;
}

std::vector<RunPtr> in_fewer(std::vector<RunPtr> runs, bool newest_first, Seq limit) {
    const auto counts = [limit](const RunPtr& run) { return run->last() <= limit; };
    if (!std::ranges::all_of(runs, counts)) return runs;
    if (newest_first) std::ranges::reverse(runs);
    runs = joined(runs);
    if (newest_first) std::ranges::reverse(runs);
    return runs;
}

std::vector<UnprovenRun> in_fewer(const std::vector<UnprovenRun>& runs, bool newest_first,
                                  Seq limit) {
    std::vector<RunPtr> read;
    for (const UnprovenRun& run : runs) read.push_back(run.run_);
    std::vector<UnprovenRun> all;
    for (RunPtr& run : in_fewer(std::move(read), newest_first, limit))
        all.push_back(UnprovenRun(std::move(run)));
    return all;
}

RunPtr without_body(const RunPtr& run, Seq seq) {
    if (run->at(seq).body.empty()) return run;
    const std::shared_ptr<VerifiedRun> bare(new VerifiedRun(*run));
    bare->bodies_.replace(static_cast<std::size_t>(seq - run->first()), {});
    return bare;
}

RunPtr with_body(const RunPtr& run, Seq seq, std::string_view body) {
    const auto known = run->at(seq);
    if (!known.is_apart() || name_of_body(body, run->version()) != known.body_name) return nullptr;
    const std::shared_ptr<VerifiedRun> whole(new VerifiedRun(*run));
    whole->bodies_.replace(static_cast<std::size_t>(seq - run->first()), body);
    return whole;
}

Run unverified(const VerifiedRun& run) {
    Run out{run.entries(), run.signature(), run.shared(), run.bodies(), {}};
    for (std::size_t n = 0; n < out.bodies.size(); ++n) {
        const auto item = run.items()[n];
        if (!item.is_apart()) continue;
        out.apart.push_back(static_cast<std::uint32_t>(n));
        out.bodies.replace(n, pack(item.body_name));
    }
    return out;
}

}  // namespace lanchat
