// Formats by appending to one string that is reused, so that an event costs no allocation.
#include "app/faces/json_output.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <variant>

#include "app/cursor.hpp"
#include "message/assert.hpp"
#include "message/base64.hpp"

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
using controller::Verification;
using controller::Withdrawn;

constexpr unsigned char c1_lead = 0xC2;

// Bytes at which the copying of a run has to stop and look.
constexpr std::array<bool, 256> make_stops() {
    std::array<bool, 256> stops{};
    for (std::size_t c = 0; c < 0x20; ++c) stops[c] = true;
    stops['"'] = stops['\\'] = stops[0x7F] = stops[c1_lead] = true;
    return stops;
}
constexpr auto stops = make_stops();

void append_hex_escape(std::string& out, unsigned char c) {
    static constexpr char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    out.append(escape, sizeof escape);
}

void append_escape(std::string& out, unsigned char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            append_hex_escape(out, c);
    }
}

// Writes what begins with the stop at `at`; returns the position after it.
std::size_t append_stop(std::string& out, std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c != c1_lead) {
        append_escape(out, c);
        return at + 1;
    }
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    if (next >= 0x80 && next <= 0x9F) {
        append_hex_escape(out, static_cast<unsigned char>(next));
    } else {
        out.append(text.substr(at, 2));
    }
    return std::min(at + 2, text.size());
}

void append_padded(std::string& out, std::int64_t number, int width) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const auto length = end - digits;
    if (length < width) out.append(static_cast<std::size_t>(width - length), '0');
    out.append(digits, end);
}

// ,"key":
void append_key(std::string& out, std::string_view key) {
    out += ",\"";
    out += key;
    out += "\":";
}

void append_string(std::string& out, std::string_view key, std::string_view value) {
    append_key(out, key);
    append_json_string(out, value);
}

void append_bool(std::string& out, std::string_view key, bool value) {
    append_key(out, key);
    out += value ? "true" : "false";
}

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
    append_key(out, key);
    out += std::to_string(value);
}

void append_start(std::string& out, std::string_view type) {
    out += "{\"v\":1,\"type\":\"";
    out += type;
    out += '"';
}

void append_address(std::string& out, const Endpoint& address) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        append_padded(out, (address.ip.bits >> shift) & 255, 1);
        out += shift > 0 ? '.' : ':';
    }
    append_padded(out, address.port, 1);
}

void append_peer_as(std::string& out, std::string_view key, const PeerInfo& peer) {
    append_key(out, key);
    out += "{\"address\":\"";
    if (peer.address != Endpoint{}) append_address(out, peer.address);
    out += '"';
    append_string(out, "id", peer.id);
    append_string(out, "name", peer.name);
    append_string(out, "trust", to_word(peer.trust));
    append_bool(out, "legacy", peer.legacy);
    append_bool(out, "encrypted", peer.encrypted);
    out += '}';
}

void append_fields(std::string& out, const PeerUp& up, std::string_view) {
    append_start(out, "peer");
    append_string(out, "event", "up");
    append_peer_as(out, "peer", up.peer);
}

void append_fields(std::string& out, const PeerDown& down, std::string_view) {
    append_start(out, "peer");
    append_string(out, "event", "down");
    append_peer_as(out, "peer", down.peer);
    append_string(out, "reason", to_word(down.reason));
}

void append_fields(std::string& out, const PeerMoved& moved, std::string_view) {
    append_start(out, "moved");
    append_peer_as(out, "peer", moved.peer);
    append_string(out, "before", to_string(moved.before));
}

void append_recipient(std::string& out, const PeerInfo& peer) {
    out += ",\"to\":{\"id\":";
    append_json_string(out, peer.id);
    append_string(out, "name", peer.name);
    out += '}';
    append_bool(out, "direct", true);
}

void append_marks(std::string& out, const Message& message) {
    if (message.via) {
        out += ",\"via\":{\"name\":";
        append_json_string(out, message.via->name);
        append_string(out, "through", message.via->through);
        out += '}';
    }
    if (!message.reply_to.empty()) append_string(out, "reply_to", message.reply_to);
    if (message.urgent) append_bool(out, "urgent", true);
    if (message.action) append_bool(out, "action", true);
    if (message.body == BodyState::lacking) append_bool(out, "missing", true);
    if (message.body == BodyState::dropped) append_bool(out, "deleted", true);
}

void append_placed(std::string& out, const Message& message, const Place& place) {
    append_start(out, "message");
    append_string(out, "id", message.id);
    if (!place.cursor.empty()) append_string(out, "cursor", place.cursor);
    if (!place.order.empty()) append_string(out, "order", place.order);
    append_string(out, "room", message.to ? "" : message.room);
    out += ",\"from\":{\"id\":";
    append_json_string(out, message.from.id);
    append_string(out, "name", message.from.name);
    out += ",\"address\":\"";
    if (message.from.address != Endpoint{}) append_address(out, message.from.address);
    out += '"';
    append_bool(out, "legacy", message.from.legacy);
    out += "},\"ts\":\"";
    append_utc(out, message.said);
    out += '"';
    append_string(out, "text", message.text);
    if (message.to) append_recipient(out, *message.to);
    append_bool(out, "history", place.history || message.history);
    if (message.own) append_bool(out, "own", true);
    if (message.late) append_bool(out, "late", true);
    if (message.clock_ahead) append_bool(out, "clock_ahead", true);
    if (place.disputed) append_bool(out, "disputed", true);
    append_marks(out, message);
}

void append_held(std::string& out, const store::Tally& held) {
    append_number(out, "lines", held.lines);
    append_number(out, "logs", held.logs);
    append_number(out, "trimmed", held.trimmed);
    append_number(out, "bytes", held.bytes);
    if (!held.oldest) return;
    append_key(out, "oldest");
    out += '"';
    append_utc(out, *held.oldest);
    out += '"';
}

void append_fields(std::string& out, const Message& message, std::string_view cursor) {
    append_placed(out, message, {cursor, order_of(message.clock, message.line)});
}

void append_fields(std::string& out, const TakenBack& taken, std::string_view) {
    append_start(out, "deleted");
    append_string(out, "id", taken.id);
    append_peer_as(out, "by", taken.by);
}

void append_fields(std::string& out, const Forked& forked, std::string_view) {
    append_start(out, "forked");
    append_string(out, "id", forked.author.id);
    append_string(out, "name", forked.author.name);
}

void append_fields(std::string& out, const OtherNetwork& other, std::string_view) {
    append_start(out, "other_network");
    append_key(out, "address");
    out += '"';
    append_address(out, other.where);
    out += '"';
}

void append_fields(std::string& out, const OtherVersion& other, std::string_view) {
    append_start(out, "other_version");
    append_string(out, "address", other.address());
}

// Programs are told of lines that are proven.
void append_fields(std::string&, const Glimpse&, std::string_view) { LANCHAT_ASSERT(false); }
void append_fields(std::string&, const Withdrawn&, std::string_view) { LANCHAT_ASSERT(false); }

void append_fields(std::string& out, const Delivery& delivery, std::string_view) {
    append_start(out, "delivery");
    append_string(out, "id", delivery.id);
    append_number(out, "delivered", delivery.count.delivered);
    append_number(out, "of", delivery.count.of);
}

void append_fields(std::string& out, const Undelivered& undelivered, std::string_view) {
    append_start(out, "undelivered");
    append_peer_as(out, "peer", undelivered.peer);
    append_number(out, "lines", undelivered.lines);
    append_string(out, "reason", to_word(undelivered.reason));
}

void append_fields(std::string& out, const KeyChanged& changed, std::string_view) {
    append_start(out, "warning");
    append_string(out, "code", "key_changed");
    append_peer_as(out, "peer", changed.now);
    append_peer_as(out, "known", changed.known);
}

void append_fields(std::string& out, const Verification& verification, std::string_view) {
    append_start(out, "verification");
    append_string(out, "event", to_word(verification.stage));
    append_peer_as(out, "peer", verification.peer);
    append_string(out, "code", verification.code);
    if (!verification.why.empty()) append_string(out, "why", verification.why);
}

void append_base64_string(std::string& out, std::string_view bytes) {
    out += '"';
    append_base64(out, bytes);
    out += '"';
}

void append_numbers(std::string& out, std::string_view key,
                    const std::vector<std::uint32_t>& numbers) {
    append_key(out, key);
    char before = '[';
    for (const std::uint32_t number : numbers) {
        out += before;
        out += std::to_string(number);
        before = ',';
    }
    out += ']';
}

void append_base64_array(std::string& out, const Pieces& all) {
    char before = '[';
    for (const auto bytes : all) {
        out += before;
        append_base64_string(out, bytes);
        before = ',';
    }
    out += all.empty() ? "[]" : "]";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!stops[static_cast<unsigned char>(text[at])]) {
            ++at;
            continue;
        }
        out.append(text.substr(begin, at - begin));
        begin = at = append_stop(out, text, at);
    }
    out.append(text.substr(begin));
    out += '"';
}

void append_utc(std::string& out, WallTime time) {
    using namespace std::chrono;
    constexpr milliseconds first = sys_days(year(0) / 1 / 1).time_since_epoch();
    constexpr milliseconds last = sys_days(year(10000) / 1 / 1).time_since_epoch() - 1ms;
    const sys_time<milliseconds> at(std::clamp(milliseconds(time.ms), first, last));
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss clock(at - day);
    append_padded(out, int(date.year()), 4);
    out += '-';
    append_padded(out, unsigned(date.month()), 2);
    out += '-';
    append_padded(out, unsigned(date.day()), 2);
    out += 'T';
    append_padded(out, clock.hours().count(), 2);
    out += ':';
    append_padded(out, clock.minutes().count(), 2);
    out += ':';
    append_padded(out, clock.seconds().count(), 2);
    out += '.';
    append_padded(out, clock.subseconds().count(), 3);
    out += 'Z';
}

void append_ready(std::string& out, const Readiness& node) {
    append_start(out, "ready");
    append_string(out, "id", node.id);
    append_string(out, "name", node.name);
    append_string(out, "address", to_string(node.address));
    out += ",\"rooms\":[\"general\"]";
    append_string(out, "cursor", node.cursor);
    out += "}\n";
}

void append_event(std::string& out, const controller::Event& event, std::string_view cursor) {
    std::visit([&](const auto& fields) { append_fields(out, fields, cursor); }, event);
    out += "}\n";
}

void append_message(std::string& out, const Message& message, const Place& place) {
    append_placed(out, message, place);
    out += "}\n";
}

void append_ack(std::string& out, std::string_view ref, std::string_view id) {
    append_start(out, "ack");
    append_string(out, "ref", ref);
    append_string(out, "id", id);
    out += "}\n";
}

void append_delivery(std::string& out, std::string_view id, DeliveryCount count) {
    append_fields(out, Delivery{std::string(id), {}, count}, {});
    out += "}\n";
}

void append_peer(std::string& out, const PeerInfo& peer) {
    append_start(out, "peer");
    append_string(out, "event", "known");
    append_peer_as(out, "peer", peer);
    out += "}\n";
}

void append_room(std::string& out, std::string_view name) {
    append_start(out, "room");
    append_string(out, "name", name);
    out += "}\n";
}

void append_texts(std::string& out, std::string_view key, const std::vector<std::string>& texts) {
    append_key(out, key);
    out += '[';
    for (std::size_t n = 0; n < texts.size(); ++n) {
        if (n > 0) out += ',';
        append_json_string(out, texts[n]);
    }
    out += ']';
}

void append_status(std::string& out, const NodeStatus& status) {
    append_start(out, "status");
    append_string(out, "id", status.id);
    append_string(out, "name", status.name);
    append_string(out, "address", status.address);
    append_string(out, "version", status.version);
    append_string(out, "cursor", status.cursor);
    append_number(out, "peers", status.peers);
    append_string(out, "problem", status.problem);
    append_string(out, "socket", status.socket);
    append_texts(out, "warnings", status.warnings);
    append_texts(out, "addresses", status.addresses);
    const Standing& standing = status.standing;
    append_texts(out, "networks", standing.networks);
    out += ",\"scan\":{\"sweeping\":";
    out += standing.sweeping ? "true" : "false";
    append_number(out, "passed", standing.scan_passed);
    append_number(out, "targets", standing.scan_targets);
    append_number(out, "sweeps", standing.sweeps);
    out += '}';
    if (standing.beacon) {
        out += ",\"beacon\":{\"sent\":" + std::to_string(standing.calls_sent);
        append_number(out, "heard", standing.calls_heard);
        out += '}';
    }
    if (status.held) append_held(out, *status.held);
    out += "}\n";
}

void append_finding(std::string& out, std::string_view check, std::string_view result,
                    std::string_view cause, std::string_view remedy) {
    append_start(out, "finding");
    append_string(out, "check", check);
    append_string(out, "result", result);
    append_string(out, "cause", cause);
    append_string(out, "do", remedy);
    out += "}\n";
}

void append_run(std::string& out, const Run& run) {
    append_start(out, "run");
    if (run.shared) {
        append_key(out, "shared");
        append_base64_string(out, pack(*run.shared));
    }
    append_key(out, "entries");
    append_base64_array(out, run.entries);
    if (run.shared) {
        append_key(out, "bodies");
        append_base64_array(out, run.bodies);
    }
    if (!run.apart.empty()) append_numbers(out, "apart", run.apart);
    append_key(out, "signature");
    append_base64_string(out, run.signature.view());
    out += "}\n";
}

void append_error(std::string& out, const JsonError& error) {
    append_start(out, "error");
    if (error.has_ref) append_string(out, "ref", error.ref);
    append_string(out, "code", error.code);
    append_string(out, "message", error.message);
    out += "}\n";
}

void append_bye(std::string& out, std::string_view reason) {
    append_start(out, "bye");
    append_string(out, "reason", reason);
    out += "}\n";
}

}  // namespace lanchat::app
