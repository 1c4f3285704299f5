// Small files that are replaced whole, readable by their owner alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/result.hpp"

namespace lanchat {

// "cannot DOING PATH: " and what errno says.
Failure trouble(const std::string& path, const char* doing);

// Writes all of `text` and flushes it.
bool write_all(int file, std::string_view text);

// A power cut leaves what was there before, or `text`; never a part of it. The folder must exist.
std::optional<Failure> replace_file(const std::string& path, std::string_view text);

}  // namespace lanchat
