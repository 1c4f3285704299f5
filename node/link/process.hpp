// What gRPC needs to be told once per process.
#pragma once

namespace lanchat::link {

// First thing in main, before any thread: absl in Debian's build aborts on suspected lock cycles
// unless told otherwise, a write to a closed socket must not kill us, and gRPC's own log (peers can
// write into it) must not reach the terminal. Raises the soft limit of open files to the hard one,
// and has malloc keep up to 4 MiB of what is freed.
void prepare_process();

}  // namespace lanchat::link
