// Lines said together are signed together, up to the bounds of a run.
#include "controller/draft.hpp"

#include <algorithm>
#include <utility>

#include "message/limits.hpp"

namespace lanchat::controller {
namespace {

// With their tags: clock, kind, salt and marks; the log before; who was met; a line replied to.
constexpr std::size_t entry_overhead = 64;
constexpr std::size_t previous_bytes = 64;
constexpr std::size_t device_bytes = 36;
constexpr std::size_t line_bytes = 64;

std::size_t encoded_bytes(const Via& via) {
    return via.name.size() + via.through.size() + 16 + 8 * via.passed.size();
}

}  // namespace

std::size_t encoded_bytes(const Entry& entry) {
    return entry.text.size() + entry.room.size() + entry.name.size() + entry.said_id.size() +
           entry_overhead + (entry.previous ? previous_bytes : 0) +
           (entry.is_line() ? 0 : device_bytes) + (entry.marks.reply_to ? line_bytes : 0) +
           (entry.marks.via ? encoded_bytes(*entry.marks.via) : 0);
}

Entry line_of(const Say& say, const std::string& name) {
    Entry entry;
    entry.log.to = say.to;
    entry.room = say.to == DeviceId{} ? say.room : general_room;
    entry.name = name;
    entry.text = say.text;
    entry.said_id = say.said_id;
    entry.marks = say.marks;
    return entry;
}

Entry drop_of(const Dropped& what) {
    Entry entry;
    entry.kind = EntryKind::drop;
    entry.log.to = what.line.log.to;
    entry.dropped = Ended{what.line.log.epoch, what.line.seq, what.head};
    return entry;
}

const Entry& Draft::add(Entry entry) {
    bytes_ += encoded_bytes(entry);
    lines_.push_back(std::move(entry));
    return lines_.back();
}

bool Draft::is_full() const {
    return lines_.size() >= limits::run_entries_max ||
           bytes_ + limits::entry_bytes_max / 16 >= limits::run_bytes_max;
}

RunPtr Draft::seal(const DeviceKey& key) {
    if (lines_.empty()) return nullptr;
    // The last line may have made the run too large: it begins the next one.
    auto entries = std::exchange(lines_, {});
    bytes_ = 0;
    std::size_t bytes = 0;
    const auto fits = std::ranges::find_if(entries, [&](const Entry& entry) {
        bytes += encoded_bytes(entry);
        return bytes > limits::run_bytes_max;
    });
    const auto end = std::max(entries.begin() + 1, fits);
    for (auto it = end; it != entries.end(); ++it) add(std::move(*it));
    entries.erase(end, entries.end());
    entries.front().before = sealed_head_;
    RunPtr run = sign(std::move(entries), key);
    sealed_head_ = run->head();
    return run;
}

}  // namespace lanchat::controller
