// gRPC's completion queue on the loop. gRPC works only while somebody looks at its queue, and no
// thread waits for that: gRPC's end of each connection is a local socket, so all that can give it
// work comes from the loop, which feeds it and then looks.
#pragma once

#include <grpcpp/completion_queue.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <memory>

#include "message/time.hpp"
#include "node/link/running.hpp"

namespace lanchat::link {

// What a tag on the completion queue is.
class Completion {
  public:
    virtual ~Completion() = default;
    // On the loop, once.
    virtual void arrive(bool ok) = 0;
};

// Thread: the loop.
class Completions {
  public:
    explicit Completions(asio::io_context& loop) : loop_(loop), again_(loop) {}
    ~Completions() { stop(); }
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    // Precondition: none was begun before.
    void begin(std::unique_ptr<grpc::ServerCompletionQueue> queue) { queue_ = std::move(queue); }
    grpc::ServerCompletionQueue* queue() { return queue_.get(); }

    // gRPC was asked for something, or fed: it will be looked at soon, never within this call.
    void stir();

    // Waits for all that gRPC was asked for. Precondition: whatever it is, it was cancelled.
    void stop();

  private:
    void look();
    bool take_some();
    void look_again(Duration pause);

    asio::io_context& loop_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    bool is_stirred_ = false;
    asio::steady_timer again_;
    Duration again_after_{0};  // 0: it does not wait
    Running running_;
};

}  // namespace lanchat::link
