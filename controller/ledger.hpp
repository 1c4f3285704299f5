// The ledger: own lines that some peer may still need, bounded in lines and bytes.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "message/frame.hpp"

namespace lanchat::controller {

// Peers hold a position in the ledger instead of a queue of their own, so a slow peer costs nothing
// more than the others. A peer that falls behind `base` has missed lines.
class Ledger {
  public:
    // Numbers the line and keeps it; the oldest lines go when a bound is met.
    Seq append(WallTime said, std::string room, std::string text);

    Seq head() const { return head_; }                  // number of the newest line, 0 if none
    Seq base() const { return head_ - lines_.size(); }  // newest line that is gone

    // Whole lines after `after`, at most `lines_max`, at most `bytes_max` or one line.
    // Precondition: base() <= after <= head().
    std::vector<Line> after(Seq after, std::size_t lines_max, std::size_t bytes_max) const;
    const Line& at(Seq seq) const;

    // Bytes of the lines after `after`.
    std::size_t bytes_after(Seq after) const;

  private:
    struct Kept {
        Line line;
        std::uint64_t end;  // bytes said up to and including this line
    };
    void drop_oldest();

    std::deque<Kept> lines_;
    Seq head_ = 0;
    std::uint64_t said_bytes_ = 0;
    std::uint64_t dropped_bytes_ = 0;
};

}  // namespace lanchat::controller
