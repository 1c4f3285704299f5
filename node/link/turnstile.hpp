// The turnstile: which strangers' calls reach gRPC, and when.
//
// gRPC keeps memory for each call that it was shown, and for some time after the call has ended. So
// of strangers who have greeted only so many are with gRPC at once, and only so many come to it in
// a second; the others wait in a few KiB of ours. Who is admitted is no stranger and was none, up
// to a bound that a network which starts at once does not reach. Addresses take turns: a crowd at
// one of them makes nobody at another one wait.
//
// Pure: no clock and no thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "message/address.hpp"
#include "message/time.hpp"

namespace lanchat::link {

class Turnstile {
  public:
    enum class Ticket : std::uint64_t {};

    // A stranger has greeted. The value is who has to go, because too many wait: the first of
    // those at the most crowded address.
    std::optional<Ticket> enter(Ticket ticket, Ipv4 from);

    // Who may go through now. Nobody: ask again at `next_at`, or after any other call.
    std::optional<Ticket> next(Instant now);
    // When time alone lets somebody through. No value: nobody waits, or for others to leave only.
    std::optional<Instant> next_at() const;

    // One of those who went through was admitted.
    void admitted();
    // gRPC has let go of the connection of one who was not.
    void left();

    // The stranger with that ticket does not wait any more.
    void gave_up(Ticket ticket);

  private:
    void refill(Instant now);
    bool is_full() const;

    std::map<Ipv4, std::deque<Ticket>> waiting_;
    std::size_t count_ = 0;  // of all who wait
    std::optional<Ipv4> served_;
    std::size_t inside_ = 0;
    std::size_t calls_left_ = 0;
    std::size_t admissions_left_ = 0;
    Instant refilled_{};
    bool is_fresh_ = true;  // nobody has asked yet
};

}  // namespace lanchat::link
