// One sweep of the discovery over addresses where nobody listens, or the same connects bare.
//   bench_scan cidr=C ports=MIN-MAX [bare=1]
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <optional>
#include <utility>

#include "discover/discovery.hpp"
#include "discover/targets.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

struct Range {
    Cidr cidr;
    PortRange ports;
};

// On loopback the refusal is there before connect() returns, so nothing needs to be waited for.
std::uint64_t connect_to_all(const Range& range) {
    discover::Targets targets({range.cidr}, range.ports, {});
    std::uint64_t refused = 0;
    while (const auto target = targets.next()) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(target->port);
        address.sin_addr.s_addr = htonl(target->ip.bits);
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            ++refused;
        ::close(socket);
    }
    return refused;
}

std::uint64_t sweep(const Range& range) {
    asio::io_context loop{1};
    std::uint64_t refused = 0;
    Endpoint last;  // asked for again after a shortage
    discover::Settings settings;
    settings.cidrs = {range.cidr};
    settings.ports = range.ports;
    settings.own = {Endpoint{Ipv4{0x7F000001}, 1}};
    discover::Discovery discovery(
        loop, settings,
        discover::Hooks{[&](const Endpoint& target) {
                            if (std::exchange(last, target) != target) ++refused;
                            return true;
                        },
                        [&](const Endpoint&, asio::ip::tcp::socket) { --refused; },
                        [](const Endpoint&) {},
                        [&] {
                            discovery.stop();
                            loop.stop();
                        }});
    discovery.start();
    loop.run();
    return refused;
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    const Range range{*lanchat::parse_cidr(option(options, "cidr", "")),
                      *lanchat::parse_port_range(option(options, "ports", ""))};
    const auto began = now_ns();
    const auto refused = option(options, "bare", "0") == "1" ? connect_to_all(range) : sweep(range);
    report({{"event", "swept"}, {"refused", refused}, {"t0", began}, {"t", now_ns()}});
    return 0;
}
