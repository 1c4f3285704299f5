// rtnetlink(7): links and addresses. A link that goes down keeps its IPv4 addresses and tells of
// none, so both are listened to.
#include "discover/interface_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace lanchat::discover {

namespace {

// An address that changes is two messages or more, a link that comes up several.
constexpr auto together = std::chrono::milliseconds{50};
constexpr auto poll_interval = std::chrono::seconds{2};

// -1: there is none.
int open_netlink() {
    const int descriptor =
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (descriptor < 0) return -1;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR;
    // Sockets are not polymorphic; the API wants the cast.
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return descriptor;
    ::close(descriptor);
    return -1;
}

}  // namespace

InterfaceWatch::InterfaceWatch(asio::io_context& loop, std::function<void()> changed)
    : changed_(std::move(changed)), kernel_(loop), timer_(loop) {
    const int descriptor = open_netlink();
    if (descriptor < 0) {
        ask_now_and_then();
    } else {
        kernel_.assign(descriptor);
        listen();
    }
}

void InterfaceWatch::stop() {
    *here_ = false;
    asio::error_code ignored;
    kernel_.close(ignored);
    timer_.cancel();
}

void InterfaceWatch::listen() {
    kernel_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, here = here_](const asio::error_code& error) {
                           if (error || !*here) return;
                           drain();
                           tell_soon();
                           listen();
                       });
}

void InterfaceWatch::drain() {
    std::array<char, 8'192> message{};
    while (true) {
        const auto got = ::recv(kernel_.native_handle(), message.data(), message.size(), 0);
        if (got <= 0 && errno != ENOBUFS && errno != EINTR) return;
    }
}

void InterfaceWatch::tell_soon() {
    if (std::exchange(tells_soon_, true)) return;
    timer_.expires_after(together);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        tells_soon_ = false;
        changed_();
    });
}

void InterfaceWatch::ask_now_and_then() {
    timer_.expires_after(poll_interval);
    timer_.async_wait([this, here = here_](const asio::error_code& error) {
        if (error || !*here) return;
        changed_();
        if (*here) ask_now_and_then();
    });
}

}  // namespace lanchat::discover
