// Colours: when there are any, and which one a name has.
#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"

namespace lanchat::app {

inline constexpr std::string_view color_off = "\x1b[0m";
inline constexpr std::string_view color_dim = "\x1b[2m";

// What decides; variables that are not set are empty.
struct ColorWishes {
    ColorMode mode = ColorMode::automatic;
    bool is_terminal = false;
    std::string term;
    std::string no_color;
    std::string clicolor_force;
};

bool wants_color(const ColorWishes& wishes);

// The wishes of this process for what it writes to `fd`.
ColorWishes color_wishes(ColorMode mode, int fd);

// The sequence that switches to the colour of `name`, always the same one.
std::string_view color_of(std::string_view name);

}  // namespace lanchat::app
