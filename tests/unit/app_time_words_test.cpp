// Points in time as people write them, where clocks are moved as well.
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include "app/commands/time_words.hpp"

namespace lanchat::app::app_time_words_test {
namespace {

constexpr WallTime now{1'800'000'000'000};

// The time zone of this test.
struct Zone {
    explicit Zone(const char* name) {
        const char* here = std::getenv("TZ");
        if (here != nullptr) before = here;
        set(name);
    }
    ~Zone() { set(before ? before->c_str() : nullptr); }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

    static void set(const char* name) {
        name == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", name, 1);
        ::tzset();
    }
    std::optional<std::string> before;
};

std::optional<std::int64_t> since(std::string_view text) {
    const auto time = parse_time(text, now, DayEdge::first);
    return time ? std::optional(time->ms) : std::nullopt;
}

std::optional<std::int64_t> until(std::string_view text) {
    const auto time = parse_time(text, now, DayEdge::last);
    return time ? std::optional(time->ms) : std::nullopt;
}

std::int64_t utc(const std::string& text) {
    const auto time = since(text + "Z");
    REQUIRE(time);
    return *time;
}

TEST_CASE("time words: so long ago, local, UTC, and offsets of RFC 3339") {
    const Zone zone("UTC-3");  // three hours east
    CHECK(since("90s") == now.ms - 90'000);
    CHECK(since("1970-01-01T00:00:00Z") == 0);
    CHECK(since("1970-01-02T03:04:05.678Z") == 97'445'678);
    CHECK(since("1970-01-01T03:00") == 0);
    CHECK(since("1970-01-01 03:00:00") == 0);
    CHECK(since("2026-11-20T10:03:11.120+02:00") == utc("2026-11-20T08:03:11.120"));
    CHECK(since("2026-11-20T10:03:11-05:30") == utc("2026-11-20T15:33:11"));
    CHECK(since("2026-11-20t10:03:11z") == utc("2026-11-20T10:03:11"));
    CHECK(since("2026-11-20T10:03-0530") == utc("2026-11-20T15:33"));
    CHECK(since("2026-12-31T23:30-01:00") == utc("2027-01-01T00:30"));
    CHECK(since("2026-11-20T10:03:11-00:00") == utc("2026-11-20T10:03:11"));
}

TEST_CASE("time words: nothing else is a time") {
    for (const auto* text : {"",
                             "now",
                             "2026",
                             "2026-02-29",
                             "2026-13-01",
                             "2026-00-10",
                             "2026-04-31",
                             "2026-11-20T",
                             "2026-11-20T24:00",
                             "2026-11-20T10:60",
                             "2026-11-20T10:03:60",
                             "2026-11-20T10:03+2",
                             "2026-11-20T10:03+24:00",
                             "2026-11-20T10:03+02:60",
                             "2026-11-20T10:03+02:00Z",
                             "2026-11-20T10:03 +02:00",
                             "2026-11-20x",
                             "5",
                             "5w",
                             "-5m"}) {
        CAPTURE(text);
        CHECK_FALSE(since(text));
        CHECK_FALSE(until(text));
    }
    CHECK(since("2028-02-29"));
}

TEST_CASE("time words: a day is the whole day") {
    const Zone zone("UTC-3");
    CHECK(since("2026-11-20") == utc("2026-11-19T21:00"));
    CHECK(until("2026-11-20") == utc("2026-11-20T21:00") - 1);
    CHECK(until("2026-12-31") == utc("2026-12-31T21:00") - 1);
    CHECK(until("2028-02-28") == utc("2028-02-28T21:00") - 1);
    CHECK(until("2026-11-20Z") == utc("2026-11-21T00:00") - 1);
    CHECK(until("2026-11-20T10:03") == since("2026-11-20T10:03"));
}

TEST_CASE("time words: where clocks are moved, a day begins with its first moment") {
    {
        const Zone zone("Africa/Cairo");  // from 00:00 to 01:00
        CHECK(since("2026-04-24") == utc("2026-04-23T22:00"));
        CHECK(until("2026-04-23") == utc("2026-04-23T22:00") - 1);
        CHECK(since("2026-04-24T00:30") == utc("2026-04-23T22:00"));
        CHECK(since("2026-04-24T01:30") == utc("2026-04-23T22:30"));
        CHECK(until("2026-04-24") == utc("2026-04-24T21:00") - 1);
    }
    {
        const Zone zone("America/Havana");  // back from 01:00 to 00:00: midnight comes twice
        CHECK(since("2026-11-01") == utc("2026-11-01T04:00"));
        CHECK(until("2026-10-31") == utc("2026-11-01T04:00") - 1);
    }
    {
        const Zone zone("Pacific/Apia");  // a whole day was left out
        CHECK(since("2011-12-30") == utc("2011-12-30T10:00"));
        CHECK(until("2011-12-30") == utc("2011-12-30T10:00") - 1);
        CHECK(since("2011-12-31") == utc("2011-12-30T10:00"));
    }
    {
        const Zone zone("Europe/Berlin");
        CHECK(since("2026-03-29T02:30") == utc("2026-03-29T01:00"));
        CHECK(since("2026-10-25T02:30") == utc("2026-10-25T00:30"));  // the first of two
    }
}

}  // namespace
}  // namespace lanchat::app::app_time_words_test
