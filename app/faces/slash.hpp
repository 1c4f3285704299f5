// Commands typed on a terminal: "/join ROOM" and friends.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lanchat::app {

class PlainFace;

// A row of the table of commands, which stands in plain_commands.cpp.
struct SlashCommand {
    std::string_view word;  // "/join"
    void (*obey)(PlainFace& face, const std::string& argument);
    std::string_view help = {};  // its line of /help; empty: that of another command tells of it
};

std::span<const SlashCommand> slash_commands();

struct Slash {
    const SlashCommand* command = nullptr;  // none: a text to be said, or an unknown command
    bool is_unknown = false;
    std::string argument;  // of the command; the text; or the unknown word that was typed
    // Whether an unknown command has more words, or is a path, so that dropping the line would lose
    // what somebody typed.
    bool has_more = false;
};

// A line that does not begin with '/' is to be said as it is, and one with "//" without its first.
// The case of a command does not matter.
Slash parse_slash(std::string_view line);

// A text that begins like "/msg PEER", in whatever spelling, and so may be meant for one alone.
bool resembles_msg(std::string_view text);

// The command most like `word` ("/join"), or empty when none is close.
std::string nearest_command(std::string_view word);

}  // namespace lanchat::app
