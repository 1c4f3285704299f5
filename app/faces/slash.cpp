// The table of commands feeds the parser and the guess at what was meant.
#include "app/faces/slash.hpp"

#include <vector>

#include "app/terminal/slashes.hpp"
#include "config/nearest.hpp"
#include "message/blank.hpp"
#include "message/look.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

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
    if (!line.starts_with('/')) return {.argument = std::string(line)};
    if (line.starts_with("//")) return {.argument = std::string(line.substr(1))};
    const auto word = line.substr(0, line.find_first_of(" \t"));
    const auto argument = trim(line.substr(word.size()));
    const auto lower = in_lower_case(word);
    for (const auto& command : slash_commands())
        if (command.word == lower) return {.command = &command, .argument = std::string(argument)};
    const bool has_more = !argument.empty() || word.find('/', 1) != word.npos;
    return {.is_unknown = true, .argument = std::string(word), .has_more = has_more};
}

bool resembles_msg(std::string_view text) {
    const auto rest = behind_slashes(text);
    const auto word = first_word(rest);
    if (word.empty() || is_blank(rest.substr(word.size()))) return false;
    return look_of(word) == look_of("msg") || nearest_command("/" + in_lower_case(word)) == "/msg";
}

std::string nearest_command(std::string_view word) {
    std::vector<std::string> words;
    for (const auto& command : slash_commands()) words.emplace_back(command.word);
    return nearest(word, words);
}

}  // namespace lanchat::app
