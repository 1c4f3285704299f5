// Rows out of, and into, SQLite.
#include "node/store/rows.hpp"

#include <algorithm>
#include <utility>

#include "message/big_endian.hpp"
#include "message/entry_v1.hpp"
#include "message/exact.hpp"
#include "node/store/rules.hpp"

namespace lanchat::store {
namespace {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
constexpr std::size_t length_bytes = 4;

constexpr std::uint64_t recipient_flag = 1;
constexpr std::uint64_t tail_flag = 2;

std::uint64_t word_at(std::string_view bytes) {
    const auto at = [&](std::size_t n) {
        return std::uint64_t{static_cast<std::uint8_t>(bytes[n])};
    };
    return at(0) << 56 | at(1) << 48 | at(2) << 40 | at(3) << 32 | at(4) << 24 | at(5) << 16 |
           at(6) << 8 | at(7);
}

// No hash that withstands anybody: a disk alters without intent. Precondition: whole words.
std::uint64_t checksum_of(std::string_view bytes) {
    std::uint64_t sum = 1;
    for (; !bytes.empty(); bytes.remove_prefix(sizeof sum)) {
        sum = (sum ^ word_at(bytes)) * 0x9E3779B97F4A7C15U;
        sum ^= sum >> 29;
    }
    return sum;
}

// As above, of any length; and of all that tells what is in a run.
std::uint64_t checksum_of(std::string_view shared, std::string_view entries, const Hash& head) {
    std::string ends(shared);
    ends += head.view();
    ends += entries.substr(entries.size() - entries.size() % sizeof(std::uint64_t));
    ends.resize((ends.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t) *
                sizeof(std::uint64_t));
    const auto words = entries.substr(0, entries.size() - entries.size() % sizeof(std::uint64_t));
    return checksum_of(words) ^ checksum_of(ends) * 3;
}

// Bytes behind their length, lowest byte first.
void put_sized(std::string& text, std::string_view bytes) {
    for (std::size_t n = 0; n < length_bytes; ++n)
        text += static_cast<char>(bytes.size() >> (8 * n) & 0xff);
    text += bytes;
}

std::optional<std::string_view> take_sized(std::string_view& packed) {
    if (packed.size() < length_bytes) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t n = 0; n < length_bytes; ++n)
        size |= static_cast<std::size_t>(static_cast<unsigned char>(packed[n])) << (8 * n);
    packed.remove_prefix(length_bytes);
    if (size > packed.size()) return std::nullopt;
    const auto bytes = packed.substr(0, size);
    packed.remove_prefix(size);
    return bytes;
}

std::optional<BodyName> take_name(std::string_view& packed) {
    constexpr std::size_t size = sizeof(BodyName::hash) + sizeof(BodyName::size);
    const auto front = packed.substr(0, size);
    packed.remove_prefix(front.size());
    return body_name_from(front);
}

// Gives `take` each entry: its bytes, what it signs of its body, and that body. False if it cannot
// be told where one ends.
template <class Take>
bool each_entry(std::string_view entries, std::string_view bodies, bool is_of_version_1,
                const Take& take) {
    while (!entries.empty()) {
        const auto name = is_of_version_1 ? std::optional(BodyName()) : take_name(entries);
        const auto bytes = take_sized(entries);
        const auto body = is_of_version_1 ? std::optional(std::string_view()) : take_sized(bodies);
        if (!name || !bytes || !body) return false;
        take(*bytes, *name, *body);
    }
    return bodies.empty();
}

// Leaves the entries without the checksum behind them. False if it is not theirs.
bool take_checked(std::string_view& entries, std::string_view shared, const Hash& head) {
    std::uint64_t sum = 0;
    if (entries.size() < sizeof sum) return false;
    const auto last = entries.substr(entries.size() - sizeof sum);
    entries.remove_suffix(sizeof sum);
    return take_big_endian(last, sum) && sum == checksum_of(shared, entries, head);
}

// False if it cannot be told where an entry ends. Whether they are those that were stored, the
// signature tells.
bool take_packed(std::string_view entries, std::string_view bodies, Run& run) {
    const bool is_of_version_1 = !run.shared;
    if (!is_of_version_1) {
        if (entries.size() < sizeof(std::uint64_t)) return false;
        entries.remove_suffix(sizeof(std::uint64_t));
    }
    const auto take = [&](std::string_view bytes, const BodyName& name, std::string_view body) {
        run.entries.push_back(bytes);
        if (is_of_version_1) return;
        const bool is_apart = body.empty() && name.size != 0;
        if (!is_apart) return run.bodies.push_back(body);
        run.apart.push_back(static_cast<std::uint32_t>(run.bodies.size()));
        run.bodies.push_back(lanchat::pack(name));
    };
    return each_entry(entries, bodies, is_of_version_1, take);
}

void put(std::string& text, const Stretch& stretch) {
    put_big_endian(text, stretch.after);
    text += stretch.before.view();
    put_big_endian(text, stretch.last);
    text += stretch.head.view();
}

// Takes values from the front of what was packed; zeros once it is used up.
class Unpacking {
  public:
    explicit Unpacking(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t word() {
        const auto front = take(sizeof(std::uint64_t));
        return front.empty() ? 0 : word_at(front);
    }
    template <class Value>
    void into(Value& value) {
        const auto front = take(value.bytes.size());
        if (!front.empty()) (void)take_exact(front, value);
    }
    Stretch stretch() {
        Stretch stretch;
        stretch.after = word();
        into(stretch.before);
        stretch.last = word();
        into(stretch.head);
        return stretch;
    }
    bool is_done() const { return bytes_.empty() && !is_short_; }

  private:
    std::string_view take(std::size_t size) {
        is_short_ = is_short_ || bytes_.size() < size;
        if (is_short_) return {};
        const auto front = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return front;
    }

    std::string_view bytes_;
    bool is_short_ = false;
};

}  // namespace

std::int64_t ordered(std::uint64_t value) { return static_cast<std::int64_t>(value ^ sign_bit); }
std::uint64_t from_ordered(std::int64_t value) {
    return static_cast<std::uint64_t>(value) ^ sign_bit;
}

std::string order_of(const Entry& entry, bool legacy) {
    std::string order(1, legacy ? '\1' : '\0');
    put_big_endian(order, entry.clock.packed);
    order += entry.log.device.view();
    put_big_endian(order, static_cast<std::uint64_t>(entry.log.epoch));
    put_big_endian(order, entry.seq);
    return order;
}

std::string devices_of(const LogId& log) {
    std::string devices(log.device.view());
    if (log.is_direct()) devices += log.to.view();
    return devices;
}

std::int64_t epoch_of(const LogId& log) { return ordered(static_cast<std::uint64_t>(log.epoch)); }

std::optional<LogId> log_from(const sqlite::Query& row, int devices) {
    const std::string_view both = row.bytes(devices);
    LogId log{{}, Epoch{from_ordered(row.integer(devices + 1))}, {}};
    const auto device = both.substr(0, log.device.bytes.size());
    const bool is_public = device.size() == both.size();
    if (!take_exact(device, log.device)) return std::nullopt;
    if (!is_public && !take_exact(both.substr(device.size()), log.to)) return std::nullopt;
    return log;
}

std::string pack(const Holding& holding) {
    const auto& [log, extent] = holding;
    std::string packed;
    put_big_endian(packed, (log.is_direct() ? recipient_flag : 0) | (extent.tail ? tail_flag : 0));
    packed += log.device.view();
    if (log.is_direct()) packed += log.to.view();
    put_big_endian(packed, static_cast<std::uint64_t>(log.epoch));
    put(packed, extent.base);
    if (extent.tail) put(packed, *extent.tail);
    put_big_endian(packed, extent.floor);
    put_big_endian(packed, extent.newest.packed);
    put_big_endian(packed, extent.forked);
    put_big_endian(packed, checksum_of(packed));
    return packed;
}

std::optional<Holding> holding_from(std::string_view packed) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    if (packed.size() % word != 0 || packed.size() < word) return std::nullopt;
    const auto said = packed.substr(0, packed.size() - word);
    if (word_at(packed.substr(said.size())) != checksum_of(said)) return std::nullopt;
    Unpacking from(said);
    Holding holding;
    const std::uint64_t parts = from.word();
    from.into(holding.log.device);
    if ((parts & recipient_flag) != 0) from.into(holding.log.to);
    holding.log.epoch = Epoch{from.word()};
    holding.extent.base = from.stretch();
    if ((parts & tail_flag) != 0) holding.extent.tail = from.stretch();
    holding.extent.floor = from.word();
    holding.extent.newest = Clock{from.word()};
    holding.extent.forked = from.word();
    if (!from.is_done()) return std::nullopt;
    return holding;
}

std::optional<Hash> hash_from(std::string_view bytes) {
    Hash hash;
    if (!take_exact(bytes, hash)) return std::nullopt;
    return hash;
}

std::optional<Stretch> stretch_from(const sqlite::Query& row, int after) {
    const auto before = hash_from(row.bytes(after + 1));
    const auto head = hash_from(row.bytes(after + 3));
    if (!before || !head) return std::nullopt;
    return Stretch{static_cast<Seq>(row.integer(after)), *before,
                   static_cast<Seq>(row.integer(after + 2)), *head};
}

Packed pack(const VerifiedRun& run) {
    Packed packed;
    packed.entries.reserve(run.byte_count());
    if (run.is_of_version_1()) {
        for (const auto bytes : run.entries()) put_sized(packed.entries, bytes);
        return packed;
    }
    packed.shared = lanchat::pack(*run.shared());
    packed.bodies.reserve(run.byte_count());
    for (const auto& item : run.items()) {
        packed.entries += lanchat::pack(item.body_name);
        put_sized(packed.entries, item.bytes);
        put_sized(packed.bodies, item.body);
    }
    put_big_endian(packed.entries, checksum_of(packed.shared, packed.entries, run.head()));
    return packed;
}

Result<RunPtr> run_from(const sqlite::Query& row, int signature) {
    const auto read = unproven_from(row, signature);
    if (!read) return Failure{read.why()};
    return read->prove();
}

Result<UnprovenRun> unproven_from(const sqlite::Query& row, int signature) {
    Run run;
    const std::string_view shared = row.bytes(signature + 1);
    if (!shared.empty()) run.shared = shared_from(shared);
    const bool is_whole = (shared.empty() || run.shared) &&
                          take_exact(row.bytes(signature), run.signature) &&
                          take_packed(row.bytes(signature + 2), row.bytes(signature + 3), run);
    if (!is_whole) return Failure{"a stored run is damaged"};
    return UnprovenRun::read(std::move(run));
}

std::optional<Fork> fork_from(const sqlite::Query& row) {
    const auto a = run_from(row, 0);
    const auto b = run_from(row, 4);
    return a && b ? fork_between(*a, *b) : std::nullopt;
}

bool StoredRun::load(const sqlite::Query& row) {
    first_ = static_cast<Seq>(row.integer(0));
    entries_.clear();
    next_.reset();
    shared_.reset();
    entries_column_ = row.bytes(3);
    bodies_column_ = row.bytes(4);
    if (take_exact(row.bytes(1), head_) && take_all(row.bytes(2), entries_column_, bodies_column_))
        return true;
    entries_.clear();
    return false;
}

bool StoredRun::take_all(std::string_view shared, std::string_view entries,
                         std::string_view bodies) {
    const bool is_of_version_1 = shared.empty();
    if (!is_of_version_1) {
        shared_ = shared_from(shared);
        if (!shared_ || shared_->first != first_ || !take_checked(entries, shared, head_))
            return false;
    }
    const auto take = [this](std::string_view bytes, const BodyName& name, std::string_view body) {
        entries_.push_back({bytes, name, body});
    };
    return each_entry(entries, bodies, is_of_version_1, take);
}

std::optional<Entry> StoredRun::entry(std::size_t place) {
    if (!shared_) return entry_v1(place);
    const auto& [bytes, name, body] = entries_[place];
    if (!body.empty() && name_of_body(body, shared_->version) != name) return std::nullopt;
    auto entry = decode_entry(bytes, {shared_->log, first_ + place, {}});
    if (!entry) return std::nullopt;
    if (!is_apart(place)) take_body(body, *entry);
    return std::move(*entry);
}

// The hash of an entry of version 1 stands in the one after it, that of the last one beside the
// run. Lines are mostly read in order.
std::optional<Entry> StoredRun::entry_v1(std::size_t place) {
    const auto at = [this](std::size_t n) -> std::optional<Entry> {
        auto entry = decode_entry_v1(entries_[n].bytes);
        if (!entry || entry->seq != first_ + n) return std::nullopt;
        return std::move(*entry);
    };
    auto entry = next_ && next_place_ == place ? std::exchange(next_, std::nullopt) : at(place);
    if (!entry) return std::nullopt;
    Hash named = head_;
    if (place + 1 < entries_.size()) {
        next_ = at(place + 1);
        next_place_ = place + 1;
        if (!next_) return std::nullopt;
        named = next_->before;
    }
    if (head_after_v1(entry->before, entries_[place].bytes) != named) return std::nullopt;
    return entry;
}

std::optional<Hash> StoredRun::head_before(std::size_t place) {
    if (place == entries_.size()) return head_;
    if (!shared_) {
        const auto entry = entry_v1(place);
        return entry ? std::optional(entry->before) : std::nullopt;
    }
    Hash head = shared_->before;
    for (std::size_t n = 0; n < place; ++n)
        head = head_after({shared_->log, first_ + n, head}, entries_[n].bytes,
                          entries_[n].body_name, shared_->version);
    return head;
}

Line legacy_from(const sqlite::Query& row) {
    return legacy_line({std::string(row.bytes(0)),
                        {row.integer(1)},
                        std::string(row.bytes(2)),
                        std::string(row.bytes(3)),
                        std::string(row.bytes(4))});
}

std::optional<Line> LineReader::line(Arrival arrival, Seq seq, std::int64_t run) {
    StoredRun* const stored = run_at(run);
    if (!stored || seq < stored->first() || seq - stored->first() >= stored->size())
        return std::nullopt;
    const auto place = static_cast<std::size_t>(seq - stored->first());
    auto entry = stored->entry(place);
    if (!entry) return std::nullopt;
    Line line;
    if (stored->is_apart(place)) line.body = BodyState::lacking;
    line.arrival = arrival;
    line.entry = std::move(*entry);
    return line;
}

StoredRun* LineReader::run_at(std::int64_t row) {
    const auto known = std::ranges::find(kept_, row, &Kept::row);
    if (known != kept_.end()) return &known->run;
    Kept& kept = kept_[std::exchange(oldest_, (oldest_ + 1) % kept_.size())];
    auto found =
        database_.query("SELECT " + std::string(StoredRun::columns) + " FROM run WHERE run=?", row);
    kept.row = 0;
    if (!found.row() || !kept.run.load(found)) return nullptr;
    kept.row = row;
    return &kept.run;
}

std::optional<Line> LineReader::legacy(Arrival arrival) {
    auto row = database_.query(
        "SELECT id, heard, room, address, text, head FROM legacy WHERE arrival=?", arrival);
    if (!row.row()) return std::nullopt;
    Line line = legacy_from(row);
    line.arrival = arrival;
    line.checksum = legacy_head(line);
    if (line.checksum.view() != row.bytes(5)) return std::nullopt;
    return line;
}

}  // namespace lanchat::store
