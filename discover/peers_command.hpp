// Asks a program of the user's who else could be there: a list of machines of a tailnet, an
// inventory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "message/address.hpp"

namespace lanchat::discover {

// What such a program printed: lines of HOST or HOST:PORT, empty ones, and comments behind #.
struct PrintedPeers {
    struct Place {
        std::string host;        // a name or an address
        std::uint16_t port = 0;  // 0: every port of the range

        bool operator==(const Place&) const = default;
    };
    std::vector<Place> places;
    std::string trouble;  // what is wrong with it, for people; empty: nothing
};
// Takes at most limits::printed_lines_max lines.
PrintedPeers read_printed(std::string_view text);

// Loop thread only. The program runs at begin() and every few minutes from then on, without a
// shell: its words are split at blanks. It has 10 s and 64 KiB; then it is ended, and what it said
// counts. Names are looked up, IPv4 alone. All of that waits on a thread of its own.
class PeersCommand {
  public:
    struct Hooks {
        // All places of the last run.
        std::function<void(std::vector<Endpoint>)> told;
        // What is wrong, once until it is something else.
        std::function<void(const std::string&)> trouble;
    };

    // `loop` must outlive it.
    PeersCommand(asio::io_context& loop, const std::string& command, PortRange ports, Hooks hooks);
    ~PeersCommand() { stop(); }
    PeersCommand(const PeersCommand&) = delete;
    PeersCommand& operator=(const PeersCommand&) = delete;

    // Also to be called when the network is another one.
    void begin();
    // No hook is called again; a program that runs is killed.
    void stop();

  private:
    struct Run;
    struct Outcome {
        std::vector<Endpoint> places;
        std::string trouble;
    };
    static Outcome carry_out(Run& run, const std::vector<std::string>& words, PortRange ports);
    void ended(const Outcome& outcome);

    asio::io_context& loop_;
    std::vector<std::string> words_;
    PortRange ports_;
    Hooks hooks_;
    std::string told_trouble_;
    std::shared_ptr<Run> run_;  // shared with its thread, which may be waiting when we go
    asio::steady_timer timer_;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // for handlers that outlive us
};

}  // namespace lanchat::discover
