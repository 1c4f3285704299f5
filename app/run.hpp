// Runs a node here with a face on standard input and output, until it is over.
#pragma once

#include "app/cli.hpp"

namespace lanchat::app {

// Returns the exit code. Call it once per process: it owns the signals and the three streams.
int run(const RunOptions& options);

}  // namespace lanchat::app
