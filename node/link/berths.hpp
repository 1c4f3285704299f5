// The berths: who may send a message that is longer than any of ours.
//
// gRPC holds what it has of a message until all of it has come. An original may send one of 4 MiB,
// so only a few of them come at once, whoever sends them; the others wait in the network. Who does
// not get to the end of it makes place once others wait.
//
// Pure: no clock and no thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "message/time.hpp"

namespace lanchat::link {

class Berths {
  public:
    enum class Ticket : std::uint64_t {};

    static constexpr std::size_t at_once = 4;
    static constexpr Duration patience = std::chrono::seconds(5);  // with who is slow

    // Its message begins. False: not now, `next` will name it.
    bool enter(Ticket ticket, Instant now);

    // Its message is whole, or it has gone, or waits no more.
    void left(Ticket ticket);

    // Who waited and may go on now.
    std::optional<Ticket> next(Instant now);

    // Who has had its time while others wait, and has to go.
    std::optional<Ticket> overdue(Instant now) const;
    // When somebody will. No value: nobody waits.
    std::optional<Instant> overdue_at() const;

  private:
    struct Berth {
        Ticket ticket;
        Instant since;
    };
    std::deque<Berth> taken_;  // oldest first
    std::deque<Ticket> waiting_;
};

}  // namespace lanchat::link
