// Hands connections from thread to thread, and what came of them back to the loop.
#include "node/link/tunnels.hpp"

#include <openssl/rand.h>

#include <array>
#include <asio/post.hpp>
#include <utility>

#include "message/ids.hpp"
#include "node/link/steady.hpp"
#include "node/link/tcp_state.hpp"

namespace lanchat::link {

using asio::ip::tcp;

namespace {

bool is_established(int socket) {
    const auto state = tcp_state(socket);
    return state && state->established;
}

// The socket closes with `from` if that cannot be.
std::optional<tcp::socket> assigned(asio::io_context& to, UniqueFd from) {
    tcp::socket socket(to);
    asio::error_code error;
    socket.assign(tcp::v4(), from.get(), error);
    if (error) return std::nullopt;
    static_cast<void>(from.release());
    return socket;
}

Turnstile::Ticket ticket_of(Tunnels::Id id) {
    return Turnstile::Ticket{static_cast<std::uint64_t>(id)};
}

Berths::Ticket berth_of(Tunnels::Id id) { return Berths::Ticket{static_cast<std::uint64_t>(id)}; }

}  // namespace

Tunnels::Tunnels(asio::io_context& loop, Hooks hooks)
    : loop_(loop),
      hooks_(std::move(hooks)),
      traffic_work_(traffic_.get_executor()),
      handshakes_work_(handshakes_.get_executor()) {}

Result<bool> Tunnels::start(const std::vector<DeviceId>& members) {
    turns_in_.expect(members);
    turns_out_.expect(members);
    auto tls = Tls::make();
    if (!tls) return Failure{tls.why()};
    tls_ = std::make_shared<Tls>(std::move(*tls));
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        return Failure{"OpenSSL has no randomness"};
    name_ = "lanchat-" + base32({reinterpret_cast<const char*>(random.data()), random.size()});
    traffic_thread_ = std::thread([this] { traffic_.run(); });
    handshakes_thread_ = std::thread([this] { handshakes_.run(); });
    return true;
}

std::string Tunnels::name_of(Id id) const {
    return name_ + '-' + std::to_string(static_cast<std::uint64_t>(id));
}

void Tunnels::tell(const Told& told, Opening opening) {
    asio::post(loop_, [opened = told.opened, opening = std::move(opening)]() mutable {
        opened(std::move(opening));
    });
}

void Tunnels::open(Connection connection, Told told) {
    const Id id{++count_};
    if (connection.tls)
        return asio::post(handshakes_, [this, id, connection = std::move(connection),
                                        told = std::move(told)]() mutable {
            shake_hands(std::move(connection), id, std::move(told));
        });
    asio::post(traffic_,
               [this, id, connection = std::move(connection), told = std::move(told)]() mutable {
                   auto socket = assigned(traffic_, std::move(connection.socket));
                   if (!socket) return tell(told, {});
                   begin(std::move(*socket), std::move(connection.first_bytes), id,
                         {std::move(told), connection.remote, connection.role, std::nullopt});
               });
}

void Tunnels::shake_hands(Connection connection, Id id, Told told) {
    // In a flood the guard cuts most of those that wait for this thread: no handshake for them.
    if (connection.role == Passage::Role::accept && !is_established(connection.socket.get()))
        return tell(told, {});
    auto socket = assigned(traffic_, std::move(connection.socket));
    if (!socket) return tell(told, {});
    std::erase_if(tunnels_, [](const auto& tunnel) { return tunnel.expired(); });
    Turns& turns = connection.role == Passage::Role::dial ? turns_out_ : turns_in_;
    const auto tunnel =
        std::make_shared<Tunnel>(std::move(*socket), handshakes_.get_executor(), *tls_, turns,
                                 connection.role, std::move(connection.first_bytes));
    tunnels_.push_back(tunnel);
    Way way{std::move(told), connection.remote, connection.role, std::nullopt};
    tunnel->open(hooks_.introduce, [this, id, way](Tunnel::Opening opening) {
        if (opening.outcome != Tunnel::Outcome::open)
            return tell(way.told, {opening.outcome, {}, opening.channel, id, {}});
        asio::post(traffic_, [this, id, way, opening = std::move(opening)]() mutable {
            way.channel = opening.channel;
            begin(std::move(*opening.socket), {}, id, std::move(way));
        });
    });
}

template <class Socket>
void Tunnels::begin(Socket socket, std::string first_bytes, Id id, Way way) {
    const auto passage = make_passage(std::move(socket), way.role, name_of(id), hooks_of(id));
    way.passage = passage;
    ways_.emplace(id, std::move(way));
    passage->begin(std::move(first_bytes));
}

Passage::Hooks Tunnels::hooks_of(Id id) {
    return {[this, id](std::shared_ptr<Passage> passage) { greeted(id, std::move(passage)); },
            [this, id] { gave_up(id); },
            [this, id] { return long_begins(id); },
            [this, id] { long_ended(id); },
            [this, id](UniqueFd inner) { opened(id, std::move(inner)); },
            [this, id](std::string_view why) { hooks_.cut(ways_.at(id).remote, why); },
            [this, id] { over(id); }};
}

void Tunnels::opened(Id id, UniqueFd inner) {
    Way& way = ways_.at(id);
    way.is_open = true;
    tell(way.told, {Tunnel::Outcome::open, std::move(inner), way.channel, id,
                    "unix-abstract:" + name_of(id)});
}

void Tunnels::over(Id id) {
    const auto way = ways_.extract(id);
    leave(way.mapped(), false);
    if (!way.mapped().is_open) return tell(way.mapped().told, {});
    asio::post(loop_, way.mapped().told.gone);
}

void Tunnels::greeted(Id id, std::shared_ptr<Passage> passage) {
    if (is_stopped_) return passage->cut();
    const auto ticket = ticket_of(id);
    waiting_[ticket] = std::move(passage);
    if (const auto crowded_out = turnstile_.enter(ticket, ways_.at(id).remote.ip)) {
        const auto gone = waiting_.extract(*crowded_out);
        gone.mapped()->cut();
    }
    serve();
}

void Tunnels::gave_up(Id id) {
    turnstile_.gave_up(ticket_of(id));
    waiting_.erase(ticket_of(id));
}

void Tunnels::serve() {
    const Instant now = steady_now();
    while (const auto ticket = turnstile_.next(now)) {
        const auto next = waiting_.extract(*ticket);
        ways_.at(Id{static_cast<std::uint64_t>(*ticket)}).is_counted = true;
        next.mapped()->let_through();
    }
    next_call_.cancel();
    const auto next = turnstile_.next_at();
    if (!next) return;
    next_call_.expires_at(*next);
    next_call_.async_wait([this](const asio::error_code& stopped) {
        if (!stopped) serve();
    });
}

bool Tunnels::long_begins(Id id) {
    const bool may = berths_.enter(berth_of(id), steady_now());
    if (!may) asio::post(traffic_, [this] { serve_long(); });
    return may;
}

void Tunnels::long_ended(Id id) {
    berths_.left(berth_of(id));
    asio::post(traffic_, [this] { serve_long(); });
}

void Tunnels::serve_long() {
    const Instant now = steady_now();
    const auto passage_of = [this](Berths::Ticket ticket) {
        return ways_.at(Id{static_cast<std::uint64_t>(ticket)}).passage.lock();
    };
    while (const auto slow = berths_.overdue(now)) {
        berths_.left(*slow);
        passage_of(*slow)->refuse("a message that does not end");
    }
    while (const auto ticket = berths_.next(now)) passage_of(*ticket)->go_on();
    next_berth_.cancel();
    const auto next = berths_.overdue_at();
    if (!next || is_stopped_) return;
    next_berth_.expires_at(*next);
    next_berth_.async_wait([this](const asio::error_code& stopped) {
        if (!stopped) serve_long();
    });
}

// It is admitted, or gRPC has let go of it.
void Tunnels::leave(Way& way, bool is_admitted) {
    if (!std::exchange(way.is_counted, false)) return;
    is_admitted ? turnstile_.admitted() : turnstile_.left();
    asio::post(traffic_, [this] { serve(); });
}

void Tunnels::admit(Id id) {
    asio::post(traffic_, [this, id] {
        const auto way = ways_.find(id);
        if (way == ways_.end()) return;
        if (const auto passage = way->second.passage.lock()) passage->admit();
        leave(way->second, true);
    });
}

// Sockets in a handshake need the thread that carries, so that one goes last.
void Tunnels::stop() {
    if (!traffic_thread_.joinable()) return;
    asio::post(handshakes_, [this] {
        for (const auto& each : tunnels_)
            if (const auto tunnel = each.lock()) tunnel->cut();
        turns_in_.stop();
        turns_out_.stop();
        handshakes_work_.reset();
    });
    handshakes_thread_.join();
    asio::post(traffic_, [this] {
        for (const auto& [id, way] : ways_)
            if (const auto passage = way.passage.lock()) passage->cut();
        is_stopped_ = true;
        turnstile_ = {};
        waiting_.clear();
        next_call_.cancel();
        next_berth_.cancel();
        traffic_work_.reset();
    });
    traffic_thread_.join();
}

}  // namespace lanchat::link
