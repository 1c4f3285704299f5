// Each answer is a list of rows, or of objects.
#include "app/commands/roster.hpp"

#include "app/commands/ask.hpp"
#include "app/commands/time_words.hpp"
#include "app/faces/json_output.hpp"
#include "app/faces/plain_text.hpp"
#include "message/address.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

constexpr std::string_view peers_help =
    R"(lanchat peers: who is linked to the node that runs, and who is blocked.

Usage:
  lanchat peers [--json]
)";

constexpr std::string_view rooms_help = R"(lanchat rooms: every room something was said in.

Usage:
  lanchat rooms [--json]
)";

constexpr std::string_view status_help = R"(lanchat status: how the running node is.

It tells who it is, where it can be reached, in which networks it looks for others and how far that
is, how many peers are linked, the cursor to go on from with tail --since, how many
lines of how many logs it holds, how many it trimmed, the bytes on disk, when the oldest line was
said, its version and socket, warnings, and the problem if nothing can be said now.

Usage:
  lanchat status [--json]
)";

void append_row(std::string& out, const api::Author& author) {
    const auto peer = peer_of(author);
    out += describe(peer);
    if (!peer.legacy) out += "  " + std::string(to_word(peer.trust)) + "  " + peer.id;
    out += '\n';
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

std::string scan_text(const Standing& standing) {
    if (standing.scan_targets == 0) return "off";
    if (!standing.sweeping) return std::to_string(standing.sweeps) + " sweeps done";
    return std::to_string(standing.scan_passed * 100 / standing.scan_targets) + "% of " +
           std::to_string(standing.scan_targets) + " places, sweep " +
           std::to_string(standing.sweeps + 1);
}

void append_status_text(std::string& out, const api::Status& status) {
    const auto row = [&out](std::string_view what, std::string_view value) {
        std::string name(what);
        name.resize(10, ' ');
        out += name + displayable(value) + '\n';
    };
    row("name", status.name);
    row("id", status.id);
    row("address", status.address);
    if (status.addresses.size() > 1) row("reachable", joined(status.addresses));
    row("networks", joined(status.standing.networks));
    row("scan", scan_text(status.standing));
    if (status.standing.beacon)
        row("beacon", std::to_string(status.standing.calls_sent) + " calls, " +
                          std::to_string(status.standing.calls_heard) + " of others heard");
    row("version", status.version);
    row("peers", std::to_string(status.peers));
    row("cursor", status.cursor);
    row("socket", status.socket);
    if (status.held) {
        const auto& held = *status.held;
        row("lines", std::to_string(held.lines) + " in " + std::to_string(held.logs) + " logs");
        row("trimmed", std::to_string(held.trimmed));
        row("bytes", std::to_string(held.bytes));
        if (held.oldest) row("oldest", local_time(*held.oldest));
    }
    if (!status.problem.empty()) row("problem", status.problem);
    for (const auto& warning : status.warnings) row("warning", warning);
}

}  // namespace

int ListPeers::operator()(api::Client& node, const Streams& streams) const {
    const auto answer = node.peers();
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto& roster = std::get<api::Roster>(answer);
    std::string text;
    for (const auto& author : roster.peers) {
        if (streams.json) {
            append_event(text, controller::PeerUp{peer_of(author)});
        } else {
            append_row(text, author);
        }
    }
    if (!streams.json && !roster.blocked.empty()) text += "blocked:\n";
    for (const auto& author : roster.blocked) {
        if (streams.json) {
            append_event(text,
                         controller::PeerDown{peer_of(author), controller::DownReason::blocked});
        } else {
            append_row(text, author);
        }
    }
    streams.out << text;
    return 0;
}

int ListRooms::operator()(api::Client& node, const Streams& streams) const {
    const auto answer = node.rooms();
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    std::string text;
    for (const auto& room : std::get<std::vector<std::string>>(answer)) {
        if (streams.json) {
            append_room(text, room);
        } else {
            text += displayable(room) + '\n';
        }
    }
    streams.out << text;
    return 0;
}

int ShowStatus::operator()(api::Client& node, const Streams& streams) const {
    const auto answer = node.status();
    if (const auto* problem = std::get_if<api::Problem>(&answer)) return report(*problem, streams);
    const auto& status = std::get<api::Status>(answer);
    std::string text;
    if (streams.json) {
        append_status(text, {status.id, status.name, status.address, status.version, status.cursor,
                             status.peers, status.problem, status.held, status.socket,
                             status.warnings, status.addresses, status.standing});
    } else {
        append_status_text(text, status);
    }
    streams.out << text;
    return 0;
}

Command peers_command() {
    return {
        .name = "peers", .help = peers_help, .question = [](const Given&) { return ListPeers{}; }};
}

Command rooms_command() {
    return {
        .name = "rooms", .help = rooms_help, .question = [](const Given&) { return ListRooms{}; }};
}

Command status_command() {
    return {.name = "status", .help = status_help, .question = [](const Given&) {
                return ShowStatus{};
            }};
}

}  // namespace lanchat::app
