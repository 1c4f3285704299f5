// A slash has many looks.
#include "app/terminal/slashes.hpp"

#include <algorithm>
#include <array>

#include "message/blank.hpp"

namespace lanchat::app {
namespace {

// Katakana and strokes of ideographs look like slashes, too, but are typed as what they are.
constexpr std::array<std::string_view, 6> slashes{"/",      "\u2044", "\u2215",
                                                  "\u2571", "\u29F8", "\uFF0F"};

}  // namespace

std::size_t slash_size(std::string_view text) {
    const auto* found = std::ranges::find_if(
        slashes, [&](std::string_view slash) { return text.starts_with(slash); });
    return found == slashes.end() ? 0 : found->size();
}

bool resembles_command(std::string_view line) {
    if (line.starts_with('/')) return false;
    return slash_size(line.substr(blanks_before(line))) > 0;
}

}  // namespace lanchat::app
