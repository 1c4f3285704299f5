// Fixed positions, so that no other notation is mistaken for a time.
#include "app/commands/time_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <system_error>
#include <tuple>

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

// Minutes east of Greenwich: "Z", "+02:00", "-0530".
bool take_offset(std::string_view& text, int& minutes) {
    if (take(text, "Zz")) return true;
    const bool west = text.starts_with('-');
    int hour = 0;
    int minute = 0;
    if (!take(text, "+-") || !take(text, 2, hour)) return false;
    take(text, ":");
    if (!take(text, 2, minute) || hour > 23 || minute > 59) return false;
    minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

bool is_on_the_calendar(const std::tm& date) {
    const std::chrono::year_month_day day{
        std::chrono::year{date.tm_year + 1900},
        std::chrono::month(static_cast<unsigned>(date.tm_mon + 1)),
        std::chrono::day(static_cast<unsigned>(date.tm_mday))};
    return day.ok() && date.tm_hour < 24 && date.tm_min < 60 && date.tm_sec < 60;
}

auto fields_of(const std::tm& date) {
    return std::tuple(date.tm_year, date.tm_mon, date.tm_mday, date.tm_hour, date.tm_min,
                      date.tm_sec);
}

bool is_before(std::time_t seconds, const std::tm& date) {
    std::tm there{};
    return ::localtime_r(&seconds, &there) != nullptr && fields_of(there) < fields_of(date);
}

// The first moment at which clocks here show `date`. Where they skipped it, as in the night when
// summer time begins, the first one after.
std::time_t local_moment(std::tm date) {
    std::optional<std::time_t> first;
    for (const int summer : {0, 1}) {
        std::tm shown = date;
        shown.tm_isdst = summer;
        shown.tm_wday = -1;  // stays so where mktime fails
        const auto seconds = std::mktime(&shown);
        const bool is_there = shown.tm_wday >= 0 && fields_of(shown) == fields_of(date);
        if (is_there && (!first || seconds < *first)) first = seconds;
    }
    if (first) return *first;
    // No skip is longer than a day.
    constexpr std::time_t reach = 2 * 86'400;
    std::tm normal = date;
    const auto near = ::timegm(&normal);
    auto early = near - reach;
    auto late = near + reach;
    while (late - early > 1) {
        const auto middle = early + (late - early) / 2;
        (is_before(middle, date) ? early : late) = middle;
    }
    return late;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text, WallTime now, DayEdge edge) {
    if (const auto ago = parse_ago(text, now)) return ago;
    std::tm date{};
    std::int64_t ms = 0;
    if (!take_date(text, date) || !is_on_the_calendar(date)) return std::nullopt;
    int east = 0;
    const bool is_day = !take(text, "Tt ");
    if (!is_day && !take_clock(text, date, ms)) return std::nullopt;
    const bool is_local = text.empty();
    if (!is_local && !take_offset(text, east)) return std::nullopt;
    if (!text.empty() || !is_on_the_calendar(date)) return std::nullopt;
    if (is_day && edge == DayEdge::last) {
        ++date.tm_mday;
        ::timegm(&date);  // which may be the first of the next month
        ms = -1;
    }
    const auto seconds = is_local ? local_moment(date) : ::timegm(&date) - east * 60;
    return WallTime{static_cast<std::int64_t>(seconds) * 1000 + ms};
}

WallTime wall_now() {
    using namespace std::chrono;
    return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
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
