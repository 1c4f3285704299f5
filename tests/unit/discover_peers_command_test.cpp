// A program of the user's that names who else could be there.
#include "discover/peers_command.hpp"

#include <doctest/doctest.h>

#include <asio/executor_work_guard.hpp>
#include <chrono>
#include <string>

#include "message/limits.hpp"

namespace lanchat::discover::discover_peers_command_test {
namespace {

using Place = PrintedPeers::Place;

Endpoint endpoint(const char* text) { return *parse_endpoint(text); }

// What the program leads to, told by the loop.
struct Asked {
    explicit Asked(const std::string& command)
        : program(loop, command, {4565, 4566},
                  {[this](std::vector<Endpoint> all) {
                       places = std::move(all);
                       loop.stop();
                   },
                   [this](const std::string& why) { trouble = why; }}) {
        program.begin();
        loop.run_for(std::chrono::seconds(30));
    }

    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    std::vector<Endpoint> places;
    std::string trouble;
    PeersCommand program;
};

TEST_CASE("lines are hosts, with or without a port") {
    const auto printed =
        read_printed("10.0.0.7\n\n  nas.lan:4567 # the shelf\n# nobody\r\nbuild_2\r\n");
    CHECK(printed.places == std::vector<Place>{{"10.0.0.7", 0}, {"nas.lan", 4567}, {"build_2", 0}});
    CHECK(printed.trouble.empty());
}

TEST_CASE("lines that are none are told, and the others count") {
    for (const std::string bad : {"10.0.0.7:0", "10.0.0.7:65536", "a:b", "a b", "-v", "fe80::1",
                                  "\x1b[2J", "a:", ":1", "ü"}) {
        CAPTURE(bad);
        const auto printed = read_printed("10.0.0.1\n" + bad + "\n10.0.0.2");
        CHECK(printed.places.size() == 2);
        CHECK_FALSE(printed.trouble.empty());
    }
}

TEST_CASE("so many lines count") {
    std::string many;
    for (std::size_t n = 0; n <= limits::printed_lines_max; ++n) many += "a\n";
    const auto printed = read_printed(many);
    CHECK(printed.places.size() == limits::printed_lines_max);
    CHECK_FALSE(printed.trouble.empty());
}

TEST_CASE("what a program prints is looked up") {
    const Asked asked("printf 127.0.0.9:77\\nlocalhost\\n");
    CHECK(asked.places == std::vector{endpoint("127.0.0.9:77"), endpoint("127.0.0.1:4565"),
                                      endpoint("127.0.0.1:4566")});
    CHECK(asked.trouble.empty());
}

TEST_CASE("a program that fails, says nothing or is not there is told of") {
    CHECK(Asked("false").trouble.find("exit code 1") != std::string::npos);
    CHECK(Asked("true").trouble.find("names nobody") != std::string::npos);
    CHECK(Asked("/nowhere/at/all").trouble.find("/nowhere/at/all") != std::string::npos);
    const Asked asked("echo nobody.invalid");
    CHECK(asked.places.empty());
    CHECK(asked.trouble.find("nobody.invalid") != std::string::npos);
}

TEST_CASE("a program that says too much is ended, and what it said counts") {
    const Asked asked("yes 10.0.0.1:1");
    CHECK(asked.trouble.find("bytes") != std::string::npos);
    CHECK(asked.places.size() == limits::printed_lines_max);
}

TEST_CASE("whoever goes while it runs does not wait for it") {
    asio::io_context loop;
    const auto began = std::chrono::steady_clock::now();
    {
        PeersCommand program(loop, "sleep 60", {1, 1}, {[](auto) {}, [](auto&) {}});
        program.begin();
        loop.run_for(std::chrono::milliseconds(50));
    }
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}

}  // namespace
}  // namespace lanchat::discover::discover_peers_command_test
