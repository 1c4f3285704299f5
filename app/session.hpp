// One run of a node with its face: wires node, input, output, terminal and signals together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include "app/api/server.hpp"
#include "app/cli.hpp"
#include "app/input.hpp"
#include "app/json.hpp"
#include "app/log.hpp"
#include "app/node_backend.hpp"
#include "app/output.hpp"
#include "app/plain.hpp"
#include "app/terminal/terminal.hpp"
#include "node/node.hpp"

namespace lanchat::app {

class Session {
  public:
    // `config` is that of `options` with name and data directory filled in. Throws when the log
    // cannot be opened.
    Session(const RunOptions& options, const Config& config, const std::string& secret);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Returns the exit code.
    int run();

  private:
    Chat chat();
    PlainOptions plain_options() const;
    std::string prompt();
    void make_face();
    void start_input();
    void serve_commands();
    void hear(const Event& event);
    void disk_has_news();
    void release_unplaced();
    void placed(const std::string& id, store::Arrival arrival);
    void show(const Event& event);
    bool is_all_we_wanted(const Endpoint& where) const;
    void refused();
    void show_missed_soon();
    void ready(const Endpoint& address);
    void note(std::string_view line);
    void warn(const std::string& text);
    void review_flow();
    void end_of_input();
    void leave();
    void watch_signals();
    void on_signal();
    void stopped();

    RunOptions options_;
    Config config_;
    bool json_;
    asio::io_context loop_{1};
    Output out_;
    Output notes_;
    Log log_;
    std::variant<std::monostate, PlainFace, JsonFace> face_;
    std::unique_ptr<Terminal> terminal_;
    std::unique_ptr<LineInput> lines_;
    asio::signal_set signals_;
    asio::steady_timer missed_timer_;
    asio::steady_timer missed_end_;
    bool missed_gather_ = false;
    std::unique_ptr<Node> node_;
    std::unique_ptr<NodeBackend> backend_;
    std::unique_ptr<api::Server> server_;
    std::vector<Event> early_;  // heard before we could say that we are ready
    bool ready_ = false;
    bool leaving_ = false;
    bool stopped_ = false;
    std::string reason_ = "eof";
    int exit_code_ = 0;
};

}  // namespace lanchat::app
