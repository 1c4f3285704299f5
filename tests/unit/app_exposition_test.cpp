// Figures as Prometheus reads them.
#include "app/services/metrics/exposition.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

namespace lanchat::app::metrics::app_exposition_test {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("each family says once what it is, and its samples follow") {
    Figures figures;
    figures.peers.resize(3);
    figures.peers[1].legacy = true;
    figures.peers[2].name = "a name that is told to nobody";
    figures.status.standing.clock_ahead_ms = -1'500;
    figures.held.lines = 12;
    const auto text = exposition(figures);

    std::set<std::string> families;
    std::string family;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            CHECK(families.insert(family).second);
        } else {
            CHECK(line.starts_with(line.front() == '#' ? "# TYPE " + family + " " : family));
        }
    }
    CHECK(text.back() == '\n');
    CHECK(has(text, "\nlanchat_peers{kind=\"lanchat\"} 2\n"));
    CHECK(has(text, "\nlanchat_peers{kind=\"original\"} 1\n"));
    CHECK(has(text, "\nlanchat_history_lines 12\n"));
    CHECK(has(text, "\nlanchat_clock_ahead_seconds -1.5\n"));
    CHECK_FALSE(has(text, "a name"));
}

TEST_CASE("what is not known is not told, and trouble is") {
    Figures figures;
    CHECK_FALSE(has(exposition(figures), "clock"));
    CHECK(has(exposition(figures), "\nlanchat_disk_trouble 0\n"));
    figures.status.problem = "full";
    CHECK(has(exposition(figures), "\nlanchat_disk_trouble 1\n"));
}

}  // namespace
}  // namespace lanchat::app::metrics::app_exposition_test
