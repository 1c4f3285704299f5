// A set of the numbers of lines, which come in long rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

namespace lanchat::sim {

class Numbers {
  public:
    // Those after `after` up to `last`.
    void add(std::uint64_t after, std::uint64_t last) {
        if (after >= last) return;
        auto row = rows_.upper_bound(after);
        if (row != rows_.begin() && std::prev(row)->second >= after) --row;
        while (row != rows_.end() && row->first <= last) {
            after = std::min(after, row->first);
            last = std::max(last, row->second);
            row = rows_.erase(row);
        }
        rows_.emplace(after, last);
    }
    void add(const Numbers& others) {
        for (const auto& [after, last] : others.rows_) add(after, last);
    }
    bool holds(std::uint64_t after, std::uint64_t last) const {
        const auto row = row_after(after);
        return after >= last || (row != rows_.end() && last <= row->second);
    }
    std::uint64_t newest() const { return rows_.empty() ? 0 : rows_.rbegin()->second; }
    // The lowest that the others do not hold.
    std::optional<std::uint64_t> first_beyond(const Numbers& others) const {
        for (const auto& [first, last] : rows_) {
            for (auto after = first; after < last;) {
                const auto row = others.row_after(after);
                if (row == others.rows_.end()) return after + 1;
                after = row->second;
            }
        }
        return std::nullopt;
    }

  private:
    using Rows = std::map<std::uint64_t, std::uint64_t>;  // after, last; they do not touch

    // The row that holds the number after `after`.
    Rows::const_iterator row_after(std::uint64_t after) const {
        auto row = rows_.upper_bound(after);
        if (row == rows_.begin()) return rows_.end();
        --row;
        return after < row->second ? row : rows_.end();
    }

    Rows rows_;
};

}  // namespace lanchat::sim
