// Finds the node, then the command does the rest; and how lines are shown by all of them.
#include "app/commands/ask.hpp"

#include <cerrno>
#include <chrono>

#include "app/commands/time_words.hpp"
#include "app/faces/json_output.hpp"
#include "app/faces/plain_text.hpp"
#include "message/address.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {
namespace {

bool is_of_the_future(WallTime said) {
    constexpr std::chrono::milliseconds lead = limits::clock_lead_max;
    return said.ms > wall_now().ms + lead.count();
}

controller::Message message_of(const api::Line& line) {
    controller::Message message;
    message.id = line.id;
    message.room = line.room;
    message.from.id = line.from.id;
    message.from.name = line.from.name;
    message.from.legacy = line.from.legacy;
    message.from.mark = line.from.mark;
    if (const auto address = parse_endpoint(line.from.address)) message.from.address = *address;
    message.said = line.said;
    message.text = line.text;
    message.via = line.via;
    message.reply_to = line.reply_to;
    message.urgent = line.urgent;
    message.action = line.action;
    message.body = line.body;
    message.own = line.own;
    message.clock_ahead = is_of_the_future(line.said);
    if (line.to) message.to = controller::PeerInfo{{}, line.to->id, line.to->name};
    return message;
}

}  // namespace

controller::PeerInfo peer_of(const api::Author& author) {
    using controller::Trust;
    controller::PeerInfo peer{{}, author.id,  author.name, author.legacy, author.encrypted,
                              {}, author.mark};
    if (const auto address = parse_endpoint(author.address)) peer.address = *address;
    for (const auto trust : {Trust::verified, Trust::blocked})
        if (to_word(trust) == author.trust) peer.trust = trust;
    return peer;
}

int report(const api::Problem& problem, const Streams& streams) {
    streams.err << "lanchat: " << displayable(problem.why) << '\n';
    return problem.exit_code;
}

void append_line(std::string& out, const api::Line& line, bool json) {
    if (json)
        return append_message(out, message_of(line),
                              {line.cursor, line.order, line.history, line.disputed});
    if (line.disputed) out += "(disputed) ";
    append_message(out, message_of(line), LineStyle{});
}

int run_command(const NodeCommand& command, int in, std::ostream& out, std::ostream& err) {
    const Streams streams{in, out, err, command.json};
    auto node = api::Client::connect(command.data_dir);
    if (const auto* problem = std::get_if<api::Problem>(&node)) return report(*problem, streams);
    return flushed(out, err, command.ask(std::get<api::Client>(node), streams));
}

int flushed(std::ostream& out, std::ostream& err, int exit_code) {
    if (out) errno = 0;  // else it still tells why writing failed
    out.flush();
    const bool nobody_reads = errno == EPIPE;
    if (out || nobody_reads || exit_code != 0) return exit_code;
    err << "lanchat: cannot write the output\n";
    return 1;
}

}  // namespace lanchat::app
