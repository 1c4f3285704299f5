// Lets strangers talk CPace with us, or us with them, one after the other as guesses.hpp has it.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "node/link/guesses.hpp"

namespace lanchat::link {

// Thread: that of the executor.
class Turns {
  public:
    using Ticket = Guesses::Ticket;

    explicit Turns(const asio::any_io_executor& executor) : timer_(executor) {}

    // They were members in an earlier life of this node, and need not wait behind those who guess.
    void expect(const std::vector<DeviceId>& members);

    // True: it may talk now, and whoever asked tells when it has ended. False: it has to go.
    using Go = std::function<void(bool may)>;
    // `go` is called once, later, unless the ticket has ended before. No value: not today, and `go`
    // is never called.
    std::optional<Ticket> ask(const Guesses::Guesser& who, Go go);
    void ended(Ticket ticket, Guesses::Outcome outcome);

    // Forgets all who wait.
    void stop();

  private:
    void serve();

    Guesses guesses_;
    std::map<Ticket, Go> waiting_;
    asio::steady_timer timer_;
};

}  // namespace lanchat::link
