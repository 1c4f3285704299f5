// The loop as the parts of a node see it: what they leave there is dropped once the node has
// stopped.
#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "message/time.hpp"
#include "node/link/running.hpp"

namespace lanchat {

Now clock_now();

class NodeLoop {
  public:
    explicit NodeLoop(asio::io_context& io) : io_(io) {}
    NodeLoop(const NodeLoop&) = delete;
    NodeLoop& operator=(const NodeLoop&) = delete;

    asio::io_context& io() { return io_; }

    // The same function for as long as the node runs; nothing after that. To be called on the loop.
    template <class Then>
    auto while_running(Then then) const {
        return running_.guard(std::move(then));
    }

    // Calls `then` on the loop, never before this returns. Any thread.
    template <class Then>
    void post(Then then) {
        asio::post(io_, while_running(std::move(then)));
    }

    // Calls `then` when `timer` expires, unless that is cancelled or set anew before.
    template <class Then>
    void wait(asio::steady_timer& timer, Then then) {
        timer.async_wait(while_running([then = std::move(then)](const asio::error_code& error) {
            if (!error) then();
        }));
    }

    // On the loop: calls nothing any more.
    void stop() { running_.stop(); }

  private:
    asio::io_context& io_;
    link::Running running_;
};

}  // namespace lanchat
