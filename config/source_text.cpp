// Comments and places, found without understanding the JSON around them.
#include "config/source_text.hpp"

#include <algorithm>

namespace lanchat {

std::string without_comments(std::string_view text) {
    std::string out(text);
    bool in_string = false;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (in_string && out[i] == '\\') {
            ++i;
        } else if (out[i] == '"') {
            in_string = !in_string;
        } else if (in_string && out[i] == '\n') {
            in_string = false;  // a broken string, which the parser reports better than we could
        } else if (!in_string && out[i] == '/' && i + 1 < out.size() && out[i + 1] == '/') {
            while (i < out.size() && out[i] != '\n') out[i++] = ' ';
        }
    }
    return out;
}

Place place_of_byte(std::string_view text, std::size_t ordinal) {
    const auto before = text.substr(0, std::clamp(ordinal, std::size_t{1}, text.size() + 1) - 1);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<int>(std::ranges::count(before, '\n')) + 1,
            static_cast<int>(before.size() - line_start) + 1};
}

}  // namespace lanchat
