// Looks at once when there was a reason, then ever more rarely, then no more.
#include "node/link/completions.hpp"

#include <grpc/support/time.h>

#include <asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace lanchat::link {
namespace {

// With gRPC's own choice, epoll1, one thread that waits for any queue of the process does the work
// of all of them. With this one each queue sees to its own sockets. It must be said before gRPC
// begins.
[[maybe_unused]] const int how_to_poll = setenv("GRPC_POLL_STRATEGY", "poll", 0);

constexpr std::size_t at_once_max = 64;  // then the loop has its turn
constexpr Duration again_first = std::chrono::milliseconds(100);
constexpr Duration again_last = std::chrono::seconds(1);

}  // namespace

void Completions::stir() {
    if (std::exchange(is_stirred_, true)) return;
    asio::post(loop_, running_.guard([this] { look(); }));
}

void Completions::look() {
    is_stirred_ = false;
    const Running running = running_;
    const bool has_more = take_some();
    if (!running) return;
    if (has_more) stir();
    look_again(again_first);
}

// What gRPC does on threads of its own, such as timers, it tells nobody.
void Completions::look_again(Duration pause) {
    if (again_after_ == pause) return;
    again_after_ = pause;
    again_.expires_after(pause);
    again_.async_wait(running_.guard([this, pause](const asio::error_code& stopped) {
        if (stopped) return;
        again_after_ = Duration{0};
        const Running running = running_;
        const bool has_more = take_some();
        if (!running) return;
        if (has_more) stir();
        if (again_after_ == Duration{0} && pause < again_last) look_again(10 * pause);
    }));
}

// True: there may be more. A completion may be the end of us.
bool Completions::take_some() {
    const Running running = running_;
    void* tag = nullptr;
    bool ok = false;
    for (std::size_t n = 0; n < at_once_max; ++n) {
        const auto found = queue_->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
        if (found != grpc::CompletionQueue::GOT_EVENT) return false;
        static_cast<Completion*>(tag)->arrive(ok);
        if (!running) return false;
    }
    return true;
}

void Completions::stop() {
    if (!running_.stop() || !queue_) return;
    again_.cancel();
    queue_->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<Completion*>(tag)->arrive(ok);
}

}  // namespace lanchat::link
