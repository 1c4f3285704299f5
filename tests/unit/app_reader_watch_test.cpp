// Whoever reads our output goes: that is noticed without writing.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>

#include "app/streams/reader_watch.hpp"

namespace lanchat::app::app_reader_watch_test {
namespace {

// [0] is read from, [1] is written to.
using Ends = std::array<int, 2>;

Ends a_pipe() {
    Ends ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    return ends;
}

Ends sockets() {
    Ends ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return ends;
}

TEST_CASE("the end of a reader is noticed, before the watch began and after") {
    for (const auto make : {a_pipe, sockets})
        for (const bool gone_before : {true, false}) {
            const auto ends = make();
            if (gone_before) ::close(ends[0]);
            std::promise<void> noticed;
            const ReaderWatch watch(ends[1], [&] { noticed.set_value(); });
            if (!gone_before) ::close(ends[0]);
            noticed.get_future().wait();
            ::close(ends[1]);
        }
}

TEST_CASE("while there is a reader nothing is said, and the watch ends when it is told to") {
    const auto ends = a_pipe();
    const auto other = ::dup(ends[0]);  // a second reader
    int calls = 0;
    {
        const ReaderWatch watch(ends[1], [&] { ++calls; });
        ::close(ends[0]);
    }
    CHECK(calls == 0);
    ::close(other);
    ::close(ends[1]);
}

TEST_CASE("what is open for reading only takes no output") {
    const auto ends = a_pipe();
    CHECK_FALSE(is_writable(ends[0]));
    CHECK(is_writable(ends[1]));
    CHECK_FALSE(is_writable(-1));
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace lanchat::app::app_reader_watch_test
