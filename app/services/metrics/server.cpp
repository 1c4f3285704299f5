// A small HTTP server: a request is read to its empty line, answered, and the connection closed.
#include "app/services/metrics/server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <fstream>
#include <string_view>

#include "app/services/metrics/exposition.hpp"

namespace lanchat::app::metrics {
namespace {

using asio::ip::tcp;

constexpr std::size_t visits_max = 8;
constexpr std::size_t request_bytes_max = 4'096;
constexpr auto patience = std::chrono::seconds(5);

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

struct Server::Visit {
    Visit(tcp::socket of, asio::io_context& loop) : socket(std::move(of)), timer(loop) {}

    tcp::socket socket;
    asio::steady_timer timer;
    std::string request;
    std::string reply;
};

Server::Server(asio::io_context& loop, NodePort& node)
    : loop_(loop), node_(node), acceptor_(loop), pause_(loop) {}

Result<Endpoint> Server::start(const Endpoint& where) {
    const tcp::endpoint place(asio::ip::address_v4(where.ip.bits), where.port);
    asio::error_code error;
    acceptor_.open(tcp::v4(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(place, error);
    if (!error) acceptor_.listen(static_cast<int>(visits_max), error);
    if (error)
        return Failure{"metrics: cannot listen on " + to_string(where) + ": " + error.message()};
    token_ = node_.subscribe({[] {},
                              [this](const Event& event) {
                                  const auto* line = std::get_if<controller::Message>(&event);
                                  if (line != nullptr) ++(line->own ? said_ : heard_);
                              }});
    accept();
    return Endpoint{where.ip, acceptor_.local_endpoint().port()};
}

void Server::stop() {
    *here_ = false;
    asio::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    if (const auto token = std::exchange(token_, 0)) node_.unsubscribe(token);
}

void Server::accept() {
    acceptor_.async_accept([this, here = here_](const asio::error_code& error, tcp::socket socket) {
        if (!*here || !acceptor_.is_open()) return;
        if (!error) {
            if (visits_ < visits_max) welcome(std::move(socket));
            return accept();
        }
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this, here](const asio::error_code& stopped) {
            if (!stopped && *here) accept();
        });
    });
}

void Server::welcome(tcp::socket socket) {
    ++visits_;
    const auto over = [this, here = here_](Visit* visit) {
        delete visit;
        if (*here) --visits_;
    };
    const std::shared_ptr<Visit> visit(new Visit(std::move(socket), loop_), over);
    visit->timer.expires_after(patience);
    visit->timer.async_wait([weak = std::weak_ptr(visit)](const asio::error_code& cancelled) {
        const auto late = weak.lock();
        if (!cancelled && late) late->socket.close();
    });
    read(visit);
}

void Server::read(const std::shared_ptr<Visit>& visit) {
    asio::async_read_until(visit->socket, asio::dynamic_buffer(visit->request, request_bytes_max),
                           "\r\n\r\n",
                           [this, here = here_, visit](const asio::error_code& error, std::size_t) {
                               if (*here && !error) answer(visit);
                           });
}

void Server::answer(const std::shared_ptr<Visit>& visit) {
    const std::string_view line(visit->request.data(), visit->request.find("\r\n"));
    const auto method = line.substr(0, line.find(' '));
    const auto rest = line.substr(std::min(line.size(), method.size() + 1));
    const auto path = rest.substr(0, rest.find_first_of(" ?"));
    if (method != "GET") return send(visit, "405 Method Not Allowed", "only GET\n");
    if (path != "/metrics") return send(visit, "404 Not Found", "see /metrics\n");
    tell(visit);
}

void Server::tell(const std::shared_ptr<Visit>& visit) {
    node_.tally([this, here = here_, visit](const Result<store::Tally>& held) {
        if (!*here) return;
        if (!held) return send(visit, "500 Internal Server Error", held.why() + "\n");
        send(visit, "200 OK",
             exposition({node_.status(), node_.peers(), *held, said_, heard_, resident_bytes(),
                         processor_seconds()}));
    });
}

void Server::send(const std::shared_ptr<Visit>& visit, std::string_view status, std::string body) {
    visit->reply = "HTTP/1.1 " + std::string(status) +
                   "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"
                   "\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
    asio::async_write(visit->socket, asio::buffer(visit->reply),
                      [visit](const asio::error_code&, std::size_t) {
                          asio::error_code ignored;
                          visit->socket.shutdown(tcp::socket::shutdown_send, ignored);
                      });
}

}  // namespace lanchat::app::metrics
