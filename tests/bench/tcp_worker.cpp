// The floor: the same echo and the same flood of lines over plain TCP sockets, blocking.
//   bench_tcp role=echo|sink         serves on a free port, which it reports
//   bench_tcp role=dial to=PORT,...  then commands on stdin: echo COUNT WARMUP MIN_MS MAX_MS,
//                                    say COUNT LINES_PER_WRITE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iostream>
#include <sstream>
#include <thread>

#include "worker.hpp"

namespace lanchat::bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void no_delay(int socket) {
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(socket, bytes.data(), bytes.size());
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_line(int socket, char* line) {
    return ::recv(socket, line, line_bytes, MSG_WAITALL) == static_cast<ssize_t>(line_bytes);
}

void echo_to(int socket) {
    char line[line_bytes];
    while (read_line(socket, line) && write_all(socket, {line, line_bytes})) {
    }
}

void sink_from(int socket) {
    Tally tally;
    std::string held(std::size_t{256} * 1024, '\0');
    std::size_t have = 0;
    while (true) {
        const auto got = ::read(socket, held.data() + have, held.size() - have);
        if (got <= 0) return;
        have += static_cast<std::size_t>(got);
        std::size_t used = 0;
        for (; have - used >= line_bytes; used += line_bytes)
            if (tally.take({held.data() + used, line_bytes})) report(tally.result());
        std::memmove(held.data(), held.data() + used, have - used);
        have -= used;
    }
}

int serve(const std::string& role) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, generic, size) != 0 || ::listen(listener, 1) != 0) return 1;
    getsockname(listener, generic, &size);
    report({{"event", "ready"}, {"port", ntohs(address.sin_port)}});
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket < 0) return 1;
    no_delay(socket);
    role == "echo" ? echo_to(socket) : sink_from(socket);
    return 0;
}

std::vector<int> dial(const std::string& ports) {
    std::vector<int> sockets;
    std::istringstream in(ports);
    for (std::string port; std::getline(in, port, ',');) {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = loopback(static_cast<std::uint16_t>(std::stoi(port)));
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            std::exit(1);
        no_delay(socket);
        sockets.push_back(socket);
    }
    return sockets;
}

void measure_echo(int socket, EchoPlan plan) {
    EchoSamples samples(plan);
    const std::string line = numbered_line(0, false);
    char answer[line_bytes];
    while (!samples.done()) {
        if (const int pause = samples.pause_ms())
            std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        samples.began();
        if (!write_all(socket, line) || !read_line(socket, answer)) std::exit(1);
        samples.ended();
    }
    report(samples.result());
}

void say(const std::vector<int>& sockets, std::uint64_t count, std::size_t at_once) {
    const auto began = now_ns();
    std::string bytes(at_once * line_bytes, '\0');
    for (std::uint64_t said = 0; said < count;) {
        const auto lines = std::min<std::uint64_t>(at_once, count - said);
        for (std::size_t i = 0; i < lines; ++i, ++said)
            write_line(bytes.data() + i * line_bytes, said, said + 1 == count);
        for (const int socket : sockets)
            if (!write_all(socket, {bytes.data(), lines * line_bytes})) std::exit(1);
    }
    report({{"event", "said"}, {"t0", began}, {"t", now_ns()}});
}

int obey(const std::vector<int>& sockets) {
    report({{"event", "ready"}});
    for (std::string command; std::getline(std::cin, command);) {
        std::istringstream in(command);
        std::string verb;
        in >> verb;
        EchoPlan plan;
        std::uint64_t count = 0;
        std::size_t at_once = 1;
        if (verb == "echo") {
            in >> plan.count >> plan.warmup >> plan.pause_ms_min >> plan.pause_ms_max;
            measure_echo(sockets.front(), plan);
        } else if (verb == "say") {
            in >> count >> at_once;
            say(sockets, count, at_once);
        }
    }
    return 0;
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    using namespace lanchat::bench;
    become_worker();
    const auto options = parse_options(argc, argv);
    const auto role = option(options, "role", "echo");
    return role == "dial" ? obey(dial(option(options, "to", ""))) : serve(role);
}
