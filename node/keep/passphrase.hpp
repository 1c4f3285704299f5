// Passphrases of closed networks: read, judged, and made.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "message/result.hpp"

namespace lanchat {

// The line in `file`, in its normal form. A Failure if it is none, or if others may read the file.
Result<std::string> passphrase_in(const std::string& file);

// The form of a passphrase that is compared: NFC, without the end of its line. A Failure unless it
// is one line of UTF-8.
Result<std::string> normal_passphrase(std::string text);

// Why it keeps nobody out for long: it has fewer than limits::passphrase_chars_min characters, or
// is among the first 2^26 that somebody would try (zxcvbn: Wheeler, USENIX Security 2016), which
// takes two years at the pace of log.md 26.
std::optional<Failure> weakness_of(std::string_view passphrase);

inline constexpr std::size_t passphrase_words_min = 4;
inline constexpr std::size_t passphrase_words_max = 16;

// A random passphrase of so many words, each one of 256, with hyphens between.
std::string new_passphrase(std::size_t words);

}  // namespace lanchat
