// Reads lines in the order of all nodes page by page, newest page first, in constant memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/port.hpp"

namespace lanchat::app::api {

class Pager : public std::enable_shared_from_this<Pager> {
  public:
    // `query` empty: all lines that pass the filter. At most `count` in all.
    Pager(NodePort& node, std::string query, store::Filter filter, std::uint64_t count);

    // The lines just before those of the last page, oldest first; none: that was all. One at a
    // time. Not called when the pager is gone by then.
    void next(NodePort::Done<NodePort::Lines> done);

  private:
    void ask(NodePort::Done<NodePort::Lines> done);
    void got(Result<NodePort::Lines> page, const NodePort::Done<NodePort::Lines>& done);

    NodePort& node_;
    std::string query_;
    store::Filter filter_;
    std::uint64_t left_;
    std::size_t page_lines_;
    std::optional<store::Line> oldest_;  // of the last page
};

}  // namespace lanchat::app::api
