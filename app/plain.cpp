// Plain mode never echoes what was said here; the terminal did that.
#include "app/plain.hpp"

#include <utility>
#include <variant>

#include "app/plain_text.hpp"
#include "app/slash.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {

PlainFace::PlainFace(Chat chat, Sink out, Sink notes, PlainOptions options)
    : chat_(std::move(chat)),
      out_(std::move(out)),
      notes_(std::move(notes)),
      options_(options),
      room_(general_room) {}

void PlainFace::ready(const Readiness& node) {
    own_id_ = node.id;
    if (options_.quiet) return;
    note(displayable_name(node.name) + " at " + to_string(node.address) +
         (options_.commands ? ", /help for help" : ""));
}

void PlainFace::hear(const controller::Event& event) {
    const auto* message = std::get_if<controller::Message>(&event);
    if (std::holds_alternative<controller::Delivery>(event)) return;  // of lines of commands
    if (const auto* verification = std::get_if<controller::Verification>(&event))
        return show_verification(*verification);
    if (message == nullptr) {
        const bool warns = std::holds_alternative<controller::KeyChanged>(event);
        if (warns || !options_.quiet) note(describe(event));
        return;
    }
    if (is_muted(message->from)) return;
    if (message->history) return miss(*message);
    if (message->own) return;
    show_missed();
    line_.clear();
    append_message(line_, *message, options_.lines);
    out_(line_);
}

void PlainFace::miss(const controller::Message& message) {
    const Age age{message.said, message.from.id};
    if (age < shown_) {
        ++missed_more_;
        return;
    }
    missed_.emplace(age, message);
    if (missed_.size() <= limits::missed_shown_max) return;
    missed_.erase(missed_.begin());
    ++missed_more_;
}

void PlainFace::show_missed() {
    for (const auto& [age, message] : std::exchange(missed_, {})) {
        line_.clear();
        append_message(line_, message, options_.lines);
        out_(line_);
        shown_ = age;
    }
}

void PlainFace::tell_missed() {
    const auto more = std::exchange(missed_more_, 0);
    if (more > 0)
        note(std::to_string(more) + (more == 1 ? " earlier line is" : " earlier lines are") +
             " not shown: lanchat history shows them");
}

void PlainFace::bye(std::string_view) {
    show_missed();
    tell_missed();
}

void PlainFace::take_line(std::string_view line) {
    if (options_.commands && line.starts_with('/')) return obey(line);
    take_text(line);
}

void PlainFace::take_text(std::string_view text) {
    if (text.empty()) return;
    const auto said = chat_.say(std::string(text), room_);
    if (!said) note(said.why());
}

void PlainFace::refuse_too_long() {
    note("a line of more than " + std::to_string(limits::line_bytes_max) + " bytes was not sent");
}

void PlainFace::note(std::string_view text) {
    std::string line;
    append_note(line, text, options_.color_notes);
    notes_(line);
}

void PlainFace::obey(std::string_view line) {
    const auto slash = parse_slash(line);
    switch (slash.verb) {
        case Slash::Verb::none:
            return take_text(slash.argument);
        case Slash::Verb::help:
            return show_help();
        case Slash::Verb::peers:
            return show_peers();
        case Slash::Verb::join:
            return join(slash.argument);
        case Slash::Verb::verify:
            return verify(slash.argument);
        case Slash::Verb::block:
            return block(slash.argument, true);
        case Slash::Verb::unblock:
            return block(slash.argument, false);
        case Slash::Verb::mute:
            return mute(slash.argument, true);
        case Slash::Verb::unmute:
            return mute(slash.argument, false);
        case Slash::Verb::msg:
            return tell(slash.argument);
        case Slash::Verb::quit:
            return chat_.leave();
        case Slash::Verb::unknown:
            break;
    }
    const auto nearest = nearest_command(slash.argument);
    note("unknown command " + to_name(slash.argument, "/") +
         (nearest.empty() ? ", /help lists them" : ", did you mean " + nearest + "?"));
}

void PlainFace::show_help() {
    auto help = slash_help();
    while (!help.empty()) {
        const auto end = help.find('\n');
        note(help.substr(0, end));
        help.remove_prefix(end + 1);
    }
}

void PlainFace::join(const std::string& room) {
    auto valid = to_utf8(room);
    if (valid.empty() || valid.size() > limits::room_bytes_max)
        return note("a room name has 1 to " + std::to_string(limits::room_bytes_max) + " bytes");
    room_ = std::move(valid);
    note("what you type goes to " + room_ + " now");
}

}  // namespace lanchat::app
