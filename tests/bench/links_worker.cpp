// Many peers in one process: members that speak the protocol and do nothing else, so that the
// memory of one node's links can be measured.
//   bench_links subnet=127.A.B role=accept port=P       members listen on 127.A.B.1, .2, …
//   bench_links subnet=127.A.B role=dial port=P to=A:P  members dial from 127.A.B.1, .2, …
// Each "more" on stdin brings a hundred members; with tls=0 their links are plain.
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "node/link/process.hpp"
#include "node/link/transport.hpp"
#include "worker.hpp"

namespace lanchat::bench {
namespace {

using asio::ip::tcp;

constexpr int members_per_command = 100;
constexpr std::size_t dials_at_once = 16;  // a front door takes at most 64 strangers

// One peer with a transport of its own: connections from one node to several addresses may have
// the same source port, and a transport tells its visitors apart by where they come from.
// Everything on the loop.
class Member {
  public:
    using Greeted = std::function<void()>;

    Member(asio::io_context& loop, Endpoint place, bool tls, Greeted greeted);

    bool open() {
        return static_cast<bool>(transport_.open({place_.ip}, {place_.port, place_.port}));
    }
    void dial(Endpoint to);

  private:
    Hello hello() const;
    void received(LinkId link, const Frame& frame);
    void say(LinkId link, Frame frame);
    void send_next(LinkId link);

    asio::io_context& loop_;
    Endpoint place_;
    bool tls_;
    Greeted on_greeted_;
    std::shared_ptr<const DeviceKey> key_;
    bool dialled_ = false;
    bool greeted_ = false;
    bool busy_ = false;
    std::deque<Frame> waiting_;
    link::Transport transport_;
};

std::shared_ptr<const DeviceKey> key_of(Endpoint place) {
    DeviceKey::Seed seed{};
    for (std::size_t n = 0; n < 4; ++n)
        seed[n] = static_cast<std::uint8_t>(place.ip.bits >> (8 * n));
    return std::make_shared<const DeviceKey>(std::move(seed));
}

Member::Member(asio::io_context& loop, Endpoint place, bool tls, Greeted greeted)
    : loop_(loop),
      place_(place),
      tls_(tls),
      on_greeted_(std::move(greeted)),
      key_(key_of(place)),
      transport_(loop, key_, "",
                 {[](LinkId, Endpoint, bool) {},
                  {},
                  [this](LinkId link, const Frame& frame) { received(link, frame); },
                  [this](LinkId link) {
                      busy_ = false;
                      send_next(link);
                  },
                  [](LinkId) {},
                  [](LinkId, link::LinkEnd) {},
                  [] { return false; },
                  [](Endpoint) {}}) {}

Hello Member::hello() const {
    Hello hello;
    hello.instance = InstanceId{(std::uint64_t{place_.ip.bits} << 16) + place_.port};
    hello.nonce = place_.ip.bits;
    hello.name = "member";
    hello.device = key_->id();
    return hello;
}

void Member::dial(Endpoint to) {
    tcp::socket socket(loop_, tcp::v4());
    socket.bind({asio::ip::address_v4(place_.ip.bits), 0});
    socket.connect({asio::ip::address_v4(to.ip.bits), to.port});
    dialled_ = busy_ = true;  // with the greeting
    Frame greeting;
    greeting.msg = to_string(place_);
    greeting.hello = hello();
    transport_.dial(LinkId{2}, std::move(socket), greeting, tls_);
}

void Member::received(LinkId link, const Frame& frame) {
    Frame answer;
    if (!std::exchange(greeted_, true)) {
        answer.received = Ack{};
        if (!dialled_) {
            answer.msg = "ok";
            answer.hello = hello();
        }
        say(link, answer);
        on_greeted_();
    } else if (frame.ping && !frame.ping->reply) {
        answer.ping = Ping{frame.ping->nonce, true};
        say(link, answer);
    }
}

void Member::say(LinkId link, Frame frame) {
    waiting_.push_back(std::move(frame));
    send_next(link);
}

void Member::send_next(LinkId link) {
    if (busy_ || waiting_.empty()) return;
    busy_ = true;
    transport_.send(link, waiting_.front());
    waiting_.pop_front();
}

class Crowd {
  public:
    explicit Crowd(const Options& options)
        : next_{*parse_ipv4(option(options, "subnet", "") + ".1"),
                static_cast<std::uint16_t>(std::stoi(option(options, "port", "")))},
          tls_(option(options, "tls", "1") == "1") {
        if (option(options, "role", "") == "dial") to_ = *parse_endpoint(option(options, "to", ""));
    }

    int run() {
        report({{"event", "ready"}});
        listen_to_commands();
        loop_.run();
        _exit(0);  // two hundred orderly goodbyes would take their time, and nobody listens
    }

  private:
    void listen_to_commands() {
        asio::async_read_until(input_, typed_, '\n', [this](const asio::error_code& error, auto) {
            if (error) return loop_.stop();
            typed_.consume(typed_.size());
            bring_members();
            report({{"event", "open"}, {"t", now_ns()}});
            for (std::size_t n = 0; n < dials_at_once; ++n) dial_next();
            listen_to_commands();
        });
    }

    void bring_members() {
        for (int i = 0; i < members_per_command; ++i) {
            members_.push_back(
                std::make_unique<Member>(loop_, next_, tls_, [this] { dial_next(); }));
            if (!members_.back()->open()) report({{"event", "failed"}, {"why", "no free port"}});
            ++next_.ip.bits;
        }
    }

    // Each that is greeted makes room for another.
    void dial_next() {
        if (to_.port == 0 || dialled_ == members_.size()) return;
        members_[dialled_++]->dial(to_);
    }

    asio::io_context loop_{1};
    asio::posix::stream_descriptor input_{loop_, ::dup(STDIN_FILENO)};
    asio::streambuf typed_;
    Endpoint next_;
    Endpoint to_;
    bool tls_;
    std::vector<std::unique_ptr<Member>> members_;
    std::size_t dialled_ = 0;
};

}  // namespace
}  // namespace lanchat::bench

int main(int argc, char** argv) {
    lanchat::link::prepare_process();
    lanchat::bench::become_worker();
    return lanchat::bench::Crowd(lanchat::bench::parse_options(argc, argv)).run();
}
