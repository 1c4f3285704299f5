// Splits in place: a line is a view into what was read.
#include "app/streams/line_buffer.hpp"

#include <utility>

namespace lanchat::app {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

void LineBuffer::put(std::string_view bytes) {
    held_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
    held_ += bytes;
}

LineBuffer::Next LineBuffer::next() {
    for (;;) {
        const auto newline = held_.find('\n', scanned_);
        if (newline == std::string::npos) return without_newline();
        const auto line = std::string_view(held_).substr(at_, newline - at_);
        at_ = scanned_ = newline + 1;
        // The end of a line that was refused is no line.
        if (skipping_) {
            skipping_ = false;
            continue;
        }
        return finish(line);
    }
}

LineBuffer::Next LineBuffer::finish(std::string_view line) {
    if (!std::exchange(begun_, true) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > line_bytes_max_) return {Found::too_long, {}};
    return {Found::line, line};
}

LineBuffer::Next LineBuffer::without_newline() {
    scanned_ = held_.size();
    const auto rest = std::string_view(held_).substr(at_);
    // One byte more than the limit may still be the '\r' of an ending.
    const auto mark = begun_ ? 0 : byte_order_mark.size();
    const bool too_long = rest.size() > mark + line_bytes_max_ + 1;
    if (!skipping_ && !too_long && !ended_) return {};
    const bool tell = !skipping_ && !rest.empty();
    if (skipping_ || too_long || ended_) at_ = scanned_;
    if (!tell) return {};
    if (ended_) return finish(rest);
    skipping_ = begun_ = true;
    return {Found::too_long, {}};
}

}  // namespace lanchat::app
