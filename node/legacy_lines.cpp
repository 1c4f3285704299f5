// Group commit of legacy lines.
#include "node/legacy_lines.hpp"

#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "message/limits.hpp"

namespace lanchat {
namespace {

// A commit writes the last page of each table anew, so a few lines are as dear as a hundred. Of a
// paste that is slower than the disk so many are waited for, or so long.
constexpr std::size_t group_lines = 256;
constexpr std::size_t group_bytes = std::size_t{256} * 1024;
constexpr std::size_t paste_lines = 8;  // in one group: more will come
constexpr std::chrono::milliseconds paste_pause{200};

}  // namespace

LegacyLines::LegacyLines(asio::io_context& loop, store::Disk& disk, Hooks hooks)
    : loop_(loop), disk_(disk), hooks_(std::move(hooks)), pause_(loop) {}

void LegacyLines::add(store::Heard line) {
    waiting_bytes_ += line.text.size();
    waiting_.push_back(std::move(line));
}

void LegacyLines::write() {
    bound();
    if (writing_ || refused_ || waiting_.empty()) return;
    if (pausing_ && waiting_.size() < group_lines && waiting_bytes_ < group_bytes) return;
    pausing_ = false;
    writing_ = true;
    disk_.read([this, here = here_, group = next_group()](store::Store& history) {
        auto first = history.append_legacy(*group);
        asio::post(loop_, [this, here, group, first = std::move(first)] {
            if (*here) written(*group, first);
        });
    });
}

void LegacyLines::write_again() {
    refused_ = false;
    write();
}

void LegacyLines::write_all() {
    while (!waiting_.empty()) {
        disk_.read([group = next_group()](store::Store& history) {
            const auto first = history.append_legacy(*group);
            if (!first) spdlog::warn("history: {}", first.why());
        });
    }
}

std::shared_ptr<const LegacyLines::Group> LegacyLines::next_group() {
    Group group;
    std::size_t bytes = 0;
    while (!waiting_.empty() && group.size() < store::commit_entries_max) {
        bytes += waiting_.front().text.size();
        if (!group.empty() && bytes > store::commit_bytes_max) break;
        waiting_bytes_ -= waiting_.front().text.size();
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return std::make_shared<const Group>(std::move(group));
}

void LegacyLines::written(const Group& group, const Result<store::Arrival>& first) {
    if (!first) return refused(group, first.why());
    if (dropped_ > 0)
        spdlog::warn("history: {} lines of legacy peers are not kept", std::exchange(dropped_, 0));
    std::size_t bytes = 0;
    for (std::size_t n = 0; n < group.size(); ++n) {
        hooks_.placed(group[n].id, *first + n);
        bytes += group[n].text.size();
    }
    hooks_.stored(*first + group.size() - 1, bytes);
    writing_ = false;
    pause_after(group.size());
    write();
}

void LegacyLines::pause_after(std::size_t lines) {
    pausing_ = true;
    pause_.expires_after(lines < paste_lines
                             ? std::chrono::milliseconds(limits::legacy_group_interval)
                             : paste_pause);
    pause_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        pausing_ = false;
        write();
    });
}

void LegacyLines::refused(const Group& group, const std::string& why) {
    writing_ = false;
    refused_ = true;
    for (const store::Heard& line : group) waiting_bytes_ += line.text.size();
    waiting_.insert(waiting_.begin(), group.begin(), group.end());
    bound();
    hooks_.refused(why);
}

// Above the bound reading waits, until half of that is left.
void LegacyLines::bound() {
    while (refused_ && exceeds(1)) {
        const store::Heard last = std::move(waiting_.back());
        waiting_bytes_ -= last.text.size();
        waiting_.pop_back();
        ++dropped_;
        hooks_.placed(last.id, 0);
    }
    const bool hold = !refused_ && exceeds(held_ ? 2 : 1);
    if (std::exchange(held_, hold) != hold) hooks_.hold(hold);
}

bool LegacyLines::exceeds(std::size_t share) const {
    return waiting_.size() > limits::legacy_unwritten_lines_max / share ||
           waiting_bytes_ > limits::legacy_unwritten_bytes_max / share;
}

}  // namespace lanchat
