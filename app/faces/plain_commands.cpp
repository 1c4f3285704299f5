// The commands that are typed on a terminal: a new one is a row here, and what it does.
#include <array>

#include "app/faces/plain.hpp"
#include "app/faces/slash.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

namespace lanchat::app {

std::span<const SlashCommand> slash_commands() {
    using Words = std::string;
    static constexpr std::array<SlashCommand, 12> commands{{
        {"/help", [](PlainFace& face, const Words&) { face.show_help(); },
         "/help           this list"},
        {"/peers", [](PlainFace& face, const Words&) { face.show_peers(); },
         "/peers          who is here"},
        {"/join", [](PlainFace& face, const Words& room) { face.join(room); },
         "/join ROOM      talk in ROOM from now on (you hear all rooms)"},
        {"/msg", [](PlainFace& face, const Words& peer_and_text) { face.tell(peer_and_text); },
         "/msg PEER TEXT  to PEER alone: a name, an address, or an id or its beginning"},
        {"/verify", [](PlainFace& face, const Words& words) { face.verify(words); },
         "/verify PEER    compare keys; then /verify PEER yes, or no; or /verify PEER ITS-ID"},
        {"/block", [](PlainFace& face, const Words& peer) { face.block(peer, true); },
         "/block PEER     no link, nothing shown; /unblock PEER"},
        {"/unblock", [](PlainFace& face, const Words& peer) { face.block(peer, false); }},
        {"/mute", [](PlainFace& face, const Words& peer) { face.mute(peer, true); },
         "/mute PEER      not shown here until you leave; /unmute PEER"},
        {"/unmute", [](PlainFace& face, const Words& peer) { face.mute(peer, false); }},
        {"/say", [](PlainFace& face, const Words& text) { face.say(text); },
         "/say TEXT       says TEXT, whatever it begins with"},
        {"/quit", [](PlainFace& face, const Words&) { face.surface_.leave(); },
         "/quit           leave, as ^D does; also /exit"},
        {"/exit", [](PlainFace& face, const Words&) { face.surface_.leave(); }},
    }};
    return commands;
}

void PlainFace::obey(std::string_view line) {
    const auto slash = parse_slash(line);
    if (slash.is_unknown) return note(why_unknown(slash.argument));
    if (slash.command != nullptr) return slash.command->obey(*this, slash.argument);
    say(slash.argument);
}

std::string PlainFace::why_unknown(const std::string& word) const {
    const auto nearest = nearest_command(word);
    return "unknown command " + to_name(word, "/") +
           (nearest.empty() ? ", /help lists them" : ", did you mean " + nearest + "?");
}

void PlainFace::show_help() {
    for (const auto& command : slash_commands())
        if (!command.help.empty()) note(command.help);
    note("//text          says /text");
}

void PlainFace::join(const std::string& room) {
    auto valid = to_utf8(room);
    if (valid.empty() || valid.size() > limits::room_bytes_max)
        return note("a room name has 1 to " + std::to_string(limits::room_bytes_max) + " bytes");
    room_ = std::move(valid);
    note("what you type goes to " + room_ + " now");
}

}  // namespace lanchat::app
