// What a node refuses to say, and as what.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <string>

#include "message/limits.hpp"
#include "node/node.hpp"
#include "tests/unit/node_lives.hpp"

namespace lanchat::node_refusals_test {
namespace {

Config config() {
    Config config;
    config.name = "alice";
    config.ip = to_string(test::here);
    config.cidrs = {Cidr{test::here, 32}};
    config.ports = test::free_ports();
    config.history.enabled = false;
    return config;
}

TEST_CASE("what makes no sense is invalid, what cannot be now is not") {
    asio::io_context loop;
    Node node(loop, config(), [](const Event&) {});
    const auto is_refused_as = [&](Failure::Kind kind, const std::string& text,
                                   const std::string& room = "general") {
        const auto said = node.say(text, room);
        return !said && said.failure().kind == kind;
    };
    constexpr auto invalid = Failure::Kind::invalid;
    CHECK(is_refused_as(Failure::Kind::other, "too early"));
    REQUIRE(node.start());
    CHECK(node.say("hello"));
    CHECK(is_refused_as(invalid, ""));
    CHECK(is_refused_as(invalid, std::string(limits::line_bytes_max + 1, 'x')));
    for (const std::size_t size : {std::size_t{0}, limits::room_bytes_max + 1})
        CHECK(is_refused_as(invalid, "x", std::string(size, 'r')));
    CHECK(is_refused_as(invalid, "x", "\xFF"));
}

}  // namespace
}  // namespace lanchat::node_refusals_test
