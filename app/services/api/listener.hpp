// Accepts on the unix socket of a data directory, and makes it again when somebody removed it.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "message/result.hpp"

namespace lanchat::app::api {

// On the loop. Our own, since gRPC's takes over what another server has at the path, removes at the
// end what is there then, and never notices that its own has gone.
class Listener {
  public:
    // Owns a non-blocking socket.
    using OnVisitor = std::function<void(int socket)>;

    Listener(asio::io_context& loop, OnVisitor on_visitor);
    // Removes the socket, if it is ours.
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Whatever lies there and is not served is replaced. Once.
    std::optional<Failure> open(const std::filesystem::path& data_dir);
    void close();

  private:
    std::optional<Failure> listen();
    bool is_ours() const;
    void accept();
    void look_soon();
    void look();

    asio::io_context& loop_;
    OnVisitor on_visitor_;
    std::filesystem::path data_dir_;
    std::filesystem::path path_;
    asio::local::stream_protocol::acceptor acceptor_;
    asio::steady_timer timer_;
    asio::steady_timer pause_;
    std::pair<dev_t, ino_t> file_{};
    bool in_trouble_ = false;
    std::shared_ptr<bool> open_ = std::make_shared<bool>(false);  // for handlers that outlive us
};

}  // namespace lanchat::app::api
