// The version of the program, as the build knows it.
#pragma once

#include <string_view>

namespace lanchat {

std::string_view program_version();

}  // namespace lanchat
