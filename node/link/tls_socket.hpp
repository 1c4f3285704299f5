// A TLS connection over a socket, which OpenSSL reads and writes itself.
//
// Not asio::ssl::stream: between OpenSSL and the socket that has a pair of BIOs and two buffers of
// its own, up to 68 KiB for each end of each link, and copies all that is said twice more.
#pragma once

#include <openssl/ssl.h>

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/compose.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/ssl/context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace lanchat::link {

// An AsyncReadStream and AsyncWriteStream as asio wants them: each operation completes once, never
// within the call, and one of each kind may be under way. Thread: one at a time, that of the
// executors of the handlers. Precondition of a move: nothing is under way.
class TlsSocket {
  public:
    enum class Role { client, server };
    using executor_type = asio::ip::tcp::socket::executor_type;

    TlsSocket(asio::ip::tcp::socket socket, asio::ssl::context& context);

    executor_type get_executor() { return wire_->socket.get_executor(); }
    asio::ip::tcp::socket& next_layer() { return wire_->socket; }
    SSL* native_handle() { return ssl_.get(); }

    // Handlers of all of these take an error and a number of bytes. `first_bytes` were read from
    // the socket already.
    template <class Token>
    auto async_handshake(Role role, std::string first_bytes, Token&& token) {
        begin(role, std::move(first_bytes));
        return run([](TlsSocket& self) { return self.shake(); }, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        const asio::mutable_buffer into = *asio::buffer_sequence_begin(buffers);
        return run([into](TlsSocket& self) { return self.read(into); }, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        const asio::const_buffer from = *asio::buffer_sequence_begin(buffers);
        return run([from](TlsSocket& self) { return self.write(from); },
                   std::forward<Token>(token));
    }
    // Says that nothing more comes, and waits for the other end to say so.
    template <class Token>
    auto async_shutdown(Token&& token) {
        return run([](TlsSocket& self) { return self.close(); }, std::forward<Token>(token));
    }
    // At once, as much as goes. After would_block the same bytes have to be written again.
    std::size_t write_some(const asio::const_buffer& buffer, asio::error_code& error);

  private:
    // What an operation has come to: it is over, or waits for the socket.
    struct Step {
        enum class Wants { nothing, to_read, to_write } wants = Wants::nothing;
        asio::error_code error{};
        std::size_t count = 0;
    };
    // What OpenSSL reads and writes; it closes when the socket does.
    struct Wire {
        asio::ip::tcp::socket socket;
        std::string first_bytes{};
        std::size_t may_read = 0;  // bytes, in this attempt
    };
    struct Freer {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    // Tries until it is over.
    template <class Try>
    struct Operation {
        TlsSocket* socket;
        Try attempt;
        bool has_waited = false;
        bool is_over = false;
        Step step{};

        template <class Self>
        void operator()(Self& self, const asio::error_code& error = {}) {
            if (is_over) return self.complete(step.error, step.count);
            if (error) return self.complete(error, 0);
            step = attempt(*socket);
            if (step.wants != Step::Wants::nothing) {
                has_waited = true;
                const auto what = step.wants == Step::Wants::to_read
                                      ? asio::socket_base::wait_read
                                      : asio::socket_base::wait_write;
                return socket->next_layer().async_wait(what, std::move(self));
            }
            if (has_waited) return self.complete(step.error, step.count);
            is_over = true;
            asio::post(socket->get_executor(), std::move(self));
        }
    };
    template <class Try, class Token>
    auto run(Try attempt, Token&& token) {
        return asio::async_compose<Token, void(asio::error_code, std::size_t)>(
            Operation<Try>{this, std::move(attempt)}, token, wire_->socket);
    }

    void begin(Role role, std::string first_bytes);
    void begin_attempt();
    Step shake();
    Step read(const asio::mutable_buffer& into);
    Step write(const asio::const_buffer& from);
    Step close();
    Step step_of(int result, std::size_t count);

    static BIO_METHOD* method();
    static int read_wire(BIO* bio, char* to, int size);
    static int write_wire(BIO* bio, const char* from, int size);

    std::unique_ptr<Wire> wire_;  // outlives what refers to it
    std::unique_ptr<SSL, Freer> ssl_;
};

}  // namespace lanchat::link
