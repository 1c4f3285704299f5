// Plain mode never echoes what was said here; the terminal did that.
#include "app/faces/plain.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "app/faces/plain_text.hpp"
#include "app/faces/slash.hpp"
#include "app/terminal/slashes.hpp"
#include "message/comparing.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

using controller::Glimpse;
using controller::KeyChanged;
using controller::Message;
using controller::Verification;
using controller::Withdrawn;

}  // namespace

PlainFace::PlainFace(Surface surface, PlainOptions options)
    : surface_(std::move(surface)),
      options_(options),
      room_(general_room),
      missed_timer_(surface_.loop),
      missed_end_(surface_.loop) {}

void PlainFace::ready(const Readiness& node) {
    own_id_ = node.id;
    if (options_.quiet) return;
    note(displayable_name(node.name) + " at " + to_string(node.address) +
         (options_.commands ? ", /help for help" : ""));
}

void PlainFace::hear(const Event& event) {
    if (const auto* message = std::get_if<Message>(&event)) {
        if (unproven_.erase(message->id) == 0) hear_message(*message);
        return;
    }
    if (const auto* early = std::get_if<Glimpse>(&event)) {
        unproven_.insert(early->message.id);
        return hear_message(early->message);
    }
    if (const auto* withdrawn = std::get_if<Withdrawn>(&event)) return withdraw(*withdrawn);
    if (const auto* verification = std::get_if<Verification>(&event))
        return show_verification(*verification);
    const bool warns = std::holds_alternative<KeyChanged>(event);
    const auto what = warns || !options_.quiet ? describe(event) : std::string();
    if (!what.empty()) note(what);
}

void PlainFace::hear_message(const Message& message) {
    if (message.history) show_missed_soon();
    if (is_muted(message.from)) return;
    if (message.history) return miss(message);
    if (message.own) return;
    show_missed();
    line_.clear();
    append_message(line_, message, options_.lines);
    surface_.out(line_);
}

void PlainFace::withdraw(const Withdrawn& withdrawn) {
    unproven_.erase(withdrawn.id);
    if (!is_muted(withdrawn.by)) note(describe(withdrawn));
}

void PlainFace::show_missed_soon() {
    if (!std::exchange(missed_gather_, true)) {
        missed_timer_.expires_after(limits::missed_delay);
        missed_timer_.async_wait([this](const asio::error_code& moved) {
            if (moved) return;
            missed_gather_ = false;
            show_missed();
        });
    }
    missed_end_.expires_after(limits::missed_pause);
    missed_end_.async_wait([this](const asio::error_code& moved) {
        if (!moved) tell_missed();
    });
}

void PlainFace::miss(const Message& message) {
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
        surface_.out(line_);
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
    missed_timer_.cancel();
    missed_end_.cancel();
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
    const auto slash = pasted ? Slash{.argument = std::string(line)} : parse_slash(line);
    if (slash.is_unknown && slash.has_more) {
        note(why_unknown(slash.argument));
        note("not said: with one more / before it, it is said to all in " + room_);
        return true;
    }
    const bool is_text = slash.command == nullptr && !slash.is_unknown;
    if (!is_text || !may_be_for_one(slash.argument)) return false;
    note("not said, since it may be for one alone: the same line again is said to all in " + room_);
    asked_ = line;
    return true;
}

bool PlainFace::may_be_for_one(std::string_view text) const {
    if (resembles_msg(text)) return true;
    constexpr std::string_view bare = "msg ";
    const std::string rest(text.substr(std::min(bare.size(), text.size())));
    return text.starts_with(bare) &&
           surface_.node.means_somebody(rest.substr(0, end_of_peer(rest)));
}

void PlainFace::take(std::string_view line, bool pasted) {
    if (keeps(line, pasted)) return;
    asked_.clear();
    if (options_.commands && !pasted && line.starts_with('/')) return obey(line);
    say(line);
}

void PlainFace::say(std::string_view text) {
    if (text.empty()) return;
    const auto said = surface_.node.say(std::string(text), room_);
    if (!said) note(said.why());
}

std::string PlainFace::prompt() const {
    return is_same_name(room_, general_room) ? "> " : displayable_name(room_) + "> ";
}

std::size_t PlainFace::line_bytes_max() const { return limits::line_bytes_max; }

void PlainFace::refuse_too_long() {
    note("a line of more than " + std::to_string(limits::line_bytes_max) + " bytes was not sent");
}

void PlainFace::note(std::string_view text) {
    std::string line;
    append_note(line, text, options_.color_notes);
    surface_.notes(line);
}

}  // namespace lanchat::app
