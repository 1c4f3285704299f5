// How every command and the node itself report what is wrong with the settings.
#pragma once

#include <ostream>

#include "config/layers.hpp"

namespace lanchat::app {

// One line per fault and warning. True if the settings can be used.
bool report(const Settings& settings, std::ostream& err);

}  // namespace lanchat::app
