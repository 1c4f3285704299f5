// A life of the store: the one on disk answers as the one in memory does, is damaged and recovers.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "message/assert.hpp"
#include "message/text.hpp"
#include "tests/fuzz/bytes.hpp"
#include "tests/unit/message_runs.hpp"
#include "tests/unit/node_stores.hpp"

using namespace lanchat;

namespace {

using fuzz::Bytes;
using store::Line;
using test::places;

constexpr std::size_t deeds_max = 60;
constexpr auto all = std::numeric_limits<std::size_t>::max();

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Life {
  public:
    Life(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes, size) {}

    void live() {
        for (std::size_t deed = 0; deed < deeds_max && !bytes_.empty(); ++deed) {
            const auto what = bytes_.below(16);
            if (what == 15) return damage();
            act(what);
        }
        compare();
    }

  private:
    struct Somebody {
        std::uint8_t number;
        Voice author;
        std::vector<RunPtr> said;
    };

    void act(std::size_t what) {
        switch (what) {
            case 0:
                return legacy();
            case 1:
                return trim();
            case 2:
                return reopen();
            case 3:
                return older();
            case 4:
                return other_cut();
            case 5:
                return forked();
            case 6:
                return far_ahead();
            case 7:
            case 8:
                return compare();
            case 13:
                return join();
            case 14:
                return utter();
            default:
                return say();
        }
    }

    // --- what is kept ---

    void say() {
        std::vector<RunPtr> runs;
        for (auto n = bytes_.below(3) + 1; n > 0; --n) {
            Somebody& who = somebody();
            std::vector<std::string> texts;
            for (auto line = 1 + bytes_.below(3); line > 0; --line) texts.push_back(some_text());
            who.said.push_back(who.author.say(texts, some_room(), some_id()));
            if (!bytes_.one_in(8)) runs.push_back(who.said.back());
        }
        append(runs);
    }
    // What says nothing to us. Who says it does not speak version 1 any more.
    void utter() {
        Somebody& who = somebody();
        who.author.learn_newest();
        const std::string kind = bytes_.one_in(2) ? "" : test::varint_field(2, bytes_.next());
        const std::string body =
            bytes_.one_in(2) ? some_bytes() : std::string(16, 's') + some_bytes();
        who.said.push_back(who.author.utter(kind, body));
        append({who.said.back()});
    }
    void older() {
        const auto& said = somebody().said;
        std::vector<RunPtr> runs;
        for (auto n = bytes_.below(4); n > 0 && !said.empty(); --n)
            runs.push_back(bytes_.one_of(said));
        append(runs);
    }
    void other_cut() {
        Somebody& who = somebody();
        if (who.said.empty()) return;
        const auto from = static_cast<long>(bytes_.below(who.said.size()));
        const auto most =
            std::min<std::size_t>(who.said.size() - static_cast<std::size_t>(from), 8);
        const auto to = from + 1 + static_cast<long>(bytes_.below(most));
        const RunPtr& first = who.said[static_cast<std::size_t>(from)];
        const RunPtr& last = who.said[static_cast<std::size_t>(to) - 1];
        if (first->is_of_version_1() == last->is_of_version_1())
            append({who.author.run(first->first(), last->last())});
    }
    // The last line of a run as it was told to somebody else; or the proof of that.
    void forked() {
        const Somebody& who = somebody();
        if (who.said.empty()) return;
        const RunPtr& run = bytes_.one_of(who.said);
        auto entries = test::part(*run, 0, run->size());
        if (entries.back().kind == EntryKind::met) return;
        entries.back().kind = EntryKind::text;
        entries.back().text = "something else";
        const RunPtr other = sign(std::move(entries), key_of(who.number));
        if (!bytes_.one_in(4)) return append({other});
        const auto fork = fork_between(run, other);
        if (!fork) return;  // it is what was said
        const auto on_disk = disk_->freeze(*fork);
        const auto in_memory = memory_.freeze(*fork);
        LANCHAT_ASSERT(on_disk && *on_disk == *in_memory);
    }
    void far_ahead() {
        const Somebody& who = somebody();
        Entry entry;
        entry.log = who.author.log();
        entry.seq = std::min(some_number() | 1U << 20, limits::seq_max);
        entry.before = hash_of("before");
        entry.clock = Clock{some_number() | 1};
        entry.room = general_room;
        entry.name = "anna";
        entry.text = "far";
        append({sign({entry}, key_of(who.number))});
    }
    void append(const std::vector<RunPtr>& runs) {
        for (const RunPtr& run : runs)
            for (const auto& item : run->items())
                said_[{run->log(), item.seq}][item.head] = item.entry();
        now_ += 1;
        const auto kept = disk_->append(runs, {now_});
        LANCHAT_ASSERT(places(kept) == places(memory_.append(runs, {now_})));
        appended_.insert(appended_.end(), runs.begin(), runs.end());
    }
    void legacy() {
        std::vector<store::Heard> lines;
        const WallTime heard = some_time();
        const std::string room = some_room();
        for (auto count = 1 + bytes_.below(4); count > 0; --count) {
            const bool near = !bytes_.one_in(4);
            const std::string id = some_id();
            lines.push_back({id, near ? heard : some_time(), near ? room : some_room(),
                             "10.0.0.1:1", some_text()});
            legacy_.insert(lines.back().text);
        }
        const auto on_disk = disk_->append_legacy(lines);
        const auto in_memory = memory_.append_legacy(lines);
        LANCHAT_ASSERT(on_disk && in_memory && *on_disk == *in_memory);
    }
    void trim() {
        const std::uint64_t bytes = bytes_.one_in(4) ? some_number() : bytes_.next() * 16U;
        std::optional<WallTime> oldest;
        if (bytes_.one_in(2)) oldest = some_time();
        if (bytes_.one_in(2)) oldest = WallTime{now_ - static_cast<int>(bytes_.below(20))};
        const std::size_t runs = bytes_.one_in(2) ? bytes_.below(4) : store::all_runs;
        (void)disk_->catch_up();
        const auto gone = disk_->trim(bytes, oldest, runs);
        const auto in_memory = memory_.trim(bytes, oldest, runs);
        LANCHAT_ASSERT(gone && gone->lines == in_memory->lines);
        LANCHAT_ASSERT(gone->raised == in_memory->raised);
    }
    void join() {
        const WallTime before{now_ - static_cast<int>(bytes_.below(4))};
        const std::size_t runs = bytes_.one_in(4) ? 1 + bytes_.below(9) : store::all_runs;
        const auto on_disk = disk_->join_runs(before, runs);
        LANCHAT_ASSERT(on_disk && *on_disk == *memory_.join_runs(before, runs));
    }
    void reopen() {
        const auto id = disk_->id();
        disk_.reset();
        disk_ = test::opened(folder_.file(), {.indexing = test::slow_index});
        LANCHAT_ASSERT(disk_->id() == id);
        (void)memory_.trim(~std::uint64_t{0}, std::nullopt, 0);  // that has no old plan either
    }

    // --- what is answered ---

    void compare() {
        LANCHAT_ASSERT(disk_->last() == memory_.last());
        LANCHAT_ASSERT(*disk_->holdings() == *memory_.holdings());
        LANCHAT_ASSERT(*disk_->rooms() == *memory_.rooms());
        const auto filter = some_filter();
        const auto count = some_count();
        const auto after = some_number();
        LANCHAT_ASSERT(places(disk_->newest(filter, count)) ==
                       places(memory_.newest(filter, count)));
        LANCHAT_ASSERT(places(disk_->arrived(after, filter, count)) ==
                       places(memory_.arrived(after, filter, count)));
        const auto words = some_bytes();
        LANCHAT_ASSERT(places(disk_->search(words, filter, count)) ==
                       places(memory_.search(words, filter, count)));
        compare_said();
        compare_proofs();
        compare_runs(after);
        LANCHAT_ASSERT(!std::filesystem::exists(store::suspicion_of(folder_.file())));
    }
    void compare_said() {
        const DeviceId author = somebody().author.device();
        const auto id = bytes_.one_in(4) ? some_bytes() : some_id();
        const auto on_disk = disk_->said(author, id);
        const auto in_memory = memory_.said(author, id);
        LANCHAT_ASSERT(on_disk && on_disk->has_value() == in_memory->has_value());
        LANCHAT_ASSERT(!*on_disk || test::placed((*on_disk)->arrival, (*on_disk)->entry) ==
                                        test::placed((*in_memory)->arrival, (*in_memory)->entry));
    }
    void compare_proofs() {
        for (const Somebody& who : people_) {
            const auto on_disk = disk_->proof_of(who.author.log());
            const auto in_memory = memory_.proof_of(who.author.log());
            LANCHAT_ASSERT(on_disk && on_disk->has_value() == in_memory->has_value());
            LANCHAT_ASSERT(!*on_disk || (*on_disk)->seq == (*in_memory)->seq);
        }
        const auto lines = disk_->newest({}, all);
        const auto same = memory_.newest({}, all);
        LANCHAT_ASSERT(std::ranges::equal(*lines, *same, {}, &Line::disputed, &Line::disputed));
    }
    void compare_runs(Seq after) {
        const auto entries = some_count();
        const auto bytes = some_count() * 16;
        const LogId log = somebody().author.log();
        const auto on_disk = disk_->runs(log, after, entries, bytes);
        const auto in_memory = memory_.runs(log, after, entries, bytes);
        LANCHAT_ASSERT(on_disk && std::ranges::equal(*on_disk, *in_memory, {}, head_of, head_of));
        const auto back_on_disk = disk_->runs_back_from(log, after, entries, bytes);
        const auto back_in_memory = memory_.runs_back_from(log, after, entries, bytes);
        LANCHAT_ASSERT(back_on_disk &&
                       std::ranges::equal(*back_on_disk, *back_in_memory, {}, head_of, head_of));
    }
    static Hash head_of(const RunPtr& run) { return run->head(); }

    // --- damage ---

    // Whatever the file then holds: it opens or recovers, shows only what was said, and takes in
    // again what was lost; once more opened, where only reading or writing met the damage.
    void damage() {
        disk_.reset();
        for (const char* part : {"", "-wal"}) {
            auto file = content(folder_.file() + part);
            for (auto n = bytes_.below(8); n > 0; --n) harm(file);
            if (!file.empty()) std::ofstream(folder_.file() + part, std::ios::binary) << file;
        }
        if (!open_damaged(false)) LANCHAT_ASSERT(open_damaged(false));
        if (!open_damaged(true)) LANCHAT_ASSERT(open_damaged(true));
    }
    bool open_damaged(bool and_append) {
        const auto opened = store::open_or_recover(folder_.file());
        LANCHAT_ASSERT(opened);
        const bool is_read = check_shown(*opened->store);
        if (!and_append) return is_read;
        const bool appended = static_cast<bool>(opened->store->append(appended_, {now_}));
        check_shown(*opened->store);
        return appended;
    }
    void harm(std::string& file) {
        if (file.empty()) return;
        const auto at = (std::size_t{bytes_.next()} << 16U | std::size_t{bytes_.next()} << 8U |
                         std::size_t{bytes_.next()}) %
                        file.size();
        const auto size = std::min<std::size_t>(file.size() - at, bytes_.next());
        switch (bytes_.below(4)) {
            case 0:
                file[at] = static_cast<char>(file[at] ^ static_cast<char>(1 << bytes_.below(8)));
                return;
            case 1:
                file.replace(at, size, size, static_cast<char>(bytes_.next()));
                return;
            case 2:
                for (std::size_t n = 0; n < size; ++n)
                    file[at + n] = static_cast<char>(bytes_.next());
                return;
            default:
                if (bytes_.one_in(4)) file.resize(at);
        }
    }
    // False if it cannot be read what is held.
    bool check_shown(store::Store& store) const {
        const auto lines = store.newest({}, all);
        for (const Line& line : lines ? *lines : std::vector<Line>()) {
            if (line.legacy) {
                LANCHAT_ASSERT(legacy_.contains(line.entry.text));
                continue;
            }
            const auto said = said_.find({line.entry.log, line.entry.seq});
            LANCHAT_ASSERT(said != said_.end());
            LANCHAT_ASSERT(std::ranges::any_of(said->second, [&](const auto& one) {
                return test::placed(0, one.second) == test::placed(0, line.entry);
            }));
        }
        (void)store.search("tea", {}, all);
        (void)store.arrived(0, {}, all);
        const auto holdings = store.holdings();
        for (const auto& held : holdings ? *holdings : std::vector<store::Holding>())
            check_runs(store, held);
        return static_cast<bool>(holdings);
    }
    void check_runs(store::Store& store, const store::Holding& held) const {
        const auto runs = store.runs(held.log, held.extent.base.after, all, all);
        for (const RunPtr& run : runs ? *runs : std::vector<RunPtr>()) {
            LANCHAT_ASSERT(run->log() == held.log && verify(unverified(*run)));
            for (const auto& item : run->items())
                LANCHAT_ASSERT(said_.at({run->log(), item.seq}).contains(item.head));
        }
    }

    // --- choices ---

    Somebody& somebody() { return bytes_.one_of(people_); }

    std::string some_bytes() {
        static const std::array<std::string, 8> words{"tea",  "Tea time", "münchen", "MUNCHEN 7",
                                                      "東京", "?!",       "time",    "a\"b* OR"};
        const auto length = bytes_.next();
        if (length >= 64) return words.at(length % words.size());
        std::string text;
        for (auto n = length; n > 0; --n) text += static_cast<char>(bytes_.next());
        return text;
    }
    std::string some_text() {
        std::string text = to_utf8(some_bytes());
        return text.empty() ? "x" : text;
    }
    std::string some_room() { return bytes_.one_in(4) ? "den" : general_room; }
    std::string some_id() { return std::to_string(bytes_.below(20)); }
    std::size_t some_count() { return bytes_.one_in(16) ? all / 64 : bytes_.below(40); }
    std::uint64_t some_number() {
        static const std::array<std::uint64_t, 4> great{
            std::uint64_t{1} << 63, (std::uint64_t{1} << 63) - 1, ~std::uint64_t{0}, 1U << 31};
        const auto byte = bytes_.next();
        return byte < 224 ? byte % 64 : great.at(byte % 4);
    }
    WallTime some_time() {
        static const std::array<std::int64_t, 4> far{std::numeric_limits<std::int64_t>::max(),
                                                     std::numeric_limits<std::int64_t>::min(), -1,
                                                     std::int64_t{1} << 48};
        const auto byte = bytes_.next();
        return {byte < 224 ? 1'000 + byte % 64 : far.at(byte % 4)};
    }
    store::Filter some_filter() {
        store::Filter filter;
        const auto parts = bytes_.next();
        if (parts & 1) filter.room = parts & 16 ? "nowhere" : some_room();
        if (parts & 2) filter.author = somebody().author.device();
        if (parts & 4) filter.since = some_time();
        if (parts & 8) filter.until = some_time();
        return filter;
    }

    Bytes bytes_;
    test::Folder folder_;
    std::unique_ptr<store::Store> disk_ =
        test::opened(folder_.file(), {.indexing = test::slow_index});
    store::MemoryStore memory_{1};
    // Two devices, of which one has a second log, and one begins it in version 1.
    std::array<Somebody, 3> people_{
        Somebody{1, Voice(1, InstanceId{1}, WallTime{1'000}), {}},
        Somebody{1, Voice(1, InstanceId{2}, WallTime{1'007}), {}},
        Somebody{2, Voice(2, InstanceId{~std::uint64_t{0}}, WallTime{1'014}).of_version_1(), {}}};
    std::vector<RunPtr> appended_;
    std::map<LineId, std::map<Hash, Entry>> said_;  // otherwise to some than to others
    std::set<std::string> legacy_;
    std::int64_t now_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Life(data, size).live();
    return 0;
}
