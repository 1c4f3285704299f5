// Lines and their places as strings that programs keep: id, cursor and order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/entry.hpp"
#include "node/store/store.hpp"

namespace lanchat::app {

// A cursor: everything up to this place was seen. ERA-ARRIVAL: 16 hexadecimal digits, a dash, a
// decimal number. Nothing else is taken back; only the store can tell what it is worth.
std::string to_string(const store::Position& place);
std::optional<store::Position> parse_cursor(std::string_view text);

// Compares as strings the way comes_before() compares entries; 112 characters.
// A legacy line has the id that it was shown with.
std::string id_of(const store::Line& line);

std::string order_of(Clock clock, const LineId& line);

}  // namespace lanchat::app
