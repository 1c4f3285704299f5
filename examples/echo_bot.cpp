// A bot that embeds a node and answers every line. Usage: echo_bot [MIN-MAX [NAME]]
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <iostream>
#include <utility>
#include <variant>

#include <lanchat/node/link/process.hpp>
#include <lanchat/node/node.hpp>

int main(int argc, char** argv) {
    lanchat::link::prepare_process();
    lanchat::Config config;  // 127.0.0.1, ports 4565-4569
    config.name = argc > 2 ? argv[2] : "echo";
    if (argc > 1) {
        const auto ports = lanchat::parse_port_range(argv[1]);
        if (!ports) return std::cerr << ports.why() << '\n', 2;
        config.ports = *ports;
    }

    asio::io_context loop;
    lanchat::Node* self = nullptr;
    lanchat::Node node(loop, config, [&](const lanchat::Event& event) {
        const auto* message = std::get_if<lanchat::controller::Message>(&event);
        // Two bots that answer each other's answers would never stop.
        if (message == nullptr || message->own || message->text.starts_with("echo: ")) return;
        lanchat::Saying answer{"echo: " + message->text, message->room};
        if (message->to) answer.to = message->line.log.device;  // said to us alone, answered alone
        self->say(std::move(answer), [](const auto& said) {
            if (!said) std::cerr << "cannot answer: " << said.why() << '\n';
        });
    });
    self = &node;

    const auto address = node.start();
    if (!address) return std::cerr << address.why() << '\n', 1;
    std::cout << "echo bot on " << to_string(*address) << std::endl;
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](const asio::error_code& error, int) {
        if (!error) node.leave();
    });
    node.on_stopped([&] { loop.stop(); });
    loop.run();
}
