// Accepting and sniffing.
#include "node/link/front_door.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string_view>
#include <thread>

#include "message/rng.hpp"
#include "node/link/sniff.hpp"
#include "node/link/sockets.hpp"

namespace lanchat::link {
namespace {

using asio::ip::tcp;

constexpr int listen_tries = 20;

UniqueFd open_spare() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

tcp::endpoint to_asio(Ipv4 ip, std::uint16_t port) { return {asio::ip::address_v4(ip.bits), port}; }

// A reset instead of a FIN: the refused one learns at once, and no TIME_WAIT is left with us.
void reset(tcp::socket& socket) {
    asio::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

// Over connections that linger in TIME_WAIT; a port that somebody listens at is still refused.
asio::error_code bind_to(tcp::acceptor& acceptor, const tcp::endpoint& where) {
    asio::error_code error;
    acceptor.open(tcp::v4(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor.bind(where, error);
    return error;
}

// Of two nodes that listen at one port at the same instant, Linux may refuse both. A bind that went
// well says that nobody listened there, so it is worth another try, after a pause unlike the
// other's.
asio::error_code listen_at(tcp::acceptor& acceptor, const tcp::endpoint& where) {
    Rng pauses(
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
    asio::error_code error;
    for (int tries = 0; tries < listen_tries; ++tries) {
        error = bind_to(acceptor, where);
        if (error) return error;
        acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error != asio::error::address_in_use) return error;
        acceptor.close();
        std::this_thread::sleep_for(std::chrono::microseconds(pauses.below(2'000)));
    }
    return error;
}

}  // namespace

struct FrontDoor::Guest {
    tcp::socket socket;
    Endpoint from;
    Guard::WatchId watch;
    std::array<char, sniffed_bytes_max> bytes{};
    std::size_t size = 0;
};

FrontDoor::FrontDoor(asio::io_context& loop, Guard& guard, OnVisitor on_visitor)
    : loop_(loop), guard_(guard), on_visitor_(std::move(on_visitor)), pause_(loop) {}

Result<std::uint16_t> FrontDoor::open(const std::vector<Ipv4>& ips, PortRange ports) {
    spare_ = open_spare();
    return first_free(ips, ports);
}

Result<std::uint16_t> FrontDoor::move(const std::vector<Ipv4>& ips, PortRange ports) {
    const auto held = acceptors_;
    const auto same = listen_on(ips, port_);
    const auto port = same && !*same ? first_free(ips, ports)
                      : same         ? Result<std::uint16_t>(port_)
                                     : Result<std::uint16_t>(Failure{same.why()});
    if (!port) acceptors_ = held;
    for (const auto& [ip, acceptor] : held) {
        const auto kept = acceptors_.find(ip);
        if (kept == acceptors_.end() || kept->second != acceptor) acceptor->close();
    }
    for (const auto& [ip, acceptor] : acceptors_)
        if (!held.contains(ip) || held.at(ip) != acceptor) accept(acceptor);
    return port;
}

Result<std::uint16_t> FrontDoor::first_free(const std::vector<Ipv4>& ips, PortRange ports) {
    for (std::uint32_t port = ports.min; port <= ports.max; ++port) {
        const auto got = listen_on(ips, static_cast<std::uint16_t>(port));
        if (!got) return Failure{got.why()};
        if (*got) return port_;
    }
    std::string where;
    for (const Ipv4 ip : ips) where += (where.empty() ? "" : ", ") + to_string(ip);
    return Failure{"no free port in " + where + ":" + to_string(ports)};
}

// True: listening on all. False: taken on one of them. Failure: another port will not help.
Result<bool> FrontDoor::listen_on(const std::vector<Ipv4>& ips, std::uint16_t port) {
    Acceptors all;
    for (const Ipv4 ip : ips) {
        const auto held = acceptors_.find(ip);
        if (held != acceptors_.end() && port == port_) {
            all.insert(*held);
            continue;
        }
        auto acceptor = std::make_shared<tcp::acceptor>(loop_);
        const auto error = listen_at(*acceptor, to_asio(ip, port));
        if (error == asio::error::address_in_use || error == asio::error::access_denied)
            return false;
        if (error) return Failure{"cannot listen on " + to_string(ip) + ": " + error.message()};
        all.emplace(ip, std::move(acceptor));
    }
    acceptors_ = std::move(all);
    port_ = port;
    return true;
}

void FrontDoor::start() {
    for (const auto& [ip, acceptor] : acceptors_) accept(acceptor);
}

void FrontDoor::close() {
    *open_ = false;
    pause_.cancel();
    for (const auto& [ip, acceptor] : acceptors_) acceptor->close();
    acceptors_.clear();
}

void FrontDoor::accept(const Acceptor& acceptor) {
    acceptor->async_accept(
        [this, open = open_, acceptor](const asio::error_code& error, tcp::socket socket) {
            if (!*open || !acceptor->is_open()) return;
            if (!error) welcome(std::move(socket));
            if (error != asio::error::no_descriptors || turn_one_away(*acceptor))
                return accept(acceptor);
            pause_.expires_after(std::chrono::milliseconds(100));
            pause_.async_wait([this, open, acceptor](const asio::error_code& stopped) {
                if (!stopped && *open && acceptor->is_open()) accept(acceptor);
            });
        });
}

// Out of descriptors, accept() would fail for ever on the same waiting connection.
bool FrontDoor::turn_one_away(tcp::acceptor& acceptor) {
    spare_.reset();
    spare_ =
        UniqueFd(accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    spare_.reset();
    spare_ = open_spare();
    return bool{spare_};
}

void FrontDoor::welcome(tcp::socket socket) {
    asio::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const Endpoint from{Ipv4{remote.address().to_v4().to_uint()}, remote.port()};
    const auto watch = guard_.admit(socket.native_handle(), from);
    if (!watch) return reset(socket);
    prepare_chat_socket(socket.native_handle());
    sniff(std::make_shared<Guest>(Guest{std::move(socket), from, *watch, {}, 0}));
}

// The guard ends guests that take too long.
void FrontDoor::sniff(std::shared_ptr<Guest> guest) {
    auto& to = *guest;
    to.socket.async_read_some(asio::buffer(to.bytes.data() + to.size, to.bytes.size() - to.size),
                              [this, open = open_, guest = std::move(guest)](
                                  const asio::error_code& error, std::size_t count) mutable {
                                  if (!*open) return;
                                  if (error) return guard_.gone(guest->watch);
                                  guest->size += count;
                                  const std::string_view seen(guest->bytes.data(), guest->size);
                                  const Speech speech = link::sniff(seen);
                                  if (speech == Speech::undecided) return sniff(std::move(guest));
                                  if (speech == Speech::neither) {
                                      spdlog::debug("{} speaks neither HTTP/2 nor TLS",
                                                    to_string(guest->from));
                                      guard_.gone(guest->watch);
                                      return reset(guest->socket);
                                  }
                                  on_visitor_({std::move(guest->socket), guest->from, guest->watch,
                                               std::string(seen), speech == Speech::tls});
                              });
}

}  // namespace lanchat::link
