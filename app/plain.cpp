// Plain mode never echoes what was said here; the terminal did that.
#include "app/plain.hpp"

#include <algorithm>
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

bool PlainFace::keeps(std::string_view line, bool pasted) {
    if (!options_.commands || (!asked_.empty() && line == asked_)) return false;
    if (!pasted && resembles_command(line)) {
        note("not said, since it may be a command: a command begins with /, and /say TEXT says " +
             std::string("any TEXT"));
        return true;
    }
    const auto slash = pasted ? Slash{Slash::Verb::none, std::string(line)} : parse_slash(line);
    if (slash.verb == Slash::Verb::unknown && slash.has_more) {
        note(why_unknown(slash.argument));
        note("not said: with one more / before it, it is said to all in " + room_);
        return true;
    }
    if (slash.verb != Slash::Verb::none || !may_be_for_one(slash.argument)) return false;
    note("not said, since it may be for one alone: the same line again is said to all in " + room_);
    asked_ = line;
    return true;
}

bool PlainFace::may_be_for_one(std::string_view text) const {
    if (resembles_msg(text)) return true;
    constexpr std::string_view bare = "msg ";
    const std::string rest(text.substr(std::min(bare.size(), text.size())));
    return text.starts_with(bare) && chat_.means_somebody &&
           chat_.means_somebody(rest.substr(0, end_of_peer(rest)));
}

void PlainFace::take(std::string_view line, bool pasted) {
    if (keeps(line, pasted)) return;
    asked_.clear();
    if (options_.commands && !pasted && line.starts_with('/')) return obey(line);
    say(line);
}

void PlainFace::say(std::string_view text) {
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
        case Slash::Verb::say:
            return say(slash.argument);
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
    note(why_unknown(slash.argument));
}

std::string PlainFace::why_unknown(const std::string& word) const {
    const auto nearest = nearest_command(word);
    return "unknown command " + to_name(word, "/") +
           (nearest.empty() ? ", /help lists them" : ", did you mean " + nearest + "?");
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
