// The loop belongs to this object; everything it owns meets only there.
#include "app/session.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

#include "app/cursor.hpp"
#include "app/deadline.hpp"
#include "app/faces/make_face.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

// The end of a terminal or of a session ends us like any other wish to stop, unless nohup or the
// like has said no.
bool heeds_hangup() {
    struct sigaction action {};
    return ::sigaction(SIGHUP, nullptr, &action) != 0 || action.sa_handler != SIG_IGN;
}

}  // namespace

Session::Session(const RunOptions& options, const Config& config, const std::string& secret)
    : options_(options),
      config_(config),
      out_(loop_, STDOUT_FILENO,
           {[this](bool on) {
                if (!stopped_) node_.receive(on);
                review_flow();
            },
            [this](std::uint64_t lines) {
                warn("standard output was not read: " + std::to_string(lines) + " lines are lost");
            },
            [this](int error) {
                if (error == EPIPE) return;
                warn("standard output: " + std::generic_category().message(error));
            }}),
      notes_(loop_, STDERR_FILENO, {}),
      log_(config.log, options.quiet,
           [this](std::string line) {
               asio::post(loop_, [this, line = std::move(line)] { note(line); });
           }),
      signals_(loop_, SIGINT, SIGTERM),
      node_(loop_, config_, [this](const Event& event) { port_.hear(event); }),
      port_(loop_, node_),
      face_(make_face(config_.ui, options_.quiet, surface())) {
    node_.close_network(secret);
}

Session::~Session() = default;

int Session::run() {
    node_.on_stopped([this] { stopped(); });
    node_.on_room([this] { review_flow(); });
    if (face_->wants_glimpses()) node_.glimpse();
    const auto address = node_.start();
    const auto failure = address ? serve_metrics() : Failure{address.why()};
    if (failure) {
        std::cerr << "lanchat: " + displayable(failure->why) + "\n";
        return 1;
    }
    serve_commands();
    watch_signals();
    start_input();
    ready(*address);
    loop_.run();
    return exit_code_;
}

// Without them the chat goes on.
void Session::serve_commands() {
    if (config_.data_dir.empty()) return;
    server_ = std::make_unique<api::Server>(loop_, port_);
    if (const auto no = server_->start(config_.data_dir)) warn("no commands: " + no->why);
}

// Whoever asks for them relies on them.
std::optional<Failure> Session::serve_metrics() {
    if (config_.metrics.listen.empty()) return std::nullopt;
    metrics_ = std::make_unique<metrics::Server>(loop_, port_);
    const auto where = metrics_->start(*parse_endpoint(config_.metrics.listen));
    if (!where) return Failure{where.why()};
    return std::nullopt;
}

Surface Session::surface() {
    return {loop_, port_,
            [this](std::string_view lines) {
                if (terminal_) return terminal_->print(lines);
                out_.write(lines);
            },
            [this](std::string_view line) { note(line); }, [this] { leave(); }};
}

void Session::start_input() {
    auto* typing = face_->typing();
    if (typing != nullptr && Terminal::is_possible()) return open_terminal(*typing);
    lines_ = std::make_unique<LineInput>(
        loop_, STDIN_FILENO, face_->line_bytes_max(),
        LineInput::Listener{[this](std::string_view line) {
                                face_->take_line(line);
                                review_flow();
                            },
                            [this] { face_->refuse_too_long(); }, [this] { end_of_input(); }});
    review_flow();
}

void Session::open_terminal(Typing& typing) {
    terminal_ = std::make_unique<Terminal>(
        loop_, [this](std::string_view bytes) { out_.write(bytes); },
        Terminal::Listener{
            [&typing](std::string_view line, bool pasted) { return typing.keeps(line, pasted); },
            [&typing](std::string_view line) { typing.take_typed(line); },
            [&typing](std::string_view line) { typing.take_pasted(line); },
            [&typing](const std::string& text) { typing.note(text); }, [this] { end_of_input(); },
            [this] { leave(); }, [&typing] { return typing.prompt(); }});
}

void Session::ready(const Endpoint& address) {
    const auto cursor = to_string(node_.position_at(node_.newest()));
    face_->ready({node_.id(), node_.name(), address, cursor});
    show_to_face();
}

// Nothing happens before: the loop does not run yet.
void Session::show_to_face() {
    NodePort::Listener listener{[this] { face_->disk_has_news(); },
                                [this](const Event& event) {
                                    face_->hear(event);
                                    heed(event);
                                }};
    if (face_->wants_places())
        listener.placed = [this](const std::string& id, store::Arrival arrival) {
            face_->placed(id, arrival);
        };
    port_.subscribe(std::move(listener));
}

// What matters to the run itself; all else is the business of the face.
void Session::heed(const Event& event) {
    const auto* other = std::get_if<controller::OtherNetwork>(&event);
    if (other != nullptr && is_all_we_wanted(other->where) && node_.peers().empty()) refused();
}

// Whoever names a single peer came for that one.
bool Session::is_all_we_wanted(const Endpoint& where) const {
    if (config_.peers.size() != 1) return false;
    const auto& peer = config_.peers.front();
    return peer == to_string(where) || peer == to_string(where.ip);
}

void Session::refused() {
    if (leaving_ || stopped_) return;
    reason_ = "refused";
    exit_code_ = 5;
    leave();
}

void Session::note(std::string_view line) {
    if (terminal_ && is_terminal(STDERR_FILENO)) return terminal_->print(line);
    notes_.write(line);
}

void Session::warn(const std::string& text) { note("lanchat: " + displayable(text) + "\n"); }

// Reads on while there is somewhere to go with what is read.
void Session::review_flow() {
    if (!lines_ || leaving_ || stopped_) return;
    if (!node_.has_room() || (face_->echoes() && out_.is_held())) {
        lines_->pause();
    } else {
        lines_->resume();
    }
}

void Session::end_of_input() {
    if (!leaving_) node_.end_of_input(options_.linger);
}

void Session::leave() {
    if (std::exchange(leaving_, true)) return;
    start_deadline();
    if (terminal_) terminal_->close();
    if (lines_) lines_->pause();
    node_.leave();
}

void Session::watch_signals() {
    if (heeds_hangup()) signals_.add(SIGHUP);
    signals_.async_wait([this](const asio::error_code& failed, int) {
        if (failed) return;
        on_signal();
        watch_signals();
    });
}

void Session::on_signal() {
    if (leaving_ || stopped_) end_now();
    reason_ = "signal";
    leave();
}

void Session::stopped() {
    if (std::exchange(stopped_, true)) return;
    server_.reset();
    metrics_.reset();
    if (terminal_) terminal_->close();
    face_->bye(reason_);
    out_.finish([this] { notes_.finish([this] { loop_.stop(); }); });
}

}  // namespace lanchat::app
