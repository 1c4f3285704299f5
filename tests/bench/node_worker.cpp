// A lanchat node embedded in a worker: measures, answers or counts lines.
//   bench_node ip=A cidr=C ports=MIN-MAX [name=N] [scan=0] [answer=1] [await=PEERS] [data=FOLDER]
//              [ids=1] [delivery=1] [tls=0] [glimpse=1]
// With ids every line is flushed here before it leaves; with delivery an echo is over when the line
// is flushed at all others, who need not answer.
// Commands on stdin: await PEERS, echo COUNT WARMUP MIN_MS MAX_MS, say COUNT, stats, quit.
//   store COUNT each|last FILE   says lines and waits for each, or for the last, to be flushed
//                                everywhere; FILE always holds how many are known to be flushed
//                                here
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/streambuf.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "node/link/process.hpp"
#include "node/link/unique_fd.hpp"
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
    config.data_dir = option(options, "data", "");
    config.discovery.scan = option(options, "scan", "1") == "1";
    config.security.tls = option(options, "tls", "1") == "1";
    return config;
}

// Everything on the loop.
class NodeWorker {
  public:
    explicit NodeWorker(const Options& options);
    int run();

  private:
    enum class Answers { none, each, last };
    struct Flood {
        std::uint64_t count = 0;
        Answers answers = Answers::none;
        std::uint64_t said = 0;
        std::int64_t began = 0;
    };

    void listen_to_commands();
    void obey(const std::string& command);
    void heard(const Event& event);
    void peer_up();
    void line(const controller::Message& message);
    void say(std::string line);
    void begin_flood(std::uint64_t count, Answers answers);
    void begin_storing(std::istream& in);
    void flood();
    void say_of_flood(std::uint64_t number);
    void flushed(std::uint64_t number, const Result<LineId>& line);
    void write_down(std::uint64_t answered);
    void delivered(const controller::Delivery& delivery);
    void next_echo();
    void say_echo();
    void report_stats();
    void quit();

    asio::io_context loop_{1};
    asio::posix::stream_descriptor input_{loop_, ::dup(STDIN_FILENO)};
    asio::streambuf typed_;
    asio::steady_timer pause_{loop_};
    bool answers_;
    bool says_with_ids_;
    bool awaits_delivery_;
    bool glimpses_;
    std::uint64_t awaited_;
    std::uint64_t up_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t downs_ = 0;
    std::uint64_t undelivered_ = 0;
    std::string last_down_;
    Tally tally_;
    std::set<std::string> glimpsed_;  // and not proven yet
    std::optional<EchoSamples> echo_;
    std::uint64_t ids_ = 0;
    Flood flood_;
    std::optional<LineId> awaited_line_;  // to be flushed everywhere
    link::UniqueFd answered_;
    Node node_;
};

NodeWorker::NodeWorker(const Options& options)
    : answers_(option(options, "answer", "0") == "1"),
      says_with_ids_(option(options, "ids", "0") == "1"),
      awaits_delivery_(option(options, "delivery", "0") == "1"),
      glimpses_(option(options, "glimpse", "0") == "1"),
      awaited_(std::stoull(option(options, "await", "0"))),
      node_(loop_, config_from(options), [this](const Event& event) { heard(event); }) {}

int NodeWorker::run() {
    if (glimpses_) node_.glimpse();
    const auto address = node_.start();
    if (!address) return failed(address.why());
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
    if (verb == "say" && in >> count) begin_flood(count, Answers::none);
    if (verb == "store") begin_storing(in);
    EchoPlan plan;
    if (verb == "echo" &&
        in >> plan.count >> plan.warmup >> plan.pause_ms_min >> plan.pause_ms_max) {
        echo_.emplace(plan);
        next_echo();
    }
}

void NodeWorker::heard(const Event& event) {
    if (const auto* early = std::get_if<controller::Glimpse>(&event)) {
        glimpsed_.insert(early->message.id);
        return line(early->message);
    }
    if (const auto* message = std::get_if<controller::Message>(&event)) {
        if (glimpsed_.erase(message->id) == 0) line(*message);
        return;
    }
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
    } else if (const auto* delivery = std::get_if<controller::Delivery>(&event)) {
        delivered(*delivery);
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
        say(message.text);
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
    if (!awaits_delivery_) return say(numbered_line(0, false));
    node_.say({numbered_line(0, false)}, [this](const Result<LineId>& line) {
        if (line) awaited_line_ = *line;
    });
}

// An id may be used once, by all processes of a device.
void NodeWorker::say(std::string line) {
    if (!says_with_ids_) return static_cast<void>(node_.say(std::move(line)));
    const auto id = std::to_string(now_ns()) + '.' + std::to_string(++ids_);
    node_.say({std::move(line), "general", id}, [](const Result<LineId>&) {});
}

void NodeWorker::begin_flood(std::uint64_t count, Answers answers) {
    flood_ = Flood{count, answers, 0, now_ns()};
    flood();
}

void NodeWorker::begin_storing(std::istream& in) {
    std::uint64_t count = 0;
    std::string answers;
    std::string file;
    if (!(in >> count >> answers)) return;
    if (in >> file)
        answered_ = link::UniqueFd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    begin_flood(count, answers == "each" ? Answers::each : Answers::last);
}

void NodeWorker::flood() {
    if (flood_.said == flood_.count) return;
    while (flood_.said < flood_.count && node_.has_room()) say_of_flood(flood_.said++);
    if (flood_.said == flood_.count && flood_.answers == Answers::none)
        report({{"event", "said"}, {"t0", flood_.began}, {"t", now_ns()}});
}

void NodeWorker::say_of_flood(std::uint64_t number) {
    const bool last = number + 1 == flood_.count;
    std::string line = numbered_line(number, last);
    if (flood_.answers == Answers::each || (flood_.answers == Answers::last && last))
        return node_.say({std::move(line)},
                         [this, number](const Result<LineId>& stored) { flushed(number, stored); });
    static_cast<void>(node_.say(std::move(line)));
}

// A log is flushed in order, so that the answer for a line is one for all before it.
void NodeWorker::flushed(std::uint64_t number, const Result<LineId>& line) {
    if (!line) return report({{"event", "failed"}, {"why", line.why()}});
    if (answered_) write_down(number + 1);
    if (number + 1 < flood_.count) return;
    awaited_line_ = *line;
    report({{"event", "stored"}, {"t0", flood_.began}, {"t", now_ns()}});
}

// The file outlives this process, whichever way it ends.
void NodeWorker::write_down(std::uint64_t answered) {
    const auto text = std::to_string(answered);
    if (::pwrite(answered_.get(), text.data(), text.size(), 0) != std::ssize(text))
        report({{"event", "failed"}, {"why", "cannot write down what is flushed"}});
}

void NodeWorker::delivered(const controller::Delivery& delivery) {
    if (delivery.line != awaited_line_ || delivery.count.delivered < delivery.count.of) return;
    awaited_line_.reset();
    if (echo_) {
        echo_->ended();
        return next_echo();
    }
    report({{"event", "everywhere"}, {"t", now_ns()}});
}

void NodeWorker::report_stats() {
    report({{"event", "stats"},
            {"up", up_},
            {"ups", ups_},
            {"downs", downs_},
            {"last down", last_down_},
            {"undelivered", undelivered_},
            {"heard", tally_.count()}});
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
