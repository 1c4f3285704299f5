// Hexadecimal digits of fixed width keep the order of numbers; those of base32 would not.
#include "app/cursor.hpp"

#include <charconv>
#include <system_error>

namespace lanchat::app {
namespace {

constexpr std::size_t era_digits = 16;

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

std::string to_string(const store::Position& place) {
    std::string out;
    append_number(out, place.era);
    return out + '-' + std::to_string(place.arrival);
}

std::optional<store::Position> parse_cursor(std::string_view text) {
    store::Position place;
    if (text.size() <= era_digits || text[era_digits] != '-') return std::nullopt;
    if (!parse_number(text.substr(0, era_digits), 16, place.era)) return std::nullopt;
    if (!parse_number(text.substr(era_digits + 1), 10, place.arrival)) return std::nullopt;
    return place;
}

std::string id_of(const store::Line& line) {
    if (!line.legacy) return message_id(line.entry.log, line.entry.seq);
    return line.id.empty() ? base32(line.checksum.view().substr(0, 16)) + ":l" : line.id;
}

std::string order_of(Clock clock, const LineId& line) {
    std::string out;
    append_number(out, clock.packed);
    for (const auto byte : line.log.device.bytes) append_byte(out, byte);
    append_number(out, static_cast<std::uint64_t>(line.log.epoch));
    append_number(out, line.seq);
    return out;
}

}  // namespace lanchat::app
