// The JSON Schema of config files, for editors and other validators.
#pragma once

#include <string>

namespace lanchat {

std::string config_schema();

}  // namespace lanchat
