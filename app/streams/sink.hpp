// Where what is written goes, whoever writes it.
#pragma once

#include <functional>
#include <string_view>

namespace lanchat::app {

// Takes whole lines, newline included, or what draws them on a terminal.
using Sink = std::function<void(std::string_view)>;

}  // namespace lanchat::app
