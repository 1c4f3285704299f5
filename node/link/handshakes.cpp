// Begins with the first node of a loop and ends with the loop.
#include "node/link/handshakes.hpp"

namespace lanchat::link {

asio::execution_context::id Handshakes::id;

Handshakes::Handshakes(asio::execution_context& loop)
    : asio::execution_context::service(loop),
      first_(static_cast<asio::io_context&>(loop)),
      work_(context_.get_executor()),
      thread_([this] { context_.run(); }) {}

void Handshakes::shutdown() noexcept {
    work_.reset();
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

}  // namespace lanchat::link
