// The last resort of leaving: the process ends in time even if something in it hangs.
#pragma once

namespace lanchat::app {

// From the first call on the process has 4.5 s; then it restores the terminal and exits with 0.
// Needs nothing but the kernel: no loop, no lock, no thread that still turns.
void start_deadline();

// Restores the terminal and exits with 0 at once.
[[noreturn]] void end_now();

}  // namespace lanchat::app
