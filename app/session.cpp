// The loop belongs to this object; everything it owns meets only there.
#include "app/session.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

#include "app/api/cursor.hpp"
#include "app/api/recipient.hpp"
#include "app/deadline.hpp"
#include "app/terminal/color.hpp"
#include "message/comparing.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
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

// Calls `deed` with the face there is.
template <class Deed>
void with_face(std::variant<std::monostate, PlainFace, JsonFace>& face, Deed deed) {
    if (auto* plain = std::get_if<PlainFace>(&face)) deed(*plain);
    if (auto* json = std::get_if<JsonFace>(&face)) deed(*json);
}

Chat::Told told_of(const api::Published& said) {
    if (!said.line) return {Failure{said.line.why()}};
    return {message_id(*said.line), said.waits_for};
}

}  // namespace

Session::Session(const RunOptions& options, const Config& config, const std::string& secret)
    : options_(options),
      config_(config),
      json_(config.ui.mode == UiMode::json),
      out_(loop_, STDOUT_FILENO,
           {[this](bool on) {
                if (!stopped_) node_->receive(on);
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
      missed_timer_(loop_),
      missed_end_(loop_),
      node_(std::make_unique<Node>(loop_, config_, [this](const Event& event) { hear(event); })) {
    node_->close_network(secret);
    make_face();
}

Session::~Session() = default;

int Session::run() {
    node_->on_stopped([this] { stopped(); });
    node_->on_room([this] { review_flow(); });
    const auto address = node_->start();
    if (!address) {
        std::cerr << "lanchat: " + displayable(address.why()) + "\n";
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
    backend_ = std::make_unique<NodeBackend>(loop_, *node_);
    node_->on_disk_news([this] { disk_has_news(); });
    if (json_)
        node_->on_placed([this](const std::string& id, store::Arrival at) { placed(id, at); });
    if (config_.data_dir.empty()) return;
    server_ = std::make_unique<api::Server>(loop_, *backend_);
    if (const auto no = server_->start(config_.data_dir)) warn("no commands: " + no->why);
}

void Session::make_face() {
    Sink out = [this](std::string_view lines) {
        if (terminal_) return terminal_->print(lines);
        out_.write(lines);
    };
    if (json_) {
        face_.emplace<JsonFace>(chat(), std::move(out));
    } else {
        Sink notes = [this](std::string_view line) { note(line); };
        face_.emplace<PlainFace>(chat(), std::move(out), std::move(notes), plain_options());
    }
}

Chat Session::chat() {
    return {
        [this](std::string text, std::string room) {
            return node_->say(std::move(text), std::move(room));
        },
        [this](std::string text, std::string room, Chat::Stored stored) {
            node_->say({std::move(text), std::move(room)},
                       [stored = std::move(stored)](const Result<LineId>& line) {
                           if (!line) return stored(Failure{line.why()});
                           stored(message_id(*line));
                       });
        },
        [this] { return node_->peers(); },
        [this] { leave(); },
        [this](const std::string& peer, std::string text,
               const std::function<void(const Chat::Told&)>& told) {
            api::publish_to(*backend_, peer, {general_room, std::move(text), {}},
                            [told](const api::Published& said) { told(told_of(said)); });
        },
        [this](const std::string& word, bool blocked) { return node_->find_person(word, blocked); },
        [this](const DeviceId& who) { return node_->about(who); },
        [this] { return node_->blocked(); },
        [this](const DeviceId& who, bool on, Chat::Decided done) {
            node_->block(who, on, std::move(done));
        },
        [this](const DeviceId& who) { return node_->verify(who); },
        [this](const DeviceId& who) { return node_->pin(who); },
        [this](const DeviceId& who, const std::string& code, bool same) {
            node_->judge(who, code, same);
        },
        [this](const std::string& word) { return node_->means_somebody(word); }};
}

PlainOptions Session::plain_options() const {
    return {options_.quiet, is_terminal(STDIN_FILENO),
            LineStyle{is_terminal(STDOUT_FILENO),
                      wants_color(color_wishes(config_.ui.color, STDOUT_FILENO))},
            wants_color(color_wishes(config_.ui.color, STDERR_FILENO))};
}

void Session::start_input() {
    if (!json_ && Terminal::is_possible()) {
        auto& plain = std::get<PlainFace>(face_);
        terminal_ = std::make_unique<Terminal>(
            loop_, [this](std::string_view bytes) { out_.write(bytes); },
            Terminal::Listener{
                [&plain](std::string_view line, bool pasted) { return plain.keeps(line, pasted); },
                [&plain](std::string_view line) { plain.take_line(line); },
                [&plain](std::string_view line) { plain.take_pasted(line); },
                [&plain](const std::string& text) { plain.note(text); }, [this] { end_of_input(); },
                [this] { leave(); }, [this] { return prompt(); }});
        return;
    }
    const auto bytes_max = json_ ? limits::json_line_bytes_max : limits::line_bytes_max;
    lines_ = std::make_unique<LineInput>(
        loop_, STDIN_FILENO, bytes_max,
        LineInput::Listener{
            [this](std::string_view line) {
                with_face(face_, [&](auto& face) { face.take_line(line); });
                review_flow();
            },
            [this] { with_face(face_, [](auto& face) { face.refuse_too_long(); }); },
            [this] { end_of_input(); }});
    review_flow();
}

std::string Session::prompt() {
    const auto& room = std::get<PlainFace>(face_).room();
    return is_same_name(room, general_room) ? "> " : displayable_name(room) + "> ";
}

void Session::ready(const Endpoint& address) {
    ready_ = true;
    const auto cursor = api::to_string(node_->position_at(node_->newest()));
    with_face(face_, [&](auto& face) {
        face.ready({node_->id(), node_->name(), address, cursor});
    });
    for (const auto& event : std::exchange(early_, {})) show(event);
}

void Session::hear(const Event& event) {
    if (backend_) backend_->hear(event);
    show(event);
}

void Session::disk_has_news() {
    backend_->ring();
    release_unplaced();
}

void Session::placed(const std::string& id, store::Arrival arrival) {
    const auto cursor = arrival == 0 ? "" : api::to_string(node_->position_at(arrival));
    std::get<JsonFace>(face_).placed(id, cursor);
}

void Session::release_unplaced() {
    if (json_ && !node_->disk_trouble().empty()) std::get<JsonFace>(face_).release();
}

void Session::show(const Event& event) {
    if (!ready_) return early_.push_back(event);
    with_face(face_, [&](auto& face) { face.hear(event); });
    release_unplaced();
    const auto* message = std::get_if<controller::Message>(&event);
    if (message != nullptr && message->history) show_missed_soon();
    const auto* other = std::get_if<controller::OtherNetwork>(&event);
    if (other != nullptr && is_all_we_wanted(other->where) && node_->peers().empty()) refused();
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

void Session::show_missed_soon() {
    if (json_) return;
    if (!std::exchange(missed_gather_, true)) {
        missed_timer_.expires_after(limits::missed_delay);
        missed_timer_.async_wait([this](const asio::error_code& moved) {
            missed_gather_ = false;
            if (!moved) std::get<PlainFace>(face_).show_missed();
        });
    }
    missed_end_.expires_after(limits::missed_pause);
    missed_end_.async_wait([this](const asio::error_code& moved) {
        if (!moved) std::get<PlainFace>(face_).tell_missed();
    });
}

void Session::note(std::string_view line) {
    if (terminal_ && is_terminal(STDERR_FILENO)) return terminal_->print(line);
    notes_.write(line);
}

void Session::warn(const std::string& text) { note("lanchat: " + displayable(text) + "\n"); }

// Reads on while there is somewhere to go with what is read.
void Session::review_flow() {
    if (!lines_ || leaving_ || stopped_) return;
    // A program whose own lines come back as JSON is to read them; then it may write on.
    if (!node_->has_room() || (json_ && out_.is_held())) {
        lines_->pause();
    } else {
        lines_->resume();
    }
}

void Session::end_of_input() {
    if (!leaving_) node_->end_of_input(options_.linger);
}

void Session::leave() {
    if (std::exchange(leaving_, true)) return;
    start_deadline();
    if (terminal_) terminal_->close();
    if (lines_) lines_->pause();
    node_->leave();
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
    missed_timer_.cancel();
    missed_end_.cancel();
    if (terminal_) terminal_->close();
    with_face(face_, [&](auto& face) { face.bye(reason_); });
    out_.finish([this] { notes_.finish([this] { loop_.stop(); }); });
}

}  // namespace lanchat::app
