// The text of a config file as the parser and the messages need it.
#pragma once

#include <string>
#include <string_view>

namespace lanchat {

// The text with its // comments blanked, so that lines and columns stay what they were.
std::string without_comments(std::string_view text);

// Both count from 1; a column is a byte.
struct Place {
    int line = 1;
    int column = 1;
};

// Where the `ordinal`-th byte stands; one after the last is allowed.
Place place_of_byte(std::string_view text, std::size_t ordinal);

}  // namespace lanchat
