// The palette keeps to the middle of brightness, legible on dark and on light.
#include "app/terminal/color.hpp"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace lanchat::app {

namespace {

constexpr std::array<std::string_view, 10> palette{
    "\x1b[38;5;167m", "\x1b[38;5;71m",  "\x1b[38;5;136m", "\x1b[38;5;68m",  "\x1b[38;5;133m",
    "\x1b[38;5;37m",  "\x1b[38;5;173m", "\x1b[38;5;99m",  "\x1b[38;5;101m", "\x1b[38;5;168m"};

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

bool wants_color(const ColorWishes& wishes) {
    if (wishes.mode != ColorMode::automatic) return wishes.mode == ColorMode::always;
    if (!wishes.no_color.empty()) return false;
    if (!wishes.clicolor_force.empty() && wishes.clicolor_force != "0") return true;
    return wishes.is_terminal && !wishes.term.empty() && wishes.term != "dumb";
}

ColorWishes color_wishes(ColorMode mode, int fd) {
    return {mode, ::isatty(fd) == 1, variable("TERM"), variable("NO_COLOR"),
            variable("CLICOLOR_FORCE")};
}

std::string_view color_of(std::string_view name) {
    std::uint32_t hash = 2166136261;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    return palette[(hash ^ (hash >> 16)) % palette.size()];
}

}  // namespace lanchat::app
