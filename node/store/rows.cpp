// Rows out of, and into, SQLite.
#include "node/store/rows.hpp"

#include <utility>

#include "message/big_endian.hpp"
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

std::string pack(const VerifiedRun& run) {
    std::string packed;
    packed.reserve(run.byte_count() + length_bytes * run.items().size());
    for (const auto& item : run.items()) {
        for (std::size_t n = 0; n < length_bytes; ++n)
            packed += static_cast<char>(item.bytes.size() >> (8 * n) & 0xff);
        packed += item.bytes;
    }
    return packed;
}

std::optional<std::vector<std::string_view>> unpack(std::string_view packed) {
    std::vector<std::string_view> entries;
    while (!packed.empty()) {
        if (packed.size() < length_bytes) return std::nullopt;
        std::size_t size = 0;
        for (std::size_t n = 0; n < length_bytes; ++n)
            size |= static_cast<std::size_t>(static_cast<unsigned char>(packed[n])) << (8 * n);
        packed.remove_prefix(length_bytes);
        if (size > packed.size()) return std::nullopt;
        entries.push_back(packed.substr(0, size));
        packed.remove_prefix(size);
    }
    return entries;
}

Result<RunPtr> run_from(const sqlite::Query& row, int signature) {
    Run run;
    const auto entries = unpack(row.bytes(signature + 1));
    if (!entries || !take_exact(row.bytes(signature), run.signature))
        return Failure{"a stored run is damaged"};
    run.entries.assign(entries->begin(), entries->end());
    return verify(std::move(run));
}

std::optional<Fork> fork_from(const sqlite::Query& row) {
    const auto a = run_from(row, 0);
    const auto b = run_from(row, 2);
    return a && b ? fork_between(*a, *b) : std::nullopt;
}

Line legacy_from(const sqlite::Query& row) {
    return legacy_line({std::string(row.bytes(0)),
                        {row.integer(1)},
                        std::string(row.bytes(2)),
                        std::string(row.bytes(3)),
                        std::string(row.bytes(4))});
}

bool LineReader::load(std::int64_t run) {
    if (run_ == run) return true;
    run_.reset();
    next_.reset();
    auto row = database_.query("SELECT first, head, entries FROM run WHERE run=?", run);
    if (!row.row()) return false;
    const auto head = hash_from(row.bytes(1));
    packed_ = row.bytes(2);
    auto entries = unpack(packed_);
    if (!head || !entries) return false;
    first_ = static_cast<Seq>(row.integer(0));
    head_ = *head;
    entries_ = std::move(*entries);
    run_ = run;
    return true;
}

std::optional<Entry> LineReader::entry(std::size_t place) {
    if (next_ && next_place_ == place) return std::exchange(next_, std::nullopt);
    auto entry = decode_entry(entries_[place]);
    if (!entry) return std::nullopt;
    return std::move(*entry);
}

// The hash of an entry stands in the one after it, that of the last one beside the run.
std::optional<Line> LineReader::line(Arrival arrival, Seq seq, std::int64_t run) {
    if (!load(run) || seq < first_ || seq - first_ >= entries_.size()) return std::nullopt;
    const auto place = static_cast<std::size_t>(seq - first_);
    auto entry = this->entry(place);
    if (!entry || entry->seq != seq) return std::nullopt;
    const Hash head = chained(entry->before, entries_[place]);
    Hash named = head_;
    if (place + 1 < entries_.size()) {
        next_ = this->entry(place + 1);
        next_place_ = place + 1;
        if (!next_) return std::nullopt;
        named = next_->before;
    }
    if (head != named) return std::nullopt;
    return Line{arrival, std::move(*entry), head, false};
}

std::optional<Line> LineReader::legacy(Arrival arrival) {
    auto row = database_.query(
        "SELECT id, heard, room, address, text, head FROM legacy WHERE arrival=?", arrival);
    if (!row.row()) return std::nullopt;
    Line line = legacy_from(row);
    line.arrival = arrival;
    line.head = legacy_head(line);
    if (line.head.view() != row.bytes(5)) return std::nullopt;
    return line;
}

}  // namespace lanchat::store
