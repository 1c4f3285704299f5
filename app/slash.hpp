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
        quit,
        unknown
    };
    Verb verb = Verb::none;
    std::string argument;  // of the verb; for none what to say, for unknown the word typed
};

// A line that does not begin with '/' is to be said as it is, and one with "//" without its first.
Slash parse_slash(std::string_view line);

// The command most like `word` ("/join"), or empty when none is close.
std::string nearest_command(std::string_view word);

// What /help prints, line by line.
std::string_view slash_help();

}  // namespace lanchat::app
