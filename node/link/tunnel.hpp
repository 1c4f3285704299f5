// The beginning of an encrypted connection: the handshake of TLS, then admission (admission.hpp).
//
// Not gRPC's own TLS, because that of 1.51.1 dials by itself (nobody else could look at its socket
// or bind it), takes TLS 1.2, and lets strangers talk HTTP/2 to it before anybody has looked at who
// they are.
#pragma once

#include <array>
#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "message/admission.hpp"
#include "node/link/passage.hpp"
#include "node/link/tls.hpp"
#include "node/link/turns.hpp"

namespace lanchat::link {

// Thread: that of `thread`, for everything. The socket may belong to another executor: there
// the connection goes on once the tunnel is open.
class Tunnel : public std::enable_shared_from_this<Tunnel> {
  public:
    using Role = Passage::Role;

    // `first_bytes` were read from the socket already. `turns` are those of its role.
    Tunnel(asio::ip::tcp::socket socket, asio::any_io_executor thread, Tls& tls,
           std::shared_ptr<Turns> turns, Role role, std::string first_bytes = {});

    // What this node says of itself when it asks for admission, or is asked.
    using Introduce = std::function<Admission::Side(const Channel&)>;

    // no_tls: what came instead of an answer was plain HTTP/2, as a peer of the original protocol
    // begins. Whatever else goes wrong tells nothing of what the other end speaks: broken.
    enum class Outcome { open, no_tls, other_network, other_version, refused, broken };
    // The connection once both ends have admitted each other, and whom it leads to. Of
    // another version only the TLS keys are known.
    struct Opening {
        Outcome outcome = Outcome::broken;
        std::unique_ptr<TlsSocket> socket{};
        Channel channel{};
    };
    using Opened = std::function<void(Opening)>;
    void open(Introduce introduce, Opened opened);

    // Ends it at once, in whatever state; `opened` is then told, if it was not yet.
    void cut();

  private:
    void hear_beginning(std::string_view bytes);
    void shaken(const asio::error_code& error);
    void talk();
    void listen();
    void heard(std::size_t count);
    void wait_for_turn();
    void turn_came(bool may);
    bool is_gone();
    void leave(Guesses::Outcome outcome);
    void admitted();
    Outcome hung_up(std::size_t heard_count);
    void fail(Outcome outcome);

    TlsSocket outer_;
    asio::any_io_executor thread_;
    std::shared_ptr<Turns> turns_;
    std::optional<Turns::Ticket> ticket_;  // until it is known whether it was a guess
    Role role_;
    std::string first_bytes_;
    bool heard_plain_ = false;
    Introduce introduce_;
    Opened opened_;
    Channel channel_;
    std::optional<Admission> admission_;
    std::string saying_;
    bool was_spoken_to_ = false;
    std::array<char, 512> in_{};
};

}  // namespace lanchat::link
