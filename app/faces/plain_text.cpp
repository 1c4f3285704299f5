// Everything of others that comes by here passes displayable(): see message/text.hpp.
#include "app/faces/plain_text.hpp"

#include <variant>

#include "app/terminal/color.hpp"
#include "controller/find_person.hpp"
#include "message/comparing.hpp"
#include "message/frame.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

using controller::Delivery;
using controller::Forked;
using controller::Glimpse;
using controller::KeyChanged;
using controller::Message;
using controller::OtherNetwork;
using controller::OtherVersion;
using controller::PeerDown;
using controller::PeerInfo;
using controller::PeerMoved;
using controller::PeerUp;
using controller::TakenBack;
using controller::Undelivered;
using controller::UndeliveredReason;
using controller::Verification;
using controller::Withdrawn;

std::string shown_name(const PeerInfo& peer, bool marks = true) {
    if (peer.legacy) return to_string(peer.address);
    auto name = displayable_name(peer.name);
    if (marks && !peer.mark.empty()) name.append(controller::mark_sign) += peer.mark;
    return name;
}

// Whoever speaks for somebody else is named behind that one.
std::string shown_author(const Message& message, bool marks) {
    auto author = shown_name(message.from, marks);
    if (!message.via) return author;
    return displayable_name(message.via->name) + " (" + displayable_name(message.via->through) +
           ", by " + author + ')';
}

std::string shown_text(const Message& message) {
    if (message.body == BodyState::dropped) return "(taken back)";
    if (message.body == BodyState::lacking) return "(not here yet)";
    return displayable(message.text);
}

std::string shown_recipient(const PeerInfo& peer) {
    return peer.name.empty() ? peer.id.substr(0, 8) : displayable_name(peer.name);
}

std::string describe_fields(const Message&) { return {}; }
std::string describe_fields(const Glimpse&) { return {}; }

std::string describe_fields(const Withdrawn& withdrawn) {
    return "WARNING: the last line of " + shown_name(withdrawn.by) +
           " was not said with its key (" + withdrawn.by.id +
           "): it does not count, and its sender is cut off";
}

// Only lines of commands are watched here, and a command tells of them itself.
std::string describe_fields(const Delivery&) { return {}; }

std::string describe_fields(const PeerUp& up) { return describe(up.peer) + " joined"; }

std::string describe_fields(const PeerDown& down) {
    return describe(down.peer) + ' ' + std::string(to_word(down.reason));
}

std::string describe_fields(const PeerMoved& moved) {
    return shown_name(moved.peer) + " is at " + to_string(moved.peer.address) + " now";
}

std::string describe_fields(const TakenBack& taken) {
    return shown_name(taken.by) + " took back a line";
}

std::string describe_fields(const Forked& forked) {
    return shown_name(forked.author) + " (" + forked.author.id +
           ") signed two different lines for one place: nothing more of that log is taken";
}

std::string describe_fields(const OtherNetwork& other) {
    return to_string(other.where) + " is in another network: not the same passphrase";
}

std::string describe_fields(const OtherVersion& other) {
    return other.address() +
           " runs another version of lanchat that cannot be linked with this one: use the same one "
           "on both";
}

std::string describe_fields(const Undelivered& missed) {
    const auto lines = std::to_string(missed.lines) + (missed.lines == 1 ? " line" : " lines");
    if (missed.reason == UndeliveredReason::too_long)
        return lines + " of " + describe(missed.peer) + " did not reach us: longer than " +
               std::to_string(limits::line_bytes_max) + " bytes";
    const bool gone = missed.reason == UndeliveredReason::gone;
    return lines + " did not reach " + describe(missed.peer) +
           (gone ? ": it is gone" : ": it is too slow");
}

std::string describe_fields(const KeyChanged& changed) {
    return "WARNING: " + describe(changed.now) + " is not the " + shown_name(changed.known) +
           " that you know: another key, " + changed.now.id + " instead of " + changed.known.id;
}

std::string describe_fields(const Verification& verification) {
    const auto who = describe(verification.peer);
    switch (verification.stage) {
        case Verification::Stage::shown:
            return "code with " + who + ": " + verification.code;
        case Verification::Stage::verified:
            return who + " is verified";
        case Verification::Stage::refused:
            return who + " is not verified: the codes were not agreed to";
        case Verification::Stage::timed_out:
            return who + " is not verified: not both answered in time";
        case Verification::Stage::lost:
            return who + " is not verified: the link was lost";
        case Verification::Stage::failed:
            return who + " is not verified: " + verification.why;
    }
    return {};
}

}  // namespace

void append_message(std::string& out, const Message& message, LineStyle style) {
    const auto name = shown_author(message, style.marks);
    if (style.marks && message.clock_ahead) out += "(clock?) ";
    if (style.marks && message.urgent) out += "(urgent) ";
    if (style.marks && !message.reply_to.empty()) out += "(reply) ";
    if (message.action) out += "* ";
    if (style.color) out += color_of(name);
    out += name;
    if (style.color) out += color_off;
    // No name holds a colon, so nobody can say in a room what looks like this.
    if (message.to) {
        out += message.own ? ":direct to " + shown_recipient(*message.to) : ":direct";
    } else if (!is_same_name(message.room, general_room)) {
        out += '@';
        out += displayable_name(message.room);
    }
    out += message.action && !message.to ? " " : ": ";
    out += shown_text(message);
    out += '\n';
}

std::string describe(const PeerInfo& peer) {
    const auto address = to_string(peer.address);
    if (peer.legacy) return address + " (legacy)";
    if (peer.address == Endpoint{}) return shown_name(peer);
    return shown_name(peer) + " (" + address + ")";
}

std::string describe(const controller::Event& event) {
    return std::visit([](const auto& fields) { return describe_fields(fields); }, event);
}

void append_note(std::string& out, std::string_view note, bool color) {
    if (color) out += color_dim;
    out += "-- ";
    out += displayable(note);
    if (color) out += color_off;
    out += '\n';
}

}  // namespace lanchat::app
