// Tells when the kernel says that an interface or an address of this machine has changed.
#pragma once

#include <functional>
#include <memory>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

namespace lanchat::discover {

// Loop thread only. What the messages say is not read: they may be lost (ENOBUFS), and what is true
// then is asked anew. Of many at once it is told once, a moment after the first.
class InterfaceWatch {
  public:
    // `loop` must outlive the watch. Without netlink `changed` is called every two seconds.
    InterfaceWatch(asio::io_context& loop, std::function<void()> changed);
    ~InterfaceWatch() { stop(); }
    InterfaceWatch(const InterfaceWatch&) = delete;
    InterfaceWatch& operator=(const InterfaceWatch&) = delete;

    // `changed` is never called again.
    void stop();

  private:
    void listen();
    void drain();
    void tell_soon();
    void ask_now_and_then();

    std::function<void()> changed_;
    asio::posix::stream_descriptor kernel_;
    asio::steady_timer timer_;
    bool tells_soon_ = false;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::discover
