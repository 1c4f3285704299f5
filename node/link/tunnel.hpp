// A TLS connection as gRPC sees it: a local socket that speaks plain HTTP/2. What comes in over the
// network is decrypted into it, what gRPC writes to it is encrypted on its way out.
//
// Not gRPC's own TLS, because that of 1.51.1 dials by itself (nobody else could look at its socket
// or bind it), takes TLS 1.2, and lets strangers talk HTTP/2 to it before anybody has looked at who
// they are.
#pragma once

#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "message/admission.hpp"
#include "node/link/tls.hpp"
#include "node/link/turns.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::link {

// Thread: that of the executor of `socket`, for everything. It lives until both directions are
// over; then it closes the connection.
class Tunnel : public std::enable_shared_from_this<Tunnel> {
  public:
    enum class Role { dial, accept };

    // `first_bytes` were read from the socket already. The socket gRPC speaks to has the abstract
    // name `name` (unix(7)), by which gRPC tells us later whose call it is; empty: none. `turns`
    // are those of its role.
    Tunnel(asio::ip::tcp::socket socket, Tls& tls, Turns& turns, Role role,
           std::string first_bytes = {}, std::string name = {});

    // What this node says of itself when it asks for admission, or is asked.
    using Introduce = std::function<Admission::Side(const Channel&)>;

    enum class Outcome { open, no_tls, other_network, refused, broken };
    // The far end of the tunnel once both ends have admitted each other, and whom it leads to.
    struct Opening {
        Outcome outcome = Outcome::broken;
        UniqueFd inner{};
        Channel channel{};
    };
    using Opened = std::function<void(Opening)>;
    void open(Introduce introduce, Opened opened);

    // Ends it at once, in whatever state; `opened` is then told, if it was not yet.
    void cut();

  private:
    using Buffer = std::array<char, 16 * 1024>;  // a TLS record

    void shaken(const asio::error_code& error);
    void talk();
    void listen();
    void heard(std::size_t count);
    void wait_for_turn();
    void turn_came(bool may);
    bool is_gone();
    void leave(Guesses::Outcome outcome);
    void admitted();
    void fail(Outcome outcome);
    void pump_in();
    void pump_out();
    void ended_there();
    void ended_here();

    asio::ssl::stream<asio::ip::tcp::socket> outer_;
    asio::local::stream_protocol::socket inner_;
    Turns& turns_;
    std::optional<Turns::Ticket> ticket_;  // until it is known whether it was a guess
    Role role_;
    std::string first_bytes_;
    std::string name_;
    Introduce introduce_;
    Opened opened_;
    Channel channel_;
    std::optional<Admission> admission_;
    std::string saying_;
    Buffer in_;  // not cleared, as what nobody has touched takes no memory; so is the other one
    Buffer out_;
};

}  // namespace lanchat::link
