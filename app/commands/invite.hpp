// `lanchat invite [FILE]`: a passphrase for a new closed network. Works without a running node.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace lanchat::app {

inline constexpr std::uint32_t default_passphrase_words = 5;

struct Invite {
    std::uint32_t words = default_passphrase_words;
    std::string file;  // that keeps it, for its owner alone; empty: none
};

// Returns the exit code.
int invite(const Invite& command, std::ostream& out, std::ostream& err);

}  // namespace lanchat::app
