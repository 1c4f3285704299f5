// All tunnels of a transport, on a thread of their own: whoever floods us with handshakes holds up
// nobody's chat.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "message/hello.hpp"
#include "message/result.hpp"
#include "node/link/tunnel.hpp"
#include "node/link/unique_fd.hpp"

namespace lanchat::link {

// Thread: the loop, callbacks included.
class Tunnels {
  public:
    // `introduce` is called on the thread.
    Tunnels(asio::io_context& loop, Tunnel::Introduce introduce);
    ~Tunnels() { stop(); }
    Tunnels(const Tunnels&) = delete;
    Tunnels& operator=(const Tunnels&) = delete;

    // `members`: of a closed network, as far as they are known (Turns).
    Result<bool> start(const std::vector<DeviceId>& members);

    // `peer`: as gRPC names whoever calls through this tunnel.
    using Opened = std::function<void(Tunnel::Opening, const std::string& peer)>;
    // Takes the connected `socket` over. Precondition: started.
    void open(UniqueFd socket, Tunnel::Role role, std::string first_bytes, Opened opened);

    // Cuts all; what was to be opened is not told any more.
    void stop();

  private:
    void begin(UniqueFd socket, Tunnel::Role role, std::string first_bytes, std::string name,
               Opened opened);

    asio::io_context& loop_;
    Tunnel::Introduce introduce_;
    std::shared_ptr<Tls> tls_;
    asio::io_context here_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    Turns turns_in_{here_.get_executor()};  // on the thread, what follows too
    Turns turns_out_{here_.get_executor()};
    std::list<std::weak_ptr<Tunnel>> tunnels_;
    std::string name_;  // nobody else's: names of ours begin with it
    std::uint64_t count_ = 0;
    std::thread thread_;
};

}  // namespace lanchat::link
