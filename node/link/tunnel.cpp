// One step after the other, each with a way out.
#include "node/link/tunnel.hpp"

#include <sys/socket.h>

#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <utility>

#include "message/assert.hpp"
#include "node/link/frames.hpp"

namespace lanchat::link {

Tunnel::Tunnel(asio::ip::tcp::socket socket, asio::any_io_executor thread, Tls& tls,
               std::shared_ptr<Turns> turns, Role role, std::string first_bytes)
    : outer_(std::move(socket), tls.context()),
      thread_(std::move(thread)),
      turns_(std::move(turns)),
      role_(role),
      first_bytes_(std::move(first_bytes)) {}

void Tunnel::open(Introduce introduce, Opened opened) {
    introduce_ = std::move(introduce);
    opened_ = std::move(opened);
    auto done = asio::bind_executor(
        thread_, [self = shared_from_this()](const asio::error_code& error, std::size_t) {
            self->shaken(error);
        });
    if (role_ == Role::accept)
        return outer_.async_handshake(TlsSocket::Role::server, std::move(first_bytes_),
                                      std::move(done));
    // OpenSSL shows the head of each record before it judges it.
    SSL_set_msg_callback_arg(outer_.native_handle(), this);
    SSL_set_msg_callback(outer_.native_handle(), [](int is_ours, int, int kind, const void* bytes,
                                                    std::size_t size, SSL*, void* tunnel) {
        if (is_ours == 0 && kind == SSL3_RT_HEADER)
            static_cast<Tunnel*>(tunnel)->hear_beginning({static_cast<const char*>(bytes), size});
    });
    outer_.async_handshake(TlsSocket::Role::client, {}, std::move(done));
}

// A server of HTTP/2 that takes a ClientHello for noise has begun with its settings, or says
// goodbye. A record of TLS never looks like that.
void Tunnel::hear_beginning(std::string_view bytes) {
    constexpr std::size_t type_at = 3;
    if (bytes.size() <= type_at || bytes[0] != 0) return;
    const auto type = static_cast<FrameType>(bytes[type_at]);
    heard_plain_ |= type == FrameType::settings || type == FrameType::goaway;
}

void Tunnel::shaken(const asio::error_code& error) {
    SSL_set_msg_callback(outer_.native_handle(), nullptr);
    if (error) return fail(heard_plain_ ? Outcome::no_tls : Outcome::broken);
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
                      asio::bind_executor(thread_, [self = shared_from_this()](
                                                       const asio::error_code& error, std::size_t) {
                          if (error) return self->fail(Outcome::broken);
                          self->listen();
                      }));
}

void Tunnel::listen() {
    switch (admission_->state()) {
        case Admission::State::talking:
            break;
        case Admission::State::admitted:
            return admitted();
        case Admission::State::other_network:
            return fail(Outcome::other_network);
        case Admission::State::other_version:
            return fail(Outcome::other_version);
        case Admission::State::refused:
            return fail(Outcome::refused);
        case Admission::State::nonsense:
            return fail(Outcome::broken);
    }
    LANCHAT_ASSERT(admission_->awaited() <= in_.size());
    const auto bytes = asio::buffer(in_, admission_->awaited());
    const auto heard = [self = shared_from_this()](const asio::error_code& error,
                                                   std::size_t count) {
        if (error) return self->fail(self->hung_up(count));
        self->heard(count);
    };
    asio::async_read(outer_, bytes, asio::bind_executor(thread_, heard));
}

// Who is refused is told nothing, nor is who introduces itself with another version: but that is
// told by the certificate.
Tunnel::Outcome Tunnel::hung_up(std::size_t heard_count) {
    if (admission_->was_judged()) return Outcome::refused;
    const bool said_nothing = !was_spoken_to_ && heard_count == 0;
    if (role_ == Role::dial && said_nothing && is_of_other_version(outer_.native_handle()))
        return Outcome::other_version;
    return Outcome::broken;
}

void Tunnel::heard(std::size_t count) {
    was_spoken_to_ = true;
    saying_ = admission_->take({in_.data(), count});
    admission_->risks_guess() ? wait_for_turn() : talk();
}

void Tunnel::wait_for_turn() {
    asio::error_code error;
    const auto from = outer_.next_layer().remote_endpoint(error);
    if (error) return fail(Outcome::broken);
    ticket_ =
        turns_->ask({Ipv4{from.address().to_v4().to_uint()}, channel_.peer, admission_->device()},
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
    if (const auto ticket = std::exchange(ticket_, std::nullopt)) turns_->ended(*ticket, outcome);
}

void Tunnel::admitted() {
    leave(Guesses::Outcome::knew);
    channel_.device = admission_->device();
    admission_.reset();
    std::exchange(opened_,
                  {})({Outcome::open, std::make_unique<TlsSocket>(std::move(outer_)), channel_});
}

void Tunnel::fail(Outcome outcome) {
    leave(outcome == Outcome::refused ? Guesses::Outcome::did_not : Guesses::Outcome::broke_off);
    cut();
    std::exchange(opened_, {})({outcome, nullptr, channel_});
}

void Tunnel::cut() {
    asio::error_code ignored;
    // The guard holds a descriptor of the connection too.
    outer_.next_layer().shutdown(asio::socket_base::shutdown_both, ignored);
    outer_.next_layer().close(ignored);
}

}  // namespace lanchat::link
