// Who is linked with whom: what a peer told of that, and what it is still to be told.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "message/frame.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// With whom a peer is linked, as far as it told.
class Neighbours {
  public:
    // Takes what it tells now; the answer is whom it has lost. What comes late, over an older link
    // of a lower round, changes nothing.
    std::vector<NodeId> take(const Linked& told);

    bool contain(const NodeId& who) const;
    const std::vector<NodeId>& all() const { return linked_; }

  private:
    std::uint64_t round_ = 0;
    std::vector<NodeId> linked_;  // in order
};

// What a peer is still to be told of our links: only what has changed. Who has come can wait for
// the next frame: until it is told, the peer hears something twice. Who has gone cannot: nobody
// tells us the news of that one as long as we seem to be linked with it.
class NeighbourNews {
  public:
    // Over another link `all` are told again. Rounds only grow.
    void begin(std::uint64_t round, std::vector<NodeId> all);
    void came(const NodeId& who);
    void went(const NodeId& who, Instant now);

    bool is_empty() const { return !begun_ && came_.empty() && went_.empty(); }
    std::optional<Instant> due() const { return due_; }
    bool is_due(Instant now) const { return due_ && *due_ <= now; }

    // All of it: then nothing is left to tell.
    Linked take();

  private:
    std::uint64_t round_ = 0;
    bool begun_ = false;
    std::vector<NodeId> came_;
    std::vector<NodeId> went_;
    std::optional<Instant> due_;
};

}  // namespace lanchat::controller
