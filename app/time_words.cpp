// Fixed positions, so that no other notation is mistaken for a time.
#include "app/time_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <system_error>

namespace lanchat::app {
namespace {

constexpr std::int64_t amount_max = 1'000'000;

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const bool digits =
        !text.empty() && std::ranges::all_of(text, [](char c) { return '0' <= c && c <= '9'; });
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!digits || error != std::errc{}) return std::nullopt;
    return number;
}

std::optional<WallTime> parse_ago(std::string_view text, WallTime now) {
    static constexpr std::string_view units = "smhd";
    static constexpr std::array<std::int64_t, 4> unit_ms{1'000, 60'000, 3'600'000, 86'400'000};
    if (text.empty()) return std::nullopt;
    const auto unit = units.find(text.back());
    const auto amount = parse_number(text.substr(0, text.size() - 1));
    if (unit == std::string_view::npos || !amount || *amount > amount_max) return std::nullopt;
    return WallTime{now.ms - *amount * unit_ms[unit]};
}

// Each takes something off the front of `text`, or returns false.
bool take(std::string_view& text, std::size_t width, int& number) {
    const auto value = parse_number(text.substr(0, width));
    if (!value || text.size() < width) return false;
    number = static_cast<int>(*value);
    text.remove_prefix(width);
    return true;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// Milliseconds of ".1", ".12", ".123456".
bool take_fraction(std::string_view& text, std::int64_t& ms) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 9) return false;
    std::string three(text.substr(0, std::min<std::size_t>(digits, 3)));
    three.resize(3, '0');
    ms = *parse_number(three);
    text.remove_prefix(digits);
    return true;
}

bool take_date(std::string_view& text, std::tm& date) {
    if (!take(text, 4, date.tm_year) || !take(text, "-") || !take(text, 2, date.tm_mon) ||
        !take(text, "-") || !take(text, 2, date.tm_mday)) {
        return false;
    }
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    return true;
}

bool take_clock(std::string_view& text, std::tm& date, std::int64_t& ms) {
    if (!take(text, 2, date.tm_hour) || !take(text, ":") || !take(text, 2, date.tm_min)) {
        return false;
    }
    if (take(text, ":") && !take(text, 2, date.tm_sec)) return false;
    return !take(text, ".") || take_fraction(text, ms);
}

bool same_moment(const std::tm& a, const std::tm& b) {
    return a.tm_year == b.tm_year && a.tm_mon == b.tm_mon && a.tm_mday == b.tm_mday &&
           a.tm_hour == b.tm_hour && a.tm_min == b.tm_min && a.tm_sec == b.tm_sec;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text, WallTime now) {
    if (const auto ago = parse_ago(text, now)) return ago;
    std::tm date{};
    std::int64_t ms = 0;
    if (!take_date(text, date)) return std::nullopt;
    if (take(text, "T ") && !take_clock(text, date, ms)) return std::nullopt;
    const bool utc = take(text, "Z");
    if (!text.empty()) return std::nullopt;
    date.tm_isdst = -1;
    std::tm normal = date;  // the 31st of February moves
    const auto seconds = utc ? ::timegm(&normal) : std::mktime(&normal);
    if (!same_moment(normal, date)) return std::nullopt;
    return WallTime{static_cast<std::int64_t>(seconds) * 1000 + ms};
}

std::string local_time(WallTime time) {
    const auto seconds = static_cast<std::time_t>(time.ms / 1000);
    std::tm date{};
    std::array<char, 32> text{};
    if (::localtime_r(&seconds, &date) == nullptr) return "?";
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &date);
    return {text.data(), size};
}

}  // namespace lanchat::app
