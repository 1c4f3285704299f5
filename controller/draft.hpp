// A draft: lines said here in one log and not yet signed.
#pragma once

#include <cstddef>
#include <string>

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
    void add(Entry& entry);

    // Whether what is here fills a run.
    bool is_full() const;
    bool empty() const { return size() == 0; }
    std::size_t size() const { return lines_.size(); }
    Entry operator[](std::size_t index) const { return lines_.entry(index); }

    // Signs the oldest lines, as many as a run holds. Nothing to sign: nothing returned.
    RunPtr seal(const DeviceKey& key);

    // The hash of the newest entry that was sealed.
    const Hash& sealed_head() const { return sealed_head_; }

  private:
    RunMaker lines_;
    Hash sealed_head_;
};

}  // namespace lanchat::controller
