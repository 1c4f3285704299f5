// One timer, for the next who may.
#include "node/link/turns.hpp"

#include <asio/post.hpp>
#include <chrono>
#include <utility>

#include "node/link/steady.hpp"

namespace lanchat::link {

void Turns::expect(const std::vector<DeviceId>& members) {
    for (const DeviceId& member : members) guesses_.expect(member);
}

std::optional<Turns::Ticket> Turns::ask(const Guesses::Guesser& who, Go go) {
    const auto ticket = guesses_.enter(who, steady_now());
    if (ticket) waiting_[*ticket] = std::move(go);
    serve();
    return ticket;
}

void Turns::ended(Ticket ticket, Guesses::Outcome outcome) {
    waiting_.erase(ticket);
    guesses_.ended(ticket, outcome, steady_now());
    serve();
}

// Those who are called ask, or end, only later: not from within.
void Turns::serve() {
    const auto call = [this](Ticket ticket, bool may) {
        auto called = waiting_.extract(ticket);
        if (!called) return;
        asio::post(timer_.get_executor(), [go = std::move(called.mapped()), may] { go(may); });
    };
    for (const Ticket ticket : guesses_.crowded_out()) call(ticket, false);
    while (const auto ticket = guesses_.next(steady_now())) call(*ticket, true);
    timer_.cancel();
    const auto next = guesses_.next_at();
    if (waiting_.empty() || !next || *next == Instant::max()) return;
    timer_.expires_at(*next);
    timer_.async_wait([this](const asio::error_code& stopped) {
        if (!stopped) serve();
    });
}

void Turns::stop() {
    waiting_.clear();
    timer_.cancel();
}

}  // namespace lanchat::link
