// Names of people and rooms as people compare them.
#pragma once

#include <string>
#include <string_view>

namespace lanchat {

// Two names with one key are one name to whoever reads them: composed or not, in capitals or not,
// with more or fewer blanks. The rule is in README.md. Only to be compared: what is sent, hashed,
// stored and shown is as it was written. Bytes that are no UTF-8 are compared as U+FFFD.
std::string comparing_key(std::string_view name);

bool is_same_name(std::string_view a, std::string_view b);

}  // namespace lanchat
