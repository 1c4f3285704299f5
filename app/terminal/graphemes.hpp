// What a person takes for one character: several code points, deleted and stepped over as one.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanchat::app {

// Both take valid UTF-8 and a position between two clusters.
std::size_t next_cluster(std::string_view text, std::size_t at);
std::size_t previous_cluster(std::string_view text, std::size_t at);

// The start of the word before `at`, and the end of the word after it. Words end at spaces.
std::size_t word_start(std::string_view text, std::size_t at);
std::size_t word_end(std::string_view text, std::size_t at);

}  // namespace lanchat::app
