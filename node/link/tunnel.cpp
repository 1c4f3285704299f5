// Two pumps, each with one buffer: a side that does not read stops the other side's.
#include "node/link/tunnel.hpp"

#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <utility>

namespace lanchat::link {

Tunnel::Tunnel(asio::ip::tcp::socket socket, Tls& tls, Turns& turns, Role role,
               std::string first_bytes, std::string name)
    : outer_(std::move(socket), tls.context()),
      inner_(outer_.get_executor()),
      turns_(turns),
      role_(role),
      first_bytes_(std::move(first_bytes)),
      name_(std::move(name)) {}

void Tunnel::open(Introduce introduce, Opened opened) {
    introduce_ = std::move(introduce);
    opened_ = std::move(opened);
    auto done = [self = shared_from_this()](const asio::error_code& error, std::size_t = 0) {
        self->shaken(error);
    };
    if (role_ == Role::dial)
        return outer_.async_handshake(asio::ssl::stream_base::client, std::move(done));
    outer_.async_handshake(asio::ssl::stream_base::server, asio::buffer(first_bytes_),
                           std::move(done));
}

void Tunnel::shaken(const asio::error_code& error) {
    if (error) return fail(Outcome::no_tls);
    const auto peer = peer_key(outer_.native_handle());
    const auto own = own_key(outer_.native_handle());
    const auto binding = channel_binding(outer_.native_handle());
    if (!peer || !own || !binding) return fail(Outcome::broken);
    channel_ = Channel{role_ == Role::dial, own->hash, peer->hash, *binding, {}};
    admission_.emplace(introduce_(channel_));
    saying_ = admission_->begin();
    talk();
}

// Says what there is to say, then hears what must come.
void Tunnel::talk() {
    asio::async_write(outer_, asio::buffer(saying_),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                          if (error) return self->fail(Outcome::broken);
                          self->listen();
                      });
}

void Tunnel::listen() {
    switch (admission_->state()) {
        case Admission::State::talking:
            break;
        case Admission::State::admitted:
            return admitted();
        case Admission::State::other_network:
            return fail(Outcome::other_network);
        case Admission::State::refused:
            return fail(Outcome::refused);
        case Admission::State::nonsense:
            return fail(Outcome::broken);
    }
    const auto bytes = asio::buffer(in_, admission_->awaited());
    asio::async_read(outer_, bytes,
                     [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
                         // Who is refused is told nothing: the acceptor hangs up.
                         if (error)
                             return self->fail(self->admission_->was_judged() ? Outcome::refused
                                                                              : Outcome::broken);
                         self->heard(count);
                     });
}

void Tunnel::heard(std::size_t count) {
    saying_ = admission_->take({in_.data(), count});
    admission_->risks_guess() ? wait_for_turn() : talk();
}

void Tunnel::wait_for_turn() {
    asio::error_code error;
    const auto from = outer_.next_layer().remote_endpoint(error);
    if (error) return fail(Outcome::broken);
    ticket_ =
        turns_.ask({Ipv4{from.address().to_v4().to_uint()}, channel_.peer, admission_->device()},
                   [self = shared_from_this()](bool may) { self->turn_came(may); });
    // Its passphrase is known to be another one.
    if (!ticket_) fail(role_ == Role::dial ? Outcome::refused : Outcome::broken);
}

void Tunnel::turn_came(bool may) {
    if (may && !is_gone()) return talk();
    leave(Guesses::Outcome::left);
    fail(Outcome::broken);
}

// It was not listened to while it waited.
bool Tunnel::is_gone() {
    char byte = 0;
    const auto got = recv(outer_.next_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void Tunnel::leave(Guesses::Outcome outcome) {
    if (const auto ticket = std::exchange(ticket_, std::nullopt)) turns_.ended(*ticket, outcome);
}

void Tunnel::admitted() {
    leave(Guesses::Outcome::knew);
    channel_.device = admission_->device();
    admission_.reset();
    asio::local::stream_protocol::socket far(outer_.get_executor());
    asio::error_code no;
    asio::local::connect_pair(inner_, far, no);
    if (!no && !name_.empty())
        inner_.bind(asio::local::stream_protocol::endpoint('\0' + name_), no);
    if (!no) far.non_blocking(true, no);
    if (no) return fail(Outcome::broken);
    pump_in();
    pump_out();
    std::exchange(opened_, {})({Outcome::open, UniqueFd(far.release()), channel_});
}

void Tunnel::fail(Outcome outcome) {
    leave(outcome == Outcome::refused ? Guesses::Outcome::did_not : Guesses::Outcome::broke_off);
    cut();
    std::exchange(opened_, {})({outcome, {}, {}});
}

void Tunnel::cut() {
    asio::error_code ignored;
    // The guard holds a descriptor of the connection too.
    outer_.next_layer().shutdown(asio::socket_base::shutdown_both, ignored);
    outer_.next_layer().close(ignored);
    inner_.close(ignored);
}

void Tunnel::pump_in() {
    outer_.async_read_some(
        asio::buffer(in_), [self = shared_from_this()](const asio::error_code& error, auto count) {
            if (error) return self->ended_there();
            asio::async_write(self->inner_, asio::buffer(self->in_, count),
                              [self](const asio::error_code& broken, std::size_t) {
                                  broken ? self->cut() : self->pump_in();
                              });
        });
}

void Tunnel::pump_out() {
    inner_.async_read_some(
        asio::buffer(out_), [self = shared_from_this()](const asio::error_code& error, auto count) {
            if (error) return self->ended_here();
            asio::async_write(self->outer_, asio::buffer(self->out_, count),
                              [self](const asio::error_code& broken, std::size_t) {
                                  broken ? self->cut() : self->pump_out();
                              });
        });
}

// gRPC hears of it when it has read all, and closes its end.
void Tunnel::ended_there() {
    asio::error_code ignored;
    inner_.shutdown(asio::socket_base::shutdown_send, ignored);
}

// All that gRPC has written is out.
void Tunnel::ended_here() {
    outer_.async_shutdown([self = shared_from_this()](const asio::error_code&) { self->cut(); });
}

}  // namespace lanchat::link
