// What can only be said of all settings together.
#pragma once

#include "config/layers.hpp"

namespace lanchat {

// Adds a fault for each pair of settings that contradict each other, and turns a default address
// that lies in no range into "find out when running". Keys in `faulty` are not judged
// again, nor what a section in it holds; an empty entry stands for all keys.
void settle(Settings& settings, const std::vector<std::string>& faulty);

}  // namespace lanchat
