// What is said and heard on its way to the disk and back.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "node/body.hpp"

namespace lanchat {
namespace {

constexpr auto disk_pause = std::chrono::seconds(1);  // after a refusal

}  // namespace

std::optional<Failure> Node::Body::refuse(Saying& saying) const {
    auto& [text, room, said_id, to] = saying;
    if (stopped_ || room_ == nullptr) return Failure{"the node is not running"};
    if (!disk_trouble_.empty()) return Failure{"the line cannot be stored: " + disk_trouble_};
    constexpr auto invalid = Failure::Kind::invalid;
    if (text.empty()) return Failure{"text is empty", invalid};
    if (!is_utf8(text)) text = to_utf8(text);
    if (text.size() > limits::line_bytes_max)
        return Failure{"text exceeds " + std::to_string(limits::line_bytes_max) + " bytes",
                       invalid};
    if (to != DeviceId{} && !config_.security.tls)
        return Failure{"direct messages need encrypted links: security.tls is off"};
    if (room_->people().is_blocked(to)) return Failure{"it is blocked: unblock it first"};
    if (to == key_->id()) return Failure{"nobody sends direct messages to themselves", invalid};
    if (room.empty() || room.size() > limits::room_bytes_max || !is_utf8(room))
        return Failure{
            "a room name has 1 to " + std::to_string(limits::room_bytes_max) + " bytes of UTF-8",
            invalid};
    if (said_id.size() > limits::said_id_bytes_max || !is_utf8(said_id))
        return Failure{
            "an id has at most " + std::to_string(limits::said_id_bytes_max) + " bytes of UTF-8",
            invalid};
    return std::nullopt;
}

LineId Node::Body::say_now(Saying saying, bool watched) {
    const bool is_direct = saying.to != DeviceId{};
    LineId line = is_direct ? room_->next_line_to(saying.to) : room_->next_line();
    line.seq += says_waiting_[saying.to]++;
    feed(brain::Say{std::move(saying.room), std::move(saying.text), std::move(saying.said_id),
                    watched, saying.to});
    return line;
}

void Node::Body::say(Saying saying, Said said) {
    if (const auto no = refuse(saying)) {
        return asio::post(loop_, [here = here_, said = std::move(said), no = *no] {
            if (*here) said(no);
        });
    }
    if (!saying.said_id.empty()) {
        auto& waiting = said_ids_[saying.said_id];
        waiting.emplace_back(saying, std::move(said));
        if (waiting.size() == 1) say_once(saying);
        return;
    }
    unanswered_[say_now(std::move(saying), true)] = std::move(said);
}

// Only the disk knows what was said with this id by an earlier process.
void Node::Body::say_once(const Saying& saying) {
    disk_->read([this, here = here_, saying, self = key_->id()](store::Store& history) {
        auto known = history.said(self, saying.said_id);
        asio::post(loop_, [this, here, saying, known = std::move(known)] {
            if (!*here) return;
            if (!known) return answer_all(saying, Failure{known.why()});
            if (*known) {
                const Entry& entry = (*known)->entry;
                return answer_all({entry.text, entry.room, saying.said_id, entry.log.to},
                                  LineId{entry.log, entry.seq});
            }
            unanswered_[say_now(saying, true)] = [this, saying](const Result<LineId>& line) {
                answer_all(saying, line);
            };
        });
    });
}

// Whoever wanted to say something else with this id has not said it.
void Node::Body::answer_all(const Saying& said_was, const Result<LineId>& line) {
    const auto waiting = said_ids_.extract(said_was.said_id);
    for (const auto& [saying, said] : waiting.mapped()) {
        const bool is_it = saying.text == said_was.text && saying.to == said_was.to &&
                           (saying.room == said_was.room || saying.to != DeviceId{});
        if (is_it || !line) {
            said(line);
        } else {
            said(Failure{"the id \"" + saying.said_id + "\" was used for another line",
                         Failure::Kind::already_exists});
        }
    }
}

brain::DeliveryCount Node::Body::watch(const LineId& line) {
    LANCHAT_ASSERT(!feeding_);
    feed(brain::Watch{line});
    return room_->delivery(line).value_or(brain::DeliveryCount{});
}

void Node::Body::read(store::Disk::Job job) {
    if (disk_) disk_->read(std::move(job));
}

// Everything is handed to the disk before the read, so what that finds is behind it.
void Node::Body::import_runs(std::vector<Run> runs,
                             std::function<void(const Result<Imported>&)> done) {
    LANCHAT_ASSERT(!feeding_);
    Imported imported;
    const auto refuse = [&imported](const std::string& why) {
        if (imported.runs_refused++ == 0) imported.why = why;
    };
    for (Run& run : runs) {
        const auto verified = lanchat::verify(std::move(run));
        if (!verified) {
            refuse(verified.why());
            continue;
        }
        const LogId log = (*verified)->log();
        if (log.is_direct()) {
            refuse("a run of direct messages: those come from their author alone");
            continue;
        }
        const Extent before = room_->held(log);
        feed(brain::Imported{*verified});
        const Extent after = room_->held(log);
        imported.lines_new += after.size() - before.size();
        if (after.lacks((*verified)->last()))
            refuse("a run whose predecessors are neither here nor there");
    }
    read([this, here = here_, imported, done = std::move(done)](store::Store&) {
        asio::post(loop_, [this, here, imported, done] {
            if (!*here) return;
            if (disk_trouble_.empty()) return done(imported);
            done(Failure{"lines cannot be stored: " + disk_trouble_});
        });
    });
}

void Node::Body::perform_one(brain::Fetch& fetch) {
    disk_->read([this, here = here_, fetch](store::Store& history) {
        const auto& [log, after, seq, newest_first] = fetch.want;
        auto runs =
            newest_first
                ? history.runs_back_from(log, seq, limits::pull_lines_max, limits::fetch_bytes_max)
                : history.runs(log, after, limits::pull_lines_max, limits::fetch_bytes_max);
        asio::post(loop_, [this, here, fetch, runs = std::move(runs)]() mutable {
            if (!*here) return;
            if (!runs) spdlog::warn("history: {}", runs.why());
            feed(brain::Fetched{fetch.link, fetch.want.log,
                                runs ? std::move(*runs) : std::vector<RunPtr>{}});
        });
    });
}

// Its hooks are never called once this has stopped.
LegacyLines::Hooks Node::Body::legacy_hooks() {
    return {[this](bool on) {
                legacy_waits_ = on;
                hold_legacy();
            },
            [this](const std::string& id, store::Arrival arrival) {
                if (on_placed_) on_placed_(id, arrival);
            },
            [this](store::Arrival newest, std::size_t bytes) {
                if (!disk_pauses_) stored_again();
                arrived(newest);
                trim_if_grown(bytes);
            },
            [this](const std::string& why) { refuse_for_now(why); }};
}

void Node::Body::perform_one(brain::Append& append) {
    if (append.history) late_.insert(append.run);
    unwritten_.push_back(std::move(append.run));
}

// What one turn of the loop brought goes to the disk together, after what the disk refused before.
void Node::Body::write_down() {
    if (legacy_lines_) legacy_lines_->write();
    if (!disk_ || disk_pauses_ || (unwritten_.empty() && refused_.empty())) return;
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

void Node::Body::append(std::vector<RunPtr> runs) {
    const std::uint64_t number = ++writes_;
    disk_->append(
        runs, clock_now().wall,
        [this, here = here_, number, runs](const Result<std::vector<store::Added>>& result) {
            if (*here) written(number, runs, result);
        });
}

// What was said is never taken back: a disk that refuses it is asked again until it takes it.
void Node::Body::written(std::uint64_t number, const std::vector<RunPtr>& runs,
                         const Result<std::vector<store::Added>>& result) {
    written_ = number;
    if (!result) {
        refused_.insert(refused_.end(), runs.begin(), runs.end());
        return refuse_for_now(result.why());
    }
    take_note(runs, *result);
    stored_again();
    answer_said(runs);
    feed(brain::Stored{runs});
}

void Node::Body::stored_again() {
    if (!std::exchange(disk_trouble_, {}).empty()) spdlog::warn("lines can be stored again");
}

void Node::Body::take_note(const std::vector<RunPtr>& runs,
                           const std::vector<store::Added>& added) {
    arrivals_.note_late(runs, added, late_);
    std::size_t bytes = 0;
    for (const RunPtr& run : runs) bytes += run->byte_count();
    if (on_placed_) tell_places(runs, added);
    if (!added.empty()) arrived(added.back().last());
    trim_if_grown(bytes);
}

void Node::Body::trim_if_grown(std::size_t bytes) {
    untrimmed_bytes_ += bytes;
    if (untrimmed_bytes_ > history_bytes_max() / 8) trim();
}

// What was shown of `runs` and is not among the `added` was in the store before.
void Node::Body::tell_places(const std::vector<RunPtr>& runs,
                             const std::vector<store::Added>& added) {
    const auto tell = [this](const VerifiedRun& run, std::size_t first, std::size_t count,
                             store::Arrival arrival) {
        const std::string log = log_name(run.log()) + ':';
        for (std::size_t n = 0; n < count; ++n)
            on_placed_(log + std::to_string(run.items()[first + n].entry.seq),
                       arrival == 0 ? 0 : arrival + n);
    };
    std::set<const VerifiedRun*> whole;
    for (const auto& [run, first, count, arrival] : added) {
        tell(*run, first, count, arrival);
        if (count == run->items().size()) whole.insert(run.get());
    }
    for (const RunPtr& run : runs)
        if (!whole.contains(run.get())) tell(*run, 0, run->items().size(), 0);
}

void Node::Body::refuse_for_now(const std::string& why) {
    if (disk_trouble_.empty()) spdlog::error("lines cannot be stored: {}", why);
    disk_trouble_ = why;
    if (on_disk_news_) on_disk_news_();
    if (!std::exchange(disk_pauses_, true)) try_again_later();
}

// Once all that was on its way has come back, so that it goes again in order.
void Node::Body::try_again_later() {
    disk_pause_.expires_after(disk_pause);
    disk_pause_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        if (written_ < writes_) return try_again_later();
        write_refused();
    });
}

void Node::Body::write_refused() {
    disk_pauses_ = false;
    disk_->resume();
    if (legacy_lines_) legacy_lines_->write_again();
    write_down();
}

void Node::Body::answer_said(const std::vector<RunPtr>& runs) {
    for (const RunPtr& run : runs) {
        const LineId last{run->log(), run->last()};
        for (auto it = unanswered_.lower_bound({run->log(), 0});
             it != unanswered_.end() && it->first <= last;
             it = unanswered_.lower_bound({run->log(), 0})) {
            const auto next = unanswered_.extract(it);
            next.mapped()(next.key());
        }
    }
}

void Node::Body::arrived(store::Arrival newest) {
    arrivals_.came(newest);
    if (on_disk_news_) on_disk_news_();
}

std::uint64_t Node::Body::history_bytes_max() const {
    const std::uint64_t bytes = config_.history.max_bytes;
    if (!config_.data_dir.empty()) return bytes;
    return std::min<std::uint64_t>(bytes, limits::memory_history_bytes_max);
}

// In steps, so that lines need not wait until all of it is done.
void Node::Body::trim() {
    untrimmed_bytes_ = 0;
    const auto days = config_.history.max_age_days;
    std::optional<WallTime> oldest;
    if (days > 0) oldest = WallTime{clock_now().wall.ms - std::int64_t{days} * 86'400'000};
    read([this, here = here_, bytes = history_bytes_max(), oldest](store::Store& history) {
        auto gone = history.trim(bytes, oldest, limits::trim_runs_max);
        if (!gone) spdlog::warn("history: {}", gone.why());
        asio::post(loop_, [this, here, gone = gone ? std::move(*gone) : store::Trimmed{}] {
            if (*here) trimmed(gone);
        });
    });
}

void Node::Body::trimmed(const store::Trimmed& gone) {
    for (const auto& [log, extent] : gone.raised)
        feed(brain::Trimmed{log, extent.base.after, extent.base.before});
    if (gone.lines > 0) return trim();
    trim_timer_.expires_after(limits::trim_interval);
    trim_timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (!error && *here) trim();
    });
}

}  // namespace lanchat
