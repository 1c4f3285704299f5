// The front door: binds the first free port, accepts, looks at the first bytes, hands over.
//
// Our own listener, because gRPC's sets SO_REUSEPORT (two nodes would "own" one port) and goes deaf
// for ever after one EMFILE (CVE-2023-4785).
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <map>
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
    // Listens on these from now on, at the port that it has if that is free on all of them, else
    // at the first that is. On failure nothing has changed. Precondition: it was started.
    Result<std::uint16_t> move(const std::vector<Ipv4>& ips, PortRange ports);
    void close();

  private:
    struct Guest;
    // Shared with its handlers, since it may go before them.
    using Acceptor = std::shared_ptr<asio::ip::tcp::acceptor>;
    using Acceptors = std::map<Ipv4, Acceptor>;
    Result<std::uint16_t> first_free(const std::vector<Ipv4>& ips, PortRange ports);
    Result<bool> listen_on(const std::vector<Ipv4>& ips, std::uint16_t port);
    void accept(const Acceptor& acceptor);
    void welcome(asio::ip::tcp::socket socket);
    void sniff(std::shared_ptr<Guest> guest);
    bool turn_one_away(asio::ip::tcp::acceptor& acceptor);

    asio::io_context& loop_;
    Guard& guard_;
    OnVisitor on_visitor_;
    Acceptors acceptors_;
    std::uint16_t port_ = 0;
    UniqueFd spare_;  // given up for a moment when descriptors run out
    asio::steady_timer pause_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::link
