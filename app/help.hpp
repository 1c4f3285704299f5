// What `--help` and `--version` print.
#pragma once

#include <string>

namespace lanchat::app {

std::string help_text();
std::string version_text();

}  // namespace lanchat::app
