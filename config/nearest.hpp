// "Did you mean …?": the known word closest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lanchat {

// Empty when no candidate is close: at most one slip for three characters, and never over three.
// A slip is a character too many, too few, wrong, or swapped with its neighbour.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lanchat
