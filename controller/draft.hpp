// A draft: lines said here in one log and not yet signed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controller/room_io.hpp"
#include "message/run.hpp"

namespace lanchat::controller {

// What a line costs in a run, at most.
std::size_t encoded_bytes(const Entry& entry);

// An entry as it is about to be said, without its place in a log: a line of `name`; one that takes
// something back, without a room and a name.
Entry line_of(const Say& say, const std::string& name);
Entry drop_of(const Dropped& what);

class Draft {
  public:
    // Precondition: it follows the last one, or begins a log.
    const Entry& add(Entry entry);

    // Whether what is here fills a run.
    bool is_full() const;
    bool empty() const { return lines_.empty(); }
    std::size_t size() const { return lines_.size(); }
    const Entry& operator[](std::size_t index) const { return lines_[index]; }

    // Signs the oldest lines, as many as a run holds. Nothing to sign: nothing returned.
    RunPtr seal(const DeviceKey& key);

    // The hash of the newest entry that was sealed.
    const Hash& sealed_head() const { return sealed_head_; }

  private:
    std::vector<Entry> lines_;
    std::size_t bytes_ = 0;
    Hash sealed_head_;
};

}  // namespace lanchat::controller
