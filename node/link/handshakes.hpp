// The thread of handshakes: whoever floods us with them holds up nobody's chat. All nodes on one
// loop share it, and it lives as long as that loop: a handshake that is under way when its node
// ends still finds it.
#pragma once

#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <thread>

namespace lanchat::link {

class Handshakes final : public asio::execution_context::service {
  public:
    // The one of that loop.
    static Handshakes& of(asio::io_context& loop) { return asio::use_service<Handshakes>(loop); }

    explicit Handshakes(asio::execution_context& loop);
    ~Handshakes() override { shutdown(); }
    Handshakes(const Handshakes&) = delete;
    Handshakes& operator=(const Handshakes&) = delete;

    asio::io_context::executor_type executor() { return context_.get_executor(); }

    static asio::execution_context::id id;

  private:
    void shutdown() noexcept override;

    // Of the loop: what sockets need there must be destroyed after what waits here and holds some.
    asio::ip::tcp::socket first_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace lanchat::link
