// The local API of a running node: gRPC on a unix socket in its data directory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "message/result.hpp"
#include "node/port.hpp"

namespace asio {
class io_context;
}

namespace lanchat::app::api {

// Used on the loop's thread, where it also asks the node. Both must outlive it.
class Server {
  public:
    Server(asio::io_context& loop, NodePort& node);
    // Ends every call at once and removes the socket. Not from within a call to the node.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // `data_dir` is the owner's alone and locked by us: a socket that nobody serves is what a
    // crash left behind. May be called once.
    std::optional<Failure> start(const std::filesystem::path& data_dir);

  private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace lanchat::app::api
