// What is added goes to the disk in order, in groups, and again if it is refused.
#include "node/history.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"

namespace lanchat {
namespace {

constexpr auto rest = std::chrono::seconds(1);  // after a refusal

}  // namespace

History::History(NodeLoop& loop, const Config& config, Hooks hooks)
    : loop_(loop),
      config_(config),
      hooks_(std::move(hooks)),
      pause_(loop.io()),
      trim_timer_(loop.io()) {}

void History::begin(std::unique_ptr<store::Store> store) {
    LANCHAT_ASSERT(disk_ == nullptr);
    eras_ = store->eras();
    arrivals_.begin(store->last());
    disk_ = std::make_unique<store::Disk>(loop_.io().get_executor(), std::move(store),
                                          loop_.while_running([this](std::vector<BodyNews> news) {
                                              hooks_.feed(brain::BodiesChanged{std::move(news)});
                                          }));
    legacy_lines_ = std::make_unique<LegacyLines>(loop_.io(), *disk_, legacy_hooks());
}

void History::stop() {
    trim_timer_.cancel();
    pause_.cancel();
    if (disk_) write_refused();
    if (legacy_lines_) legacy_lines_->write_all();
    legacy_lines_.reset();
    disk_.reset();  // waits until all is on the disk
}

void History::add(brain::Append append) {
    if (append.history) late_.insert(append.run);
    unwritten_.push_back(std::move(append.run));
}

void History::add(brain::Freeze freeze) { unwritten_.emplace_back(std::move(freeze.proof)); }

void History::add(store::Heard line) {
    if (legacy_lines_) legacy_lines_->add(std::move(line));
}

// Its hooks are never called once this has stopped.
LegacyLines::Hooks History::legacy_hooks() {
    return {hooks_.hold_legacy,
            [this](const std::string& id, store::Arrival arrival) {
                if (on_placed_) on_placed_(id, arrival);
            },
            [this](store::Arrival newest, std::size_t bytes) {
                if (!pauses_) stored_again();
                arrived(newest);
                trim_if_grown(bytes);
            },
            [this](const std::string& why) { refuse_for_now(why); }};
}

// What one turn of the loop brought goes to the disk together, after what the disk refused before.
void History::write() {
    if (legacy_lines_) legacy_lines_->write();
    if (!disk_ || pauses_ || (unwritten_.empty() && refused_.empty())) return;
    auto writes = std::exchange(refused_, {});
    writes.insert(writes.end(), unwritten_.begin(), unwritten_.end());
    unwritten_.clear();
    std::vector<RunPtr> runs;
    for (const Write& write : writes) {
        if (const auto* run = std::get_if<RunPtr>(&write)) {
            runs.push_back(*run);
            continue;
        }
        if (!runs.empty()) append(std::exchange(runs, {}));
        freeze(std::get<Fork>(write));
    }
    if (!runs.empty()) append(std::move(runs));
}

void History::append(std::vector<RunPtr> runs) {
    const std::uint64_t number = ++writes_;
    disk_->append(
        runs, clock_now().wall,
        loop_.while_running([this, number, runs](const Result<std::vector<store::Added>>& result) {
            written(number, runs, result);
        }));
}

// What was said is never taken back: a disk that refuses it is asked again until it takes it.
void History::written(std::uint64_t number, const std::vector<RunPtr>& runs,
                      const Result<std::vector<store::Added>>& result) {
    written_ = number;
    if (!result) {
        refused_.insert(refused_.end(), runs.begin(), runs.end());
        return refuse_for_now(result.why());
    }
    take_note(runs, *result);
    stored_again();
    hooks_.stored(runs);
    hooks_.feed(brain::Stored{runs});
}

void History::freeze(const Fork& proof) {
    const std::uint64_t number = ++writes_;
    disk_->freeze(proof, loop_.while_running([this, number, proof](const Result<Extent>& result) {
        frozen(number, proof, result);
    }));
}

void History::frozen(std::uint64_t number, const Fork& proof, const Result<Extent>& result) {
    written_ = number;
    if (!result) {
        refused_.emplace_back(proof);
        return refuse_for_now(result.why());
    }
    stored_again();
    hooks_.feed(brain::Frozen{proof.log, *result});
}

void History::stored_again() {
    if (!std::exchange(trouble_, {}).empty()) spdlog::warn("lines can be stored again");
}

void History::refuse_for_now(const std::string& why) {
    if (trouble_.empty()) spdlog::error("lines cannot be stored: {}", why);
    trouble_ = why;
    if (on_news_) on_news_();
    if (!std::exchange(pauses_, true)) try_again_later();
}

// Once all that was on its way has come back, so that it goes again in order.
void History::try_again_later() {
    pause_.expires_after(rest);
    loop_.wait(pause_, [this] {
        if (written_ < writes_) return try_again_later();
        write_refused();
    });
}

void History::write_refused() {
    pauses_ = false;
    disk_->resume();
    if (legacy_lines_) legacy_lines_->write_again();
    write();
}

void History::take_note(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added) {
    arrivals_.note_late(runs, added, late_);
    std::size_t bytes = 0;
    for (const RunPtr& run : runs) bytes += run->byte_count();
    if (on_placed_) tell_places(runs, added);
    if (!added.empty()) arrived(added.back().last());
    trim_if_grown(bytes);
}

// What was shown of `runs` and is not among the `added` was in the store before.
void History::tell_places(const std::vector<RunPtr>& runs, const std::vector<store::Added>& added) {
    const auto tell = [this](const VerifiedRun& run, std::size_t first, std::size_t count,
                             store::Arrival arrival) {
        MessageIds ids;
        for (std::size_t n = 0; n < count; ++n)
            on_placed_(ids.of({run.log(), run.first() + first + n}),
                       arrival == 0 ? 0 : arrival + n);
    };
    std::set<const VerifiedRun*> whole;
    for (const auto& [run, first, count, arrival] : added) {
        tell(*run, first, count, arrival);
        if (count == run->size()) whole.insert(run.get());
    }
    for (const RunPtr& run : runs)
        if (!whole.contains(run.get())) tell(*run, 0, run->size(), 0);
}

void History::arrived(store::Arrival newest) {
    arrivals_.came(newest);
    if (on_news_) on_news_();
}

std::uint64_t History::bytes_max() const {
    const std::uint64_t bytes = config_.history.max_bytes;
    if (!config_.data_dir.empty()) return bytes;
    return std::min<std::uint64_t>(bytes, limits::memory_history_bytes_max);
}

void History::trim_if_grown(std::size_t bytes) {
    untrimmed_bytes_ += bytes;
    if (untrimmed_bytes_ > bytes_max() / 8) trim();
}

// In steps, so that lines need not wait until all of it is done.
void History::trim() {
    untrimmed_bytes_ = 0;
    const auto days = config_.history.max_age_days;
    std::optional<WallTime> oldest;
    if (days > 0) oldest = WallTime{clock_now().wall.ms - std::int64_t{days} * 86'400'000};
    read([this, bytes = bytes_max(), oldest](store::Store& history) {
        auto gone = history.trim(bytes, oldest, limits::trim_runs_max);
        if (!gone) spdlog::warn("history: {}", gone.why());
        loop_.post([this, gone = gone ? std::move(*gone) : store::Trimmed{}] { trimmed(gone); });
    });
}

void History::trimmed(const store::Trimmed& gone) {
    for (const auto& [log, extent] : gone.raised)
        hooks_.feed(brain::Trimmed{log, extent.base.after, extent.base.before});
    if (gone.lines > 0) return trim();
    join();
}

// In steps, too.
void History::join() {
    const WallTime before{clock_now().wall.ms - limits::rest_after.count()};
    read([this, before](store::Store& history) {
        const auto more = history.join_runs(before, limits::rest_runs_max);
        if (!more) spdlog::warn("history: {}", more.why());
        loop_.post([this, again = more && *more] {
            if (again) return join();
            trim_timer_.expires_after(limits::trim_interval);
            loop_.wait(trim_timer_, [this] { trim(); });
        });
    });
}

}  // namespace lanchat
