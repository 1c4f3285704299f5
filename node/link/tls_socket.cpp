// OpenSSL over a socket that never blocks.
#include "node/link/tls_socket.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/ssl/error.hpp>
#include <cerrno>
#include <new>

namespace lanchat::link {
namespace {

// Bytes that one attempt reads. OpenSSL reads on until there is something for us, and who sends
// nothing but new keys must not keep the loop.
constexpr std::size_t at_once_max = std::size_t{32} * 1024;

}  // namespace

TlsSocket::TlsSocket(asio::ip::tcp::socket socket, asio::ssl::context& context)
    : wire_(new Wire{std::move(socket)}), ssl_(SSL_new(context.native_handle())) {
    BIO* const bio = BIO_new(method());
    if (!ssl_ || bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, wire_.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

// --- what OpenSSL does to the socket ---

BIO_METHOD* TlsSocket::method() {
    static BIO_METHOD* const once = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_read(made, &read_wire);
        BIO_meth_set_write(made, &write_wire);
        BIO_meth_set_ctrl(made, [](BIO*, int what, long, void*) -> long {
            return what == BIO_CTRL_FLUSH ? 1 : 0;
        });
        return made;
    }();
    return once;
}

int TlsSocket::read_wire(BIO* bio, char* to, int size) {
    auto& [socket, first_bytes, may_read] = *static_cast<Wire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto room = std::min(static_cast<std::size_t>(size), may_read);
    if (room == 0) {
        BIO_set_retry_read(bio);  // what is there makes the next attempt
        return -1;
    }
    if (!first_bytes.empty()) {
        const auto count = first_bytes.copy(to, room);
        first_bytes.erase(0, count);
        return static_cast<int>(count);
    }
    const auto got = ::recv(socket.native_handle(), to, room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (got > 0) may_read -= static_cast<std::size_t>(got);
    return static_cast<int>(got);
}

int TlsSocket::write_wire(BIO* bio, const char* from, int size) {
    auto& socket = static_cast<Wire*>(BIO_get_data(bio))->socket;
    BIO_clear_retry_flags(bio);
    const auto given = ::send(socket.native_handle(), from, static_cast<std::size_t>(size),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (given < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(given);
}

// --- operations ---

void TlsSocket::begin(Role role, std::string first_bytes) {
    wire_->first_bytes = std::move(first_bytes);
    role == Role::server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

TlsSocket::Step TlsSocket::step_of(int result, std::size_t count) {
    if (result > 0) return {Step::Wants::nothing, {}, count};
    const int system = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {Step::Wants::to_read};
        case SSL_ERROR_WANT_WRITE:
            return {Step::Wants::to_write};
        case SSL_ERROR_ZERO_RETURN:
            return {Step::Wants::nothing, asio::error::eof};
        case SSL_ERROR_SSL:
            return {Step::Wants::nothing, asio::error_code(static_cast<int>(ERR_get_error()),
                                                           asio::error::get_ssl_category())};
        default:
            break;
    }
    if (system == 0) return {Step::Wants::nothing, asio::error::connection_aborted};
    return {Step::Wants::nothing, asio::error_code(system, asio::error::get_system_category())};
}

// To be called before OpenSSL is: what it leaves of an error tells of this attempt alone.
void TlsSocket::begin_attempt() {
    ERR_clear_error();
    errno = 0;
    wire_->may_read = at_once_max;
}

TlsSocket::Step TlsSocket::shake() {
    begin_attempt();
    return step_of(SSL_do_handshake(ssl_.get()), 0);
}

TlsSocket::Step TlsSocket::read(const asio::mutable_buffer& into) {
    begin_attempt();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
    return step_of(result, count);
}

TlsSocket::Step TlsSocket::write(const asio::const_buffer& from) {
    if (from.size() == 0) return {};
    begin_attempt();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), from.data(), from.size(), &count);
    return step_of(result, count);
}

TlsSocket::Step TlsSocket::close() {
    begin_attempt();
    int result = SSL_shutdown(ssl_.get());
    if (result == 0) result = SSL_shutdown(ssl_.get());  // for what the other end says
    return step_of(result, 0);
}

std::size_t TlsSocket::write_some(const asio::const_buffer& buffer, asio::error_code& error) {
    const Step step = write(buffer);
    error = step.wants == Step::Wants::nothing ? step.error : asio::error::would_block;
    return step.count;
}

}  // namespace lanchat::link
