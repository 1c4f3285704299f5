// The words of a command for a running node, and what they mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/commands/node.hpp"

namespace lanchat::app {

// A mistake in how the program was called; a sentence for people.
struct UsageError {
    std::string why;
};

// As they were written; empty: not given.
struct CommandWords {
    std::string room;
    std::string said_id;
    std::string wait;
    std::string timeout;
    std::string count;
    std::string since;
    std::string until;
    std::string author;
    std::string format;
    std::string file;
    std::string peer;  // of -t, or the one that a command is about
    std::string code;
    std::string id;  // of the peer
    std::vector<std::string> text;
    bool follow = false;
};

// `otherwise` if nothing is given. Throws UsageError.
std::uint32_t parse_count(std::string_view option, const std::string& text,
                          std::uint32_t otherwise);

// `name` is one of the commands. Throws UsageError.
decltype(NodeCommand::what) to_command(std::string_view name, const CommandWords& words);

}  // namespace lanchat::app
