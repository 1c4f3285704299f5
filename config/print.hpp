// Settings as text again: what is in force, and a file to start from.
#pragma once

#include <string>

#include "config/layers.hpp"

namespace lanchat {

// A config file that says what `settings` say; with origins, each line ends in a comment that
// names who set the value.
std::string print_config(const Settings& settings, bool with_origins);

// A commented file in which every key stands with its default. Each commented line can be taken
// into use by itself: what is left live at the end of an object needs no comma.
std::string starter_file();

}  // namespace lanchat
