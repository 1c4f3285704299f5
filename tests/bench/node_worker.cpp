// A lanchat node embedded in a worker: measures, answers or counts lines.
//   bench_node ip=A cidr=C ports=MIN-MAX [name=N] [scan=0] [answer=1] [await=PEERS]
// Commands on stdin: await PEERS, echo COUNT WARMUP MIN_MS MAX_MS, say COUNT, stats, quit.
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/streambuf.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <sstream>
#include <variant>

#include <unistd.h>

#include "node/link/process.hpp"
#include "node/node.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

Config config_from(const Options& options) {
    Config config;
    config.ip = option(options, "ip", "127.0.0.1");
    config.ip_is_explicit = true;
    config.cidrs = {*parse_cidr(option(options, "cidr", "127.0.0.1/32"))};
    config.ports = *parse_port_range(option(options, "ports", ""));
    config.name = option(options, "name", "bench");
    config.discovery.scan = option(options, "scan", "1") == "1";
    return config;
}

// Everything on the loop.
class NodeWorker {
  public:
    explicit NodeWorker(const Options& options);
    int run();

  private:
    struct Flood {
        std::uint64_t count = 0;
        std::uint64_t said = 0;
        std::int64_t began = 0;
    };

    void listen_to_commands();
    void obey(const std::string& command);
    void heard(const Event& event);
    void peer_up();
    void line(const controller::Message& message);
    void begin_flood(std::uint64_t count);
    void flood();
    void next_echo();
    void say_echo();
    void report_stats();
    void quit();

    asio::io_context loop_{1};
    asio::posix::stream_descriptor input_{loop_, ::dup(STDIN_FILENO)};
    asio::streambuf typed_;
    asio::steady_timer pause_{loop_};
    bool answers_;
    std::uint64_t awaited_;
    std::uint64_t up_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t downs_ = 0;
    std::uint64_t undelivered_ = 0;
    std::string last_down_;
    Tally tally_;
    std::optional<EchoSamples> echo_;
    Flood flood_;
    Node node_;
};

NodeWorker::NodeWorker(const Options& options)
    : answers_(option(options, "answer", "0") == "1"),
      awaited_(std::stoull(option(options, "await", "0"))),
      node_(loop_, config_from(options), [this](const Event& event) { heard(event); }) {}

int NodeWorker::run() {
    const auto address = node_.start();
    if (!address) {
        report({{"event", "failed"}, {"why", address.why()}});
        return 1;
    }
    report({{"event", "ready"}, {"address", to_string(*address)}, {"t", now_ns()}});
    node_.on_room([this] { flood(); });
    node_.on_stopped([this] { loop_.stop(); });
    listen_to_commands();
    loop_.run();
    return 0;
}

void NodeWorker::listen_to_commands() {
    asio::async_read_until(input_, typed_, '\n', [this](const asio::error_code& error, auto) {
        if (error) return quit();
        std::string command;
        std::istream in(&typed_);
        std::getline(in, command);
        obey(command);
        listen_to_commands();
    });
}

void NodeWorker::obey(const std::string& command) {
    std::istringstream in(command);
    std::string verb;
    in >> verb;
    if (verb == "await" && in >> awaited_ && up_ >= awaited_) peer_up();
    if (verb == "stats") report_stats();
    if (verb == "quit") quit();
    std::uint64_t count = 0;
    if (verb == "say" && in >> count) begin_flood(count);
    EchoPlan plan;
    if (verb == "echo" &&
        in >> plan.count >> plan.warmup >> plan.pause_ms_min >> plan.pause_ms_max) {
        echo_.emplace(plan);
        next_echo();
    }
}

void NodeWorker::heard(const Event& event) {
    if (const auto* message = std::get_if<controller::Message>(&event)) return line(*message);
    if (std::holds_alternative<controller::PeerUp>(event)) {
        ++up_;
        ++ups_;
        peer_up();
    } else if (const auto* gone = std::get_if<controller::PeerDown>(&event)) {
        --up_;
        ++downs_;
        last_down_ =
            to_string(gone->peer.address) + ' ' + std::string(controller::to_word(gone->reason));
    } else if (const auto* missed = std::get_if<controller::Undelivered>(&event)) {
        undelivered_ += missed->lines;
    }
}

void NodeWorker::peer_up() {
    if (awaited_ == 0 || up_ < awaited_) return;
    awaited_ = 0;
    report({{"event", "linked"}, {"peers", up_}, {"t", now_ns()}});
}

void NodeWorker::line(const controller::Message& message) {
    if (message.own) return;
    if (answers_) {
        static_cast<void>(node_.say(message.text));
    } else if (echo_) {
        echo_->ended();
        next_echo();
    } else if (tally_.take(message.text)) {
        report(tally_.result());
    }
}

void NodeWorker::next_echo() {
    if (echo_->done()) {
        report(echo_->result());
        return echo_.reset();
    }
    const int pause = echo_->pause_ms();
    if (pause == 0) return say_echo();
    pause_.expires_after(std::chrono::milliseconds(pause));
    pause_.async_wait([this](const asio::error_code& error) {
        if (!error) say_echo();
    });
}

void NodeWorker::say_echo() {
    echo_->began();
    static_cast<void>(node_.say(numbered_line(0, false)));
}

void NodeWorker::begin_flood(std::uint64_t count) {
    flood_ = Flood{count, 0, now_ns()};
    flood();
}

void NodeWorker::flood() {
    if (flood_.said == flood_.count) return;
    while (flood_.said < flood_.count && node_.has_room()) {
        const auto number = flood_.said++;
        static_cast<void>(node_.say(numbered_line(number, flood_.said == flood_.count)));
    }
    if (flood_.said == flood_.count)
        report({{"event", "said"}, {"t0", flood_.began}, {"t", now_ns()}});
}

void NodeWorker::report_stats() {
    report({{"event", "stats"},
            {"up", up_},
            {"ups", ups_},
            {"downs", downs_},
            {"last down", last_down_},
            {"undelivered", undelivered_}});
}

void NodeWorker::quit() {
    pause_.cancel();
    asio::error_code ignored;
    input_.close(ignored);
    node_.leave();
}

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    lanchat::link::prepare_process();
    lanchat::bench::become_worker();
    return lanchat::bench::NodeWorker(lanchat::bench::parse_options(argc, argv)).run();
}
