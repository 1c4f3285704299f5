// A ring of own lines with running byte totals, so that every question is answered without a scan.
#include "controller/ledger.hpp"

#include <algorithm>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/wire.hpp"

namespace lanchat::controller {

Seq Ledger::append(WallTime said, std::string room, std::string text) {
    Line line{++head_, said, std::move(room), std::move(text)};
    said_bytes_ += encoded_bytes(line);
    lines_.push_back({std::move(line), said_bytes_});
    while (lines_.size() > limits::ledger_lines_max ||
           said_bytes_ - dropped_bytes_ > limits::ledger_bytes_max)
        drop_oldest();
    return head_;
}

std::vector<Line> Ledger::after(Seq after, std::size_t lines_max, std::size_t bytes_max) const {
    LANCHAT_ASSERT(base() <= after && after <= head_);
    std::vector<Line> out;
    const auto first = lines_.begin() + static_cast<std::ptrdiff_t>(after - base());
    const auto count = std::min<std::size_t>(lines_max, head_ - after);
    out.reserve(count);
    std::size_t bytes = 0;
    for (auto it = first; it != first + static_cast<std::ptrdiff_t>(count); ++it) {
        bytes += encoded_bytes(it->line);
        if (bytes > bytes_max && !out.empty()) break;
        out.push_back(it->line);
    }
    return out;
}

const Line& Ledger::at(Seq seq) const {
    LANCHAT_ASSERT(base() < seq && seq <= head_);
    return lines_[seq - base() - 1].line;
}

std::size_t Ledger::bytes_after(Seq after) const {
    if (after >= head_) return 0;
    if (after <= base()) return said_bytes_ - dropped_bytes_;
    return said_bytes_ - lines_[after - base() - 1].end;
}

void Ledger::drop_oldest() {
    dropped_bytes_ = lines_.front().end;
    lines_.pop_front();
}

}  // namespace lanchat::controller
