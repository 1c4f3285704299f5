// The command line: what was asked for, checked, with config files and environment merged in.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "app/commands/ask.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"

namespace lanchat::app {

// `lanchat [OPTIONS]`: run a node here.
struct RunOptions {
    Config config;
    std::string profile = "default";
    bool profile_chosen = false;  // -P or -d was given: then a profile in use is an error
    std::optional<std::chrono::seconds> linger{5};  // nullopt: stay until a signal
    bool quiet = false;
};

// A node to run, or something to ask one that runs, or the exit code of what was already done
// (help, version, config …, or an error that has been printed to stderr).
struct CommandLine {
    std::optional<RunOptions> run;
    std::optional<NodeCommand> command;
    int exit_code = 0;
};

// What a command line looks at and writes to besides its arguments.
struct Surroundings {
    Environment environment;
    std::filesystem::path site_config_file;
    std::ostream& out;
    std::ostream& err;
};

CommandLine parse_command_line(int argc, const char* const* argv, const Surroundings& surroundings);

// Parses with the environment and the terminals of this process.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace lanchat::app
