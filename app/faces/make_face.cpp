// A new face is a word of ui.mode (config/table.cpp) and a line here.
#include "app/faces/make_face.hpp"

#include <unistd.h>

#include <utility>

#include "app/faces/json.hpp"
#include "app/faces/plain.hpp"
#include "app/terminal/color.hpp"

namespace lanchat::app {
namespace {

PlainOptions plain_options(const UiConfig& ui, bool quiet) {
    const bool is_screen = ::isatty(STDOUT_FILENO) == 1;
    return {quiet, ::isatty(STDIN_FILENO) == 1,
            LineStyle{is_screen, wants_color(color_wishes(ui.color, STDOUT_FILENO))},
            wants_color(color_wishes(ui.color, STDERR_FILENO)), is_screen};
}

}  // namespace

std::unique_ptr<Face> make_face(const UiConfig& ui, bool quiet, Surface surface) {
    if (ui.mode == "json") return std::make_unique<JsonFace>(std::move(surface));
    return std::make_unique<PlainFace>(std::move(surface), plain_options(ui, quiet));
}

}  // namespace lanchat::app
