// The log: clean lines, the level that was asked for, and silence after its end.
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "app/log.hpp"

namespace lanchat::app::app_log_test {
namespace {

LogConfig config(std::string level, std::string file = "") {
    LogConfig made;
    made.level = std::move(level);
    made.file = std::move(file);
    return made;
}

// A log of these settings, and what it said.
struct Heard {
    explicit Heard(const LogConfig& settings, bool quiet = false)
        : log(settings, quiet, [this](const std::string& line) { lines += line; }) {}

    bool has(std::string_view text) const { return lines.find(text) != std::string::npos; }

    std::string lines;
    Log log;
};

TEST_CASE("what is logged cannot steer a terminal or forge a line") {
    Heard heard(config("info"));

    spdlog::info("a\n2026-11-20 fake\033[31m");

    CHECK(heard.has(" info a␊2026-11-20 fake␛[31m\n"));
    CHECK(heard.lines.find('\n') == heard.lines.size() - 1);
}

TEST_CASE("only what reaches the level is logged, and off is nothing") {
    for (const std::string level : {"debug", "info", "warn", "error", "off"}) {
        Heard heard(config(level));
        spdlog::debug("a-debug");
        spdlog::info("an-info");
        spdlog::warn("a-warning");
        spdlog::error("an-error");
        CHECK(heard.has("a-debug") == (level == "debug"));
        CHECK(heard.has("an-info") == (level == "debug" || level == "info"));
        CHECK(heard.has("a-warning") == (level != "error" && level != "off"));
        CHECK(heard.has("an-error") == (level != "off"));
    }
}

TEST_CASE("quiet leaves warnings") {
    Heard heard(config("info"), true);

    spdlog::info("hello");
    spdlog::warn("careful");

    CHECK_FALSE(heard.has("hello"));
    CHECK(heard.has("careful"));
}

TEST_CASE("after its end nothing is called any more") {
    std::string lines;
    {
        const Log log(config("info"), false, [&](const std::string& line) { lines += line; });
    }

    spdlog::error("too late");

    CHECK(lines.empty());
}

TEST_CASE("a log file is appended to, for its owner only, and quiet does not touch it") {
    char path[] = "/tmp/lanchat_log_XXXXXX";
    const int fd = ::mkstemp(path);
    REQUIRE(fd >= 0);
    ::close(fd);
    std::ofstream(path) << "before\n";

    Heard heard(config("info", path), true);
    spdlog::info("hello");

    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    ::unlink(path);
    CHECK(text.str().starts_with("before\n"));
    CHECK(text.str().ends_with(" info hello\n"));
    CHECK(heard.lines.empty());
}

TEST_CASE("a log file that cannot be opened is said at once") {
    CHECK_THROWS_AS(Heard(config("info", "/nonexistent/lanchat.log")), std::runtime_error);
}

}  // namespace
}  // namespace lanchat::app::app_log_test
