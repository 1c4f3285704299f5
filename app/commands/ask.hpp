// Asks the node that runs, and what all such commands share: how they fail and how a line is shown.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "app/commands/command.hpp"
#include "controller/events.hpp"

namespace lanchat::app {

struct NodeCommand {
    std::filesystem::path data_dir;
    bool json = false;
    Question ask;
};

// Finds the node and asks it; returns the exit code.
int run_command(const NodeCommand& command, int in, std::ostream& out, std::ostream& err);

// The exit code of a program that has written all it had to say: `exit_code`, or 1 if that is 0 and
// the output could not be written. Who stops reading (`| head`) has what it wanted.
int flushed(std::ostream& out, std::ostream& err, int exit_code);

// Tells why on standard error; returns the exit code.
int report(const api::Problem& problem, const Streams& streams);

// As a peer of events.
controller::PeerInfo peer_of(const api::Author& author);

// One line as people or programs read it.
void append_line(std::string& out, const api::Line& line, bool json);

}  // namespace lanchat::app
