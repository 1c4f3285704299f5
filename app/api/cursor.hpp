// Lines and their places as strings that programs keep: id, cursor and order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/entry.hpp"
#include "node/store/store.hpp"

namespace lanchat::app::api {

// Everything up to `arrival` was seen, of the store with this id.
struct Cursor {
    std::uint64_t store_id = 0;
    store::Arrival arrival = 0;

    bool operator==(const Cursor&) const = default;
};

// STOREID-ARRIVAL: 16 hexadecimal digits, a dash, a decimal number. Nothing else is taken back.
std::string to_string(const Cursor& cursor);
std::optional<Cursor> parse_cursor(std::string_view text);

// Compares as strings the way comes_before() compares entries; 112 characters.
// A legacy line has the id that it was shown with.
std::string id_of(const store::Line& line);

std::string order_of(Clock clock, const LineId& line);

}  // namespace lanchat::app::api
