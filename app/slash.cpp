// One table of commands feeds the parser, the help and the guess at what was meant.
#include "app/slash.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "config/nearest.hpp"
#include "message/blank.hpp"
#include "message/look.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

struct Command {
    std::string_view word;
    Slash::Verb verb;
};

constexpr std::array<Command, 12> commands{{{"/help", Slash::Verb::help},
                                            {"/peers", Slash::Verb::peers},
                                            {"/join", Slash::Verb::join},
                                            {"/msg", Slash::Verb::msg},
                                            {"/verify", Slash::Verb::verify},
                                            {"/block", Slash::Verb::block},
                                            {"/unblock", Slash::Verb::unblock},
                                            {"/mute", Slash::Verb::mute},
                                            {"/unmute", Slash::Verb::unmute},
                                            {"/say", Slash::Verb::say},
                                            {"/quit", Slash::Verb::quit},
                                            {"/exit", Slash::Verb::quit}}};

// Katakana and strokes of ideographs look like slashes, too, but are typed as what they are.
constexpr std::array<std::string_view, 6> slashes{"/",      "\u2044", "\u2215",
                                                  "\u2571", "\u29F8", "\uFF0F"};

// How many bytes of a slash `text` begins with; 0: none.
std::size_t slash_size(std::string_view text) {
    const auto* found = std::ranges::find_if(
        slashes, [&](std::string_view slash) { return text.starts_with(slash); });
    return found == slashes.end() ? 0 : found->size();
}

// The rest behind the slashes, backslashes and blanks that a command may be mistyped with; empty
// when there are none of the former.
std::string_view behind_slashes(std::string_view text) {
    bool found = false;
    for (;;) {
        text.remove_prefix(blanks_before(text));
        const auto size = text.starts_with('\\') ? 1 : slash_size(text);
        if (size == 0) return found ? text : std::string_view{};
        text.remove_prefix(size);
        found = true;
    }
}

// Up to the first blank of any kind.
std::string_view first_word(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && blanks_before(text.substr(end)) == 0) ++end;
    return text.substr(0, end);
}

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
    const auto lower = in_lower_case(word);
    for (const auto& command : commands)
        if (command.word == lower) return {command.verb, std::string(argument)};
    const bool has_more = !argument.empty() || word.find('/', 1) != word.npos;
    return {Slash::Verb::unknown, std::string(word), has_more};
}

bool resembles_command(std::string_view line) {
    if (line.starts_with('/')) return false;
    return slash_size(line.substr(blanks_before(line))) > 0;
}

bool resembles_msg(std::string_view text) {
    const auto rest = behind_slashes(text);
    const auto word = first_word(rest);
    if (word.empty() || is_blank(rest.substr(word.size()))) return false;
    return look_of(word) == look_of("msg") || nearest_command("/" + in_lower_case(word)) == "/msg";
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
           "/say TEXT       says TEXT, whatever it begins with\n"
           "/quit           leave, as ^D does; also /exit\n"
           "//text          says /text\n";
}

}  // namespace lanchat::app
