// Small files that are read and replaced whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "message/result.hpp"

namespace lanchat {

// Whole, at most `most` bytes; no value: there is no such file. A Failure if others than its owner
// may read a file that only the owner should.
enum class Readers { owner, anybody };
Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t most,
                                                   Readers readers);

// "cannot DOING PATH: " and what errno says.
Failure trouble(const std::string& path, const char* doing);

// Writes all of `text` and flushes it.
bool write_all(int file, std::string_view text);

// Readable by its owner alone. A power cut leaves what was there before, or `text`; never a part of
// it. The folder must exist.
std::optional<Failure> replace_file(const std::string& path, std::string_view text);

}  // namespace lanchat
