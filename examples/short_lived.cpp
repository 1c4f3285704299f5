// Nodes come and go in a program whose loop runs on. Usage: short_lived [MIN-MAX [ROUNDS]]
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <variant>

#include <lanchat/node/link/process.hpp>
#include <lanchat/node/node.hpp>

namespace {

using namespace std::chrono_literals;

// One node stays; guests link with it, say hello, and go without a word or with a goodbye.
class Guesthouse {
  public:
    Guesthouse(asio::io_context& loop, lanchat::Config config, int rounds)
        : loop_(loop), config_(std::move(config)), rounds_(rounds), pause_(loop) {
        config_.name = "host";
        host_ = std::make_unique<lanchat::Node>(
            loop_, config_, [this](const lanchat::Event& event) { hear(event); });
    }

    bool open() {
        const auto address = host_->start();
        if (!address) return std::cerr << address.why() << '\n', false;
        std::cout << "host on " << to_string(*address) << std::endl;
        next();
        return true;
    }

  private:
    void hear(const lanchat::Event& event) {
        const auto* message = std::get_if<lanchat::controller::Message>(&event);
        if (message == nullptr || message->own) return;
        ++heard_;
        // Not from within a listener: the guest is told to go by the loop.
        pause_.expires_after(0s);
        pause_.async_wait([this](const asio::error_code& error) {
            if (!error) part();
        });
    }

    void next() {
        if (round_ == rounds_) return close();
        config_.name = "guest " + std::to_string(++round_);
        guest_ = std::make_unique<lanchat::Node>(loop_, config_, [](const lanchat::Event&) {});
        const auto address = guest_->start();
        if (!address) return std::cerr << address.why() << '\n', close();
        // It is said once they are linked; what it says is what it came for.
        guest_->say({"hello"}, [](const auto&) {});
    }

    void part() {
        if (round_ % 2 == 1) return guest_.reset(), next();  // as if its program had ended
        guest_->on_stopped([this] {
            guest_.reset();  // a node may go from here
            next();
        });
        guest_->leave();
    }

    void close() {
        std::cout << heard_ << " guests were heard" << std::endl;
        host_.reset();
        guest_.reset();
    }

    asio::io_context& loop_;
    lanchat::Config config_;
    int rounds_;
    int round_ = 0;
    int heard_ = 0;
    asio::steady_timer pause_;
    std::unique_ptr<lanchat::Node> host_;
    std::unique_ptr<lanchat::Node> guest_;
};

}  // namespace

int main(int argc, char** argv) {
    lanchat::link::prepare_process();
    lanchat::Config config;          // 127.0.0.1, ports 4565-4569
    config.history.enabled = false;  // nothing is kept
    config.security.legacy_peers = false;
    if (argc > 1) {
        const auto ports = lanchat::parse_port_range(argv[1]);
        if (!ports) return std::cerr << ports.why() << '\n', 2;
        config.ports = *ports;
    }
    asio::io_context loop;
    Guesthouse house(loop, config, argc > 2 ? std::atoi(argv[2]) : 6);
    if (!house.open()) return 1;
    loop.run();  // ends when nobody is left
}
