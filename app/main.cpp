// Where the program begins: the process is made fit, the command line read, the node run.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "app/cli.hpp"
#include "app/run.hpp"
#include "message/text.hpp"
#include "node/link/process.hpp"

namespace {

// A stream that was closed before we started would lend its number to the first file that is
// opened, and chat would be written there. Writing to a closed output fails still, so that no
// command takes for told what nobody can have read.
void occupy_standard_streams(int, char**, char**) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        // Takes the lowest free number, which is this one.
        ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    }
}

// Runs before the initialisers of the libraries: in main it is too late, since gRPC's have opened
// files by then.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const before_libraries)(int, char**, char**) = occupy_standard_streams;

// The key of the device and the passphrase are in memory: it goes to no core file, nor to a handler
// of crashes, which asks for no limit; and no other process of this user may attach and look.
void keep_memory_to_ourselves() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
#ifndef LANCHAT_SANITIZED  // the search for leaks attaches to its own process
    ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory_to_ourselves();
    lanchat::link::prepare_process();
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const auto command_line = lanchat::app::parse_command_line(argc, argv);
        if (command_line.command) {
            return lanchat::app::run_command(*command_line.command, STDIN_FILENO, std::cout,
                                             std::cerr);
        }
        if (!command_line.run) return command_line.exit_code;
        return lanchat::app::run(*command_line.run);
    } catch (const std::exception& failure) {
        std::cerr << "lanchat: " + lanchat::displayable(failure.what()) + "\n";
        return 1;
    }
}
