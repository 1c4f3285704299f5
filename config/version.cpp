// The only file that is compiled anew when the version changes.
#include "config/version.hpp"

namespace lanchat {

std::string_view program_version() { return LANCHAT_VERSION; }

}  // namespace lanchat
