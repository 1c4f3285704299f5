// The front door: binds the first free port, accepts, looks at the first bytes, hands over.
//
// Our own listener, because gRPC's sets SO_REUSEPORT (two nodes would "own" one port) and goes deaf
// for ever after one EMFILE (CVE-2023-4785).
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "message/address.hpp"
#include "message/result.hpp"
#include "node/link/guard.hpp"

namespace lanchat::link {

// Everything on the loop.
class FrontDoor {
  public:
    // A visitor that speaks HTTP/2, or TLS. `first_bytes` were read from the socket already.
    struct Visitor {
        asio::ip::tcp::socket socket;
        Endpoint from;
        Guard::WatchId watch;
        std::string first_bytes;
        bool tls = false;
    };
    using OnVisitor = std::function<void(Visitor)>;

    FrontDoor(asio::io_context& loop, Guard& guard, OnVisitor on_visitor);
    ~FrontDoor() { close(); }

    // Binds and listens on the first port of the range that is free on all `ips`; returns it.
    // On failure ("no free port in …") nothing stays bound.
    Result<std::uint16_t> open(const std::vector<Ipv4>& ips, PortRange ports);

    // Begins to accept. Precondition: open() succeeded.
    void start();
    void close();

  private:
    struct Guest;
    Result<bool> listen_on(const std::vector<Ipv4>& ips, std::uint16_t port);
    void accept(asio::ip::tcp::acceptor& acceptor);
    void welcome(asio::ip::tcp::socket socket);
    void sniff(std::shared_ptr<Guest> guest);
    bool turn_one_away(asio::ip::tcp::acceptor& acceptor);

    asio::io_context& loop_;
    Guard& guard_;
    OnVisitor on_visitor_;
    std::vector<asio::ip::tcp::acceptor> acceptors_;
    UniqueFd spare_;  // given up for a moment when descriptors run out
    asio::steady_timer pause_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::link
