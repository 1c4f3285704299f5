// Loopback sockets for the tests of discovery: one that accepts, one that refuses, one that is
// silent; and a loop that runs until something has happened.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "message/address.hpp"

namespace lanchat::testing {

inline sockaddr_in to_sockaddr(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(endpoint.ip.bits);
    return address;
}

inline Endpoint to_endpoint(const sockaddr_in& address) {
    return {Ipv4{ntohl(address.sin_addr.s_addr)}, ntohs(address.sin_port)};
}

// A non-blocking TCP socket bound to a free port of `ip`; alone it refuses connects.
class BoundSocket {
  public:
    // Port 0: any free one.
    explicit BoundSocket(Ipv4 ip = Ipv4{0x7F000001}, std::uint16_t port = 0) {
        const auto address = to_sockaddr({ip, port});
        REQUIRE(descriptor_ >= 0);
        REQUIRE(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }
    ~BoundSocket() { ::close(descriptor_); }
    BoundSocket(const BoundSocket&) = delete;
    BoundSocket& operator=(const BoundSocket&) = delete;

    int descriptor() const { return descriptor_; }
    Endpoint endpoint() const {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        return to_endpoint(address);
    }

  private:
    int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
};

class Listener : public BoundSocket {
  public:
    explicit Listener(Ipv4 ip = Ipv4{0x7F000001}, std::uint16_t port = 0) : BoundSocket(ip, port) {
        REQUIRE(::listen(descriptor(), 128) == 0);
    }
    // The far ends of the connections that came in since the last call.
    std::vector<Endpoint> accepted() const {
        std::vector<Endpoint> all;
        sockaddr_in address{};
        socklen_t size = sizeof address;
        int each = -1;
        while ((each = ::accept(descriptor(), reinterpret_cast<sockaddr*>(&address), &size)) >= 0) {
            all.push_back(to_endpoint(address));
            ::close(each);
        }
        return all;
    }
};

// Its queue is full, so the kernel drops every further SYN. Listens on all of 127/8.
class Silent : public BoundSocket {
  public:
    Silent() : BoundSocket(Ipv4{0}) {
        REQUIRE(::listen(descriptor(), 0) == 0);
        const auto address = to_sockaddr(at(Ipv4{0x7F000001}));
        for (const BoundSocket& each : fillers_) {
            static_cast<void>(::connect(
                each.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
        }
    }
    Endpoint at(Ipv4 ip) const { return {ip, endpoint().port}; }

  private:
    std::array<BoundSocket, 3> fillers_;
};

// While it lives no further descriptor can be opened.
class NoDescriptors {
  public:
    NoDescriptors() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const int lowest_free = ::dup(STDERR_FILENO);
        REQUIRE(lowest_free >= 0);
        ::close(lowest_free);
        auto limit = before_;
        limit.rlim_cur = static_cast<rlim_t>(lowest_free);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    rlimit before_{};
};

// False when `happened` is still false after ten seconds, which no healthy run needs.
inline bool run_until(asio::io_context& loop, const auto& happened) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    loop.restart();
    while (!happened() && std::chrono::steady_clock::now() < end) {
        if (loop.run_one_until(end) == 0) break;
    }
    return happened();
}

}  // namespace lanchat::testing
