// What may be meant as the beginning of a command, and is none.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanchat::app {

// How many bytes of a slash, or of something that looks like one, `text` begins with; 0: none.
std::size_t slash_size(std::string_view text);

// Blanks and then a slash, or something that looks like a slash: no command, but may be meant as
// one.
bool resembles_command(std::string_view line);

}  // namespace lanchat::app
