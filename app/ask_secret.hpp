// Asking the person at the terminal for a secret.
#pragma once

#include <string>

#include "message/result.hpp"

namespace lanchat::app {

// A line of at most `most` bytes from the controlling terminal, which does not show it. A Failure
// if there is no terminal, or ^C or ^D was typed. Waits.
Result<std::string> ask_secret(const std::string& prompt, std::size_t most);

}  // namespace lanchat::app
