// Identifiers as distinct types, so that two kinds can never be mistaken for each other.
#pragma once

#include <cstdint>
#include <string>

namespace lanchat {

// A node process: random, new at every start.
enum class InstanceId : std::uint64_t {};

// One connection of ours, either direction; never reused within a process.
enum class LinkId : std::uint64_t {};

// Number of a line among its author instance's lines: 1, 2, 3 …; 0 is "none yet".
using Seq = std::uint64_t;

// Base32 (RFC 4648 alphabet, lower case, no padding): 13 characters.
std::string to_string(InstanceId id);

// instance:counter, unique in the network.
std::string message_id(InstanceId author, Seq seq);

}  // namespace lanchat
