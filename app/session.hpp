// One run of a node with its face: wires node, input, output, terminal and signals together.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "app/cli.hpp"
#include "app/faces/face.hpp"
#include "app/log.hpp"
#include "app/services/api/server.hpp"
#include "app/services/metrics/server.hpp"
#include "app/streams/input.hpp"
#include "app/streams/output.hpp"
#include "app/terminal/terminal.hpp"
#include "node/node.hpp"
#include "node/port_of_node.hpp"

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
    Surface surface();
    void start_input();
    void open_terminal(Typing& typing);
    void serve_commands();
    std::optional<Failure> serve_metrics();
    void show_to_face();
    void heed(const Event& event);
    bool is_all_we_wanted(const Endpoint& where) const;
    void refused();
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
    asio::io_context loop_{1};
    Output out_;
    Output notes_;
    Log log_;
    asio::signal_set signals_;
    Node node_;
    PortOfNode port_;
    std::unique_ptr<Face> face_;
    std::unique_ptr<Terminal> terminal_;  // what is typed goes to the face
    std::unique_ptr<LineInput> lines_;    // as does what is read
    std::unique_ptr<api::Server> server_;
    std::unique_ptr<metrics::Server> metrics_;
    bool leaving_ = false;
    bool stopped_ = false;
    std::string reason_ = "eof";
    int exit_code_ = 0;
};

}  // namespace lanchat::app
