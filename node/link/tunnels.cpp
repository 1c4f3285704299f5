// From the door through a handshake to gRPC, and what came of it back.
#include "node/link/tunnels.hpp"

#include <openssl/rand.h>

#include <array>
#include <asio/post.hpp>
#include <list>
#include <utility>

#include "message/ids.hpp"
#include "node/link/handshakes.hpp"
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

// Where hands are shaken: all of it on the thread of handshakes. Whoever is shaken hands with keeps
// it, so it may outlive its node.
class Tunnels::Workshop : public std::enable_shared_from_this<Workshop> {
  public:
    Workshop(asio::io_context& loop, Tls tls, Tunnel::Introduce introduce)
        : loop_(loop),
          thread_(Handshakes::of(loop).executor()),
          tls_(std::move(tls)),
          introduce_(std::move(introduce)) {}

    // Before anybody comes.
    void expect(const std::vector<DeviceId>& members) {
        turns_in_.expect(members);
        turns_out_.expect(members);
    }

    // Any thread.
    void open(Connection connection, Tunnel::Opened opened) {
        asio::post(thread_, [self = shared_from_this(), connection = std::move(connection),
                             opened = std::move(opened)]() mutable {
            self->shake_hands(std::move(connection), std::move(opened));
        });
    }
    void stop() {
        asio::post(thread_, [self = shared_from_this()] { self->cut_all(); });
    }

  private:
    void shake_hands(Connection connection, Tunnel::Opened opened) {
        // In a flood the guard cuts most of those that wait for this thread: no handshake for them.
        const bool is_gone =
            connection.role == Passage::Role::accept && !is_established(connection.socket.get());
        auto socket =
            is_stopped_ || is_gone ? std::nullopt : assigned(loop_, std::move(connection.socket));
        if (!socket) return opened({});
        std::erase_if(tunnels_, [](const auto& tunnel) { return tunnel.expired(); });
        const bool dials = connection.role == Passage::Role::dial;
        const std::shared_ptr<Turns> turns(shared_from_this(), dials ? &turns_out_ : &turns_in_);
        const auto tunnel =
            std::make_shared<Tunnel>(std::move(*socket), thread_, tls_, turns, connection.role,
                                     std::move(connection.first_bytes));
        tunnels_.push_back(tunnel);
        tunnel->open(introduce_, std::move(opened));
    }

    void cut_all() {
        is_stopped_ = true;
        for (const auto& each : tunnels_)
            if (const auto tunnel = each.lock()) tunnel->cut();
        turns_in_.stop();
        turns_out_.stop();
    }

    asio::io_context& loop_;
    asio::io_context::executor_type thread_;
    Tls tls_;
    Tunnel::Introduce introduce_;
    Turns turns_in_{thread_};
    Turns turns_out_{thread_};
    std::list<std::weak_ptr<Tunnel>> tunnels_;
    bool is_stopped_ = false;
};

Tunnels::Tunnels(asio::io_context& loop, Hooks hooks)
    : loop_(loop), hooks_(std::move(hooks)), next_berth_(loop), next_call_(loop) {}

Result<bool> Tunnels::start(const std::vector<DeviceId>& members) {
    auto tls = Tls::make();
    if (!tls) return Failure{tls.why()};
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        return Failure{"OpenSSL has no randomness"};
    name_ = "lanchat-" + base32({reinterpret_cast<const char*>(random.data()), random.size()});
    workshop_ = std::make_shared<Workshop>(loop_, std::move(*tls), hooks_.introduce);
    workshop_->expect(members);
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
    if (connection.tls) return shake_hands(std::move(connection), id, std::move(told));
    auto socket = assigned(loop_, std::move(connection.socket));
    if (!socket) return tell(told, {});
    begin(std::move(*socket), std::move(connection.first_bytes), id,
          {std::move(told), connection.remote, connection.role, std::nullopt});
}

void Tunnels::shake_hands(Connection connection, Id id, Told told) {
    Way way{std::move(told), connection.remote, connection.role, std::nullopt};
    auto shaken = running_.guard([this, id, way = std::move(way)](Tunnel::Opening opening) mutable {
        if (opening.outcome != Tunnel::Outcome::open)
            return tell(way.told, {opening.outcome, {}, opening.channel, id, {}});
        way.channel = opening.channel;
        begin(std::move(*opening.socket), {}, id, std::move(way));
    });
    workshop_->open(std::move(connection),
                    [&loop = loop_, shaken = std::move(shaken)](Tunnel::Opening opening) {
                        asio::post(loop, [shaken, opening = std::move(opening)]() mutable {
                            shaken(std::move(opening));
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
    return {
        running_.guard(
            [this, id](std::shared_ptr<Passage> passage) { greeted(id, std::move(passage)); }),
        running_.guard([this, id] { gave_up(id); }),
        running_.guard([this, id] { return long_begins(id); }),
        running_.guard([this, id] { long_ended(id); }),
        running_.guard([this, id](UniqueFd inner) { opened(id, std::move(inner)); }),
        running_.guard([this] { hooks_.fed(); }),
        running_.guard([this, id](std::string_view why) { hooks_.cut(ways_.at(id).remote, why); }),
        running_.guard([this, id] { over(id); })};
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
    next_call_.async_wait(running_.guard([this](const asio::error_code& stopped) {
        if (!stopped) serve();
    }));
}

bool Tunnels::long_begins(Id id) {
    const bool may = berths_.enter(berth_of(id), steady_now());
    if (!may) asio::post(loop_, running_.guard([this] { serve_long(); }));
    return may;
}

void Tunnels::long_ended(Id id) {
    berths_.left(berth_of(id));
    asio::post(loop_, running_.guard([this] { serve_long(); }));
}

void Tunnels::serve_long() {
    const Instant now = steady_now();
    const auto waiting = [this](Berths::Ticket ticket) {
        return passage_of(Id{static_cast<std::uint64_t>(ticket)});
    };
    while (const auto slow = berths_.overdue(now)) {
        berths_.left(*slow);
        waiting(*slow)->refuse("a message that does not end");
    }
    while (const auto ticket = berths_.next(now)) waiting(*ticket)->go_on();
    next_berth_.cancel();
    const auto next = berths_.overdue_at();
    if (!next) return;
    next_berth_.expires_at(*next);
    next_berth_.async_wait(running_.guard([this](const asio::error_code& stopped) {
        if (!stopped) serve_long();
    }));
}

// It is admitted, or gRPC has let go of it.
void Tunnels::leave(Way& way, bool is_admitted) {
    if (!std::exchange(way.is_counted, false)) return;
    is_admitted ? turnstile_.admitted() : turnstile_.left();
    asio::post(loop_, running_.guard([this] { serve(); }));
}

void Tunnels::admit(Id id) {
    const auto way = ways_.find(id);
    if (way == ways_.end()) return;
    if (const auto passage = way->second.passage.lock()) passage->admit();
    leave(way->second, true);
}

void Tunnels::push_out(Id id) {
    if (const auto passage = passage_of(id)) passage->push_out();
}

std::shared_ptr<Passage> Tunnels::passage_of(Id id) {
    const auto way = ways_.find(id);
    return way == ways_.end() ? nullptr : way->second.passage.lock();
}

void Tunnels::stop() {
    if (!running_.stop()) return;
    if (workshop_) workshop_->stop();
    const auto ways = std::exchange(ways_, {});
    for (const auto& [id, way] : ways)
        if (const auto passage = way.passage.lock()) passage->leave();
    waiting_.clear();
    next_call_.cancel();
    next_berth_.cancel();
}

}  // namespace lanchat::link
