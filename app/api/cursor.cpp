// Hexadecimal digits of fixed width keep the order of numbers; those of base32 would not.
#include "app/api/cursor.hpp"

#include <charconv>
#include <system_error>

namespace lanchat::app::api {
namespace {

constexpr std::size_t store_digits = 16;

void append_byte(std::string& out, std::uint8_t byte) {
    static constexpr char digits[] = "0123456789abcdef";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

void append_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        append_byte(out, static_cast<std::uint8_t>(number >> shift));
    }
}

bool parse_number(std::string_view text, int base, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string to_string(const Cursor& cursor) {
    std::string out;
    append_number(out, cursor.store_id);
    return out + '-' + std::to_string(cursor.arrival);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
    Cursor cursor;
    if (text.size() <= store_digits || text[store_digits] != '-') return std::nullopt;
    if (!parse_number(text.substr(0, store_digits), 16, cursor.store_id)) return std::nullopt;
    if (!parse_number(text.substr(store_digits + 1), 10, cursor.arrival)) return std::nullopt;
    return cursor;
}

std::string id_of(const store::Line& line) {
    if (!line.legacy) return message_id(line.entry.log, line.entry.seq);
    return line.id.empty() ? base32(line.head.view().substr(0, 16)) + ":l" : line.id;
}

std::string order_of(Clock clock, const LineId& line) {
    std::string out;
    append_number(out, clock.packed);
    for (const auto byte : line.log.device.bytes) append_byte(out, byte);
    append_number(out, static_cast<std::uint64_t>(line.log.epoch));
    append_number(out, line.seq);
    return out;
}

}  // namespace lanchat::app::api
