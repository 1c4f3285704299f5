// Who is linked with whom: what a peer told of that, and what it is still to be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "message/frame.hpp"
#include "message/time.hpp"

namespace lanchat::controller {

// The nodes that a peer says it is linked with.
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

// What a peer is still to be told of our links: only what has changed, or all of them if that is
// much: each peer has such news, so a list of all in each would grow with the square of the peers.
// Who has come can wait for the next frame: until it is told, the peer hears something twice. Who
// has gone cannot: nobody tells us the news of that one as long as we seem to be linked with it.
class NeighbourNews {
  public:
    // Over another link all are told again. Rounds only grow.
    void begin(std::uint64_t round);
    void came(const NodeId& who);
    void went(const NodeId& who, Instant now);

    bool is_empty() const { return !tells_all() && came_.empty() && went_.empty(); }
    std::optional<Instant> due() const { return due_; }
    bool is_due(Instant now) const { return due_ && *due_ <= now; }

    // Whether all links are to be told.
    bool tells_all() const { return begun_ || many_came_; }
    // All of it: then nothing is left to tell. `all` are our links, if all are to be told.
    Linked take(std::vector<NodeId> all);

  private:
    static constexpr std::size_t came_max = 16;

    std::uint64_t round_ = 0;
    bool begun_ = false;      // and nothing is told yet
    bool many_came_ = false;  // more than are listed
    std::vector<NodeId> came_;
    std::vector<NodeId> went_;
    std::optional<Instant> due_;
};

}  // namespace lanchat::controller
