// Serves the figures of a node to Prometheus, on a port of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "message/address.hpp"
#include "message/result.hpp"
#include "node/port.hpp"

namespace lanchat::app::metrics {

// Loop thread only. HTTP/1.1 (RFC 9112) as far as a scraper needs it: GET of /metrics, one request
// a connection. At most 8 connections at once, 4 KiB a request, 5 s each; what is over is closed.
class Server {
  public:
    // Keeps a reference to both, which must outlive it.
    Server(asio::io_context& loop, NodePort& node);
    ~Server() { stop(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // The address that is listened at; a port of 0 is any that is free.
    Result<Endpoint> start(const Endpoint& where);
    void stop();

  private:
    struct Visit;
    void accept();
    void welcome(asio::ip::tcp::socket socket);
    void read(const std::shared_ptr<Visit>& visit);
    void answer(const std::shared_ptr<Visit>& visit);
    void tell(const std::shared_ptr<Visit>& visit);
    void send(const std::shared_ptr<Visit>& visit, std::string_view status, std::string body);

    asio::io_context& loop_;
    NodePort& node_;
    asio::ip::tcp::acceptor acceptor_;
    asio::steady_timer
        pause_;  // after a failure: out of descriptors the next one fails at once too
    NodePort::Token token_ = 0;
    std::size_t visits_ = 0;
    std::uint64_t said_ = 0;
    std::uint64_t heard_ = 0;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::app::metrics
