// Everything of others that comes by here passes displayable(): see message/text.hpp.
#include "app/plain_text.hpp"

#include <variant>

#include "app/terminal/color.hpp"
#include "message/frame.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

using controller::Delivery;
using controller::Forked;
using controller::Message;
using controller::OtherNetwork;
using controller::PeerDown;
using controller::PeerInfo;
using controller::PeerUp;
using controller::Undelivered;
using controller::UndeliveredReason;

std::string shown_name(const PeerInfo& peer) {
    return peer.legacy ? to_string(peer.address) : displayable_name(peer.name);
}

std::string shown_recipient(const PeerInfo& peer) {
    return peer.name.empty() ? peer.id.substr(0, 8) : displayable_name(peer.name);
}

std::string describe_fields(const Message&) { return {}; }

std::string describe_fields(const PeerUp& up) { return describe(up.peer) + " joined"; }

std::string describe_fields(const PeerDown& down) {
    return describe(down.peer) + ' ' + std::string(to_word(down.reason));
}

std::string describe_fields(const Forked& forked) {
    return displayable_name(forked.author.name) + " (" + forked.author.id +
           ") signed two different lines for one place: nothing more of that log is taken";
}

std::string describe_fields(const OtherNetwork& other) {
    return to_string(other.where) + " is in another network: not the same passphrase";
}

std::string describe_fields(const Delivery& delivery) {
    return delivery.id + " is stored by " + std::to_string(delivery.count.delivered) + " of " +
           std::to_string(delivery.count.of);
}

std::string describe_fields(const Undelivered& missed) {
    const bool gone = missed.reason == UndeliveredReason::gone;
    return std::to_string(missed.lines) + (missed.lines == 1 ? " line" : " lines") +
           " did not reach " + describe(missed.peer) + (gone ? ": it is gone" : ": it is too slow");
}

}  // namespace

void append_message(std::string& out, const Message& message, bool color) {
    const auto name = shown_name(message.from);
    if (color) out += color_of(name);
    out += name;
    if (color) out += color_off;
    // No name holds a colon, so nobody can say in a room what looks like this.
    if (message.to) {
        out += message.own ? ":direct to " + shown_recipient(*message.to) : ":direct";
    } else if (message.room != general_room) {
        out += '@';
        out += displayable_name(message.room);
    }
    out += ": ";
    out += displayable(message.text);
    out += '\n';
}

std::string describe(const PeerInfo& peer) {
    const auto address = to_string(peer.address);
    if (peer.legacy) return address + " (legacy)";
    return displayable_name(peer.name) + " (" + address + ")";
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
