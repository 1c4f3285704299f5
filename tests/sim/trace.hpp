// Inputs and effects in words, for the trace of one seed.
#pragma once

#include <string>

#include "controller/room_io.hpp"

namespace lanchat::sim {

std::string describe(const Frame& frame);
std::string describe(const controller::Input& input);
std::string describe(const controller::Effect& effect);

}  // namespace lanchat::sim
