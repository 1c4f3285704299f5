// Hands connections to the thread and what came of them back to the loop.
#include "node/link/tunnels.hpp"

#include <openssl/rand.h>

#include <array>
#include <asio/post.hpp>
#include <utility>

#include "message/ids.hpp"
#include "node/link/tcp_state.hpp"

namespace lanchat::link {

using asio::ip::tcp;

namespace {

bool is_established(int socket) {
    const auto state = tcp_state(socket);
    return state && state->established;
}

}  // namespace

Tunnels::Tunnels(asio::io_context& loop, Tunnel::Introduce introduce)
    : loop_(loop), introduce_(std::move(introduce)), work_(here_.get_executor()) {}

Result<bool> Tunnels::start(const std::vector<DeviceId>& members) {
    turns_in_.expect(members);
    turns_out_.expect(members);
    auto tls = Tls::make();
    if (!tls) return Failure{tls.why()};
    tls_ = std::make_shared<Tls>(std::move(*tls));
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        return Failure{"OpenSSL has no randomness"};
    name_ = "lanchat-" + base32({reinterpret_cast<const char*>(random.data()), random.size()});
    thread_ = std::thread([this] { here_.run(); });
    return true;
}

void Tunnels::open(UniqueFd socket, Tunnel::Role role, std::string first_bytes, Opened opened) {
    const std::string name = name_ + '-' + std::to_string(++count_);
    asio::post(here_, [this, socket = std::move(socket), role, bytes = std::move(first_bytes), name,
                       opened = std::move(opened)]() mutable {
        begin(std::move(socket), role, std::move(bytes), name, std::move(opened));
    });
}

void Tunnels::begin(UniqueFd socket, Tunnel::Role role, std::string first_bytes, std::string name,
                    Opened opened) {
    // In a flood the guard cuts most of those that wait for this thread: no handshake for them.
    if (role == Tunnel::Role::accept && !is_established(socket.get()))
        return asio::post(loop_, [opened, name] { opened({}, name); });
    asio::error_code error;
    tcp::socket outer(here_);
    outer.assign(tcp::v4(), socket.get(), error);
    if (error) return asio::post(loop_, [opened, name] { opened({}, name); });
    static_cast<void>(socket.release());
    std::erase_if(tunnels_, [](const auto& tunnel) { return tunnel.expired(); });
    Turns& turns = role == Tunnel::Role::dial ? turns_out_ : turns_in_;
    const auto tunnel = std::make_shared<Tunnel>(std::move(outer), *tls_, turns, role,
                                                 std::move(first_bytes), name);
    tunnels_.push_back(tunnel);
    tunnel->open(introduce_, [this, name, opened = std::move(opened)](Tunnel::Opening opening) {
        asio::post(loop_, [name, opened, opening = std::move(opening)]() mutable {
            opened(std::move(opening), "unix-abstract:" + name);
        });
    });
}

void Tunnels::stop() {
    if (!thread_.joinable()) return;
    asio::post(here_, [this] {
        for (const auto& each : tunnels_)
            if (const auto tunnel = each.lock()) tunnel->cut();
        turns_in_.stop();
        turns_out_.stop();
        work_.reset();
    });
    thread_.join();
}

}  // namespace lanchat::link
