// Commands typed on a terminal: "/join ROOM" and friends.
#pragma once

#include <string>
#include <string_view>

namespace lanchat::app {

struct Slash {
    enum class Verb {
        none,
        help,
        peers,
        join,
        msg,
        verify,
        block,
        unblock,
        mute,
        unmute,
        say,
        quit,
        unknown
    };
    Verb verb = Verb::none;
    std::string argument;  // of the verb; for none what to say, for unknown the word typed
    // Whether an unknown command has more words, or is a path, so that dropping the line would lose
    // what somebody typed.
    bool has_more = false;
};

// A line that does not begin with '/' is to be said as it is, and one with "//" without its first.
// The case of a command does not matter.
Slash parse_slash(std::string_view line);

// Blanks and then a slash, or something that looks like a slash: no command, but may be meant as
// one.
bool resembles_command(std::string_view line);

// A text that begins like "/msg PEER", in whatever spelling, and so may be meant for one alone.
bool resembles_msg(std::string_view text);

// The command most like `word` ("/join"), or empty when none is close.
std::string nearest_command(std::string_view word);

// What /help prints, line by line.
std::string_view slash_help();

}  // namespace lanchat::app
