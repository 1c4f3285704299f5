// What the words of several commands mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/commands/command.hpp"

namespace lanchat::app {

// Of both a number is expected; `otherwise` if nothing is given. Throws UsageError.
std::uint32_t parse_count(std::string_view option, const std::string& text,
                          std::uint32_t otherwise);

// The peer of a conversation, which is in no room. Throws UsageError.
const std::string& conversation_with(const Given& given);

// The PEER that command `name` is about. Throws UsageError.
const std::string& needed_peer(std::string_view name, const Given& given);

}  // namespace lanchat::app
