// Lines said together are signed together, up to the bounds of a run.
#include "controller/draft.hpp"

#include <vector>

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

void Draft::add(Entry& entry) {
    if (empty()) entry.before = sealed_head_;
    lines_.add(entry);
}

bool Draft::is_full() const {
    return size() >= limits::run_entries_max ||
           lines_.byte_count() + limits::entry_bytes_max / 16 >= limits::run_bytes_max;
}

RunPtr Draft::seal(const DeviceKey& key) {
    if (empty()) return nullptr;
    // The last lines may have made the run too large: they begin the next one.
    std::vector<Entry> next;
    while (size() > 1 && lines_.byte_count() > limits::run_bytes_max)
        next.push_back(lines_.take_last());
    RunPtr run = lines_.sign(key);
    sealed_head_ = run->head();
    for (auto entry = next.rbegin(); entry != next.rend(); ++entry) add(*entry);
    return run;
}

}  // namespace lanchat::controller
