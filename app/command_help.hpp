// What `lanchat COMMAND --help` prints, for the commands that ask a running node.
#pragma once

#include <string>
#include <string_view>

namespace lanchat::app {

std::string command_help_text(std::string_view command);

}  // namespace lanchat::app
