// What the parts of a node leave on the loop is dropped once the node has stopped.
#include <doctest/doctest.h>

#include <asio/io_context.hpp>
#include <chrono>

#include "node/node_loop.hpp"
#include "tests/unit/node_lives.hpp"

namespace lanchat::node_loop_test {

using test::run_what_is_ready;

TEST_CASE("what is posted is called on the loop, never at once") {
    asio::io_context io;
    NodeLoop loop(io);
    int calls = 0;
    loop.post([&] { ++calls; });
    CHECK(calls == 0);
    run_what_is_ready(io);
    CHECK(calls == 1);
}

TEST_CASE("nothing is called once it has stopped: posts, timers, answers of others") {
    asio::io_context io;
    int calls = 0;
    asio::steady_timer timer(io, std::chrono::seconds(0));
    {
        NodeLoop loop(io);
        const auto answer = loop.while_running([&](int more) { calls += more; });
        auto first = answer;
        first(10);
        CHECK(calls == 10);
        loop.post([&] { ++calls; });
        loop.wait(timer, [&] { ++calls; });
        loop.stop();
        auto second = answer;
        second(10);
    }
    run_what_is_ready(io);
    CHECK(calls == 10);
}

TEST_CASE("a timer that is cancelled or set anew is not waited for any more") {
    asio::io_context io;
    NodeLoop loop(io);
    int calls = 0;
    asio::steady_timer timer(io, std::chrono::hours(1));
    loop.wait(timer, [&] { calls += 100; });
    timer.expires_after(std::chrono::seconds(0));
    loop.wait(timer, [&] { ++calls; });
    CHECK(test::until(io, [&] { return calls > 0; }));
    run_what_is_ready(io);
    CHECK(calls == 1);
    timer.expires_after(std::chrono::hours(1));
    loop.wait(timer, [&] { ++calls; });
    timer.cancel();
    run_what_is_ready(io);
    CHECK(calls == 1);
}

}  // namespace lanchat::node_loop_test
