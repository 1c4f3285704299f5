// One table of commands feeds the parser, the help and the guess at what was meant.
#include "app/slash.hpp"

#include <array>
#include <vector>

#include "config/nearest.hpp"

namespace lanchat::app {

namespace {

struct Command {
    std::string_view word;
    Slash::Verb verb;
};

constexpr std::array<Command, 11> commands{{{"/help", Slash::Verb::help},
                                           {"/peers", Slash::Verb::peers},
                                           {"/join", Slash::Verb::join},
                                           {"/msg", Slash::Verb::msg},
                                           {"/verify", Slash::Verb::verify},
                                           {"/block", Slash::Verb::block},
                                           {"/unblock", Slash::Verb::unblock},
                                           {"/mute", Slash::Verb::mute},
                                           {"/unmute", Slash::Verb::unmute},
                                           {"/quit", Slash::Verb::quit},
                                           {"/exit", Slash::Verb::quit}}};

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

}  // namespace

Slash parse_slash(std::string_view line) {
    if (!line.starts_with('/')) return {Slash::Verb::none, std::string(line)};
    if (line.starts_with("//")) return {Slash::Verb::none, std::string(line.substr(1))};
    const auto word = line.substr(0, line.find_first_of(" \t"));
    const auto argument = trim(line.substr(word.size()));
    for (const auto& command : commands)
        if (command.word == word) return {command.verb, std::string(argument)};
    return {Slash::Verb::unknown, std::string(word)};
}

std::string nearest_command(std::string_view word) {
    std::vector<std::string> words;
    words.reserve(commands.size());
    for (const auto& command : commands) words.emplace_back(command.word);
    return nearest(word, words);
}

std::string_view slash_help() {
    return "/help           this list\n"
           "/peers          who is here\n"
           "/join ROOM      talk in ROOM from now on (you hear all rooms)\n"
           "/msg PEER TEXT  to PEER alone: a name, an address, or an id or its beginning\n"
           "/verify PEER    compare keys; then /verify PEER yes, or no; or /verify PEER ITS-ID\n"
           "/block PEER     no link, nothing shown; /unblock PEER\n"
           "/mute PEER      not shown here until you leave; /unmute PEER\n"
           "/quit           leave, as ^D does; also /exit\n"
           "//text          says /text\n";
}

}  // namespace lanchat::app
