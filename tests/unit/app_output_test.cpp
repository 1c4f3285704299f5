// Output: everything arrives in order while somebody reads, and nothing hangs when nobody does.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "app/streams/output.hpp"
#include "app/streams/pressure.hpp"

namespace lanchat::app::app_output_test {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since) { return Instant(since); }

TEST_CASE("peers are held back above half of the queue and let go below a quarter") {
    Pressure pressure(100, 2s);

    pressure.observe(50, 0, at(0s));
    CHECK(pressure.receives());
    pressure.observe(51, 0, at(0s));
    CHECK_FALSE(pressure.receives());
    pressure.observe(25, 26, at(1s));
    CHECK_FALSE(pressure.receives());
    pressure.observe(24, 27, at(1s));
    CHECK(pressure.receives());
}

TEST_CASE("a reader that makes no progress for the patience holds nobody back any more") {
    Pressure pressure(100, 2s);
    pressure.observe(60, 0, at(10s));

    pressure.observe(80, 0, at(11'999ms));
    CHECK_FALSE(pressure.receives());
    pressure.observe(80, 0, at(12s));
    CHECK(pressure.receives());
    CHECK(pressure.is_held());
    pressure.observe(79, 1, at(20s));
    CHECK_FALSE(pressure.receives());
    pressure.observe(78, 2, at(21s));
    pressure.observe(78, 2, at(22s));
    CHECK_FALSE(pressure.receives());
}

TEST_CASE("patience begins when the queue fills, not when it was last written") {
    Pressure pressure(100, 2s);
    pressure.observe(0, 7, at(0s));

    pressure.observe(60, 7, at(100s));

    CHECK_FALSE(pressure.receives());
}

TEST_CASE("the queue takes what fits to the byte") {
    const Pressure pressure(100, 2s);

    CHECK(pressure.fits(60, 40));
    CHECK_FALSE(pressure.fits(60, 41));
}

struct Ends {
    ~Ends() {
        close_reader();
        if (fds[1] >= 0) ::close(fds[1]);
    }
    void close_reader() {
        if (fds[0] >= 0) ::close(fds[0]);
        fds[0] = -1;
    }
    // What there is to read now, at most `count` bytes; empty at the end.
    std::string read(std::size_t count = 1 << 20) const {
        std::string bytes(count, '\0');
        const auto size = ::read(fds[0], bytes.data(), bytes.size());
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return bytes;
    }

    std::array<int, 2> fds{-1, -1};
};

// An Output with short patience, and what it said.
struct Writing {
    explicit Writing(int fd, OutputLimits limits = {1 << 20, 30ms, 30ms}) {
        ::signal(SIGPIPE, SIG_IGN);
        output.emplace(loop, fd,
                       Output::Listener{[this](bool on) { receive.push_back(on); },
                                        [this](std::uint64_t count) { dropped += count; },
                                        [this](int error) { ended = error; }},
                       limits);
    }

    void run_until(const std::function<bool()>& done) {
        while (!done()) {
            loop.restart();
            REQUIRE(loop.run_one_for(60s) == 1);
        }
    }
    void finish() {
        bool finished = false;
        output->finish([&] { finished = true; });
        run_until([&] { return finished; });
    }

    asio::io_context loop;
    // The writing thread may be the only one with something to do.
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    std::vector<bool> receive;
    std::uint64_t dropped = 0;
    int ended = 0;
    std::optional<Output> output;
};

enum class Sort { pipe, socket };

void open(Ends& ends, Sort sort) {
    const int done = sort == Sort::pipe ? ::pipe2(ends.fds.data(), O_CLOEXEC)
                                        : ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.fds.data());
    REQUIRE(done == 0);
}

TEST_CASE("what is written arrives whole and in order, through pipes and sockets") {
    for (const auto sort : {Sort::pipe, Sort::socket}) {
        Ends ends;
        open(ends, sort);
        Writing writing(ends.fds[1], {64 << 20, 10s, 10s});
        std::string received;
        std::string expected;
        std::thread reader([&] {
            for (auto bytes = ends.read(); !bytes.empty(); bytes = ends.read()) received += bytes;
        });

        for (int i = 0; i < 200'000; ++i) {
            const auto line = "line " + std::to_string(i) + "\n";
            expected += line;
            writing.output->write(line);
            if (i % 100 == 0) writing.loop.poll(), writing.loop.restart();
        }
        writing.finish();
        writing.output.reset();
        ::shutdown(ends.fds[1], SHUT_WR);
        ::close(ends.fds[1]);
        ends.fds[1] = -1;
        reader.join();

        CHECK(received == expected);
        CHECK(writing.dropped == 0);
    }
}

TEST_CASE("lines of one turn leave together, at once and without a thread") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1]);

    writing.output->write("one\n");
    writing.output->write("two\n");
    writing.loop.poll();

    CHECK(ends.read() == "one\ntwo\n");
}

TEST_CASE("writing leaves the flags of the shared open file alone") {
    Ends ends;
    open(ends, Sort::pipe);
    const int before = ::fcntl(ends.fds[1], F_GETFL);
    Writing writing(ends.fds[1]);

    writing.output->write("x\n");
    writing.finish();

    CHECK(::fcntl(ends.fds[1], F_GETFL) == before);
}

TEST_CASE("with nobody reading peers are held, then let in again, and what is lost is counted") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1]);
    const std::string line(1023, 'x');

    for (int i = 0; i < 3000; ++i) writing.output->write(line + "\n");
    writing.run_until([&] { return writing.receive.size() == 2; });
    CHECK(writing.receive == std::vector<bool>{false, true});
    CHECK_FALSE(writing.output->is_held());
    CHECK(writing.dropped == 0);

    std::size_t received = 0;
    std::thread reader([&] {
        for (auto bytes = ends.read(); !bytes.empty(); bytes = ends.read())
            received += bytes.size();
    });
    writing.run_until([&] { return writing.dropped > 0; });
    writing.finish();
    writing.output.reset();
    ::close(ends.fds[1]);
    ends.fds[1] = -1;
    reader.join();

    CHECK(received % 1024 == 0);
    CHECK(received / 1024 + writing.dropped == 3000);
}

TEST_CASE("a broken pipe ends the output, and writing on does no harm") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1]);
    ends.close_reader();

    writing.output->write("into the void\n");
    writing.loop.poll();
    CHECK(writing.ended == EPIPE);
    CHECK(writing.output->has_ended());
    writing.output->write("more\n");
    writing.finish();

    CHECK(writing.dropped == 0);
    CHECK(writing.receive.empty());
}

TEST_CASE("a pipe that breaks while it is full lets peers in again") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1], {1 << 20, 10s, 10s});
    for (int i = 0; i < 1000; ++i) writing.output->write(std::string(1024, 'x'));
    writing.run_until([&] { return writing.receive.size() == 1; });

    ends.close_reader();
    writing.run_until([&] { return writing.receive.size() == 2; });

    CHECK(writing.receive == std::vector<bool>{false, true});
    CHECK(writing.output->has_ended());
}

TEST_CASE("a descriptor that is not open ends the output with its reason") {
    Writing writing(-1);

    writing.output->write("x\n");
    writing.run_until([&] { return writing.output->has_ended(); });

    CHECK(writing.ended == EBADF);
}

TEST_CASE("the end does not wait for a reader that does not read") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1], {8 << 20, 10s, 30ms});
    writing.output->write(std::string(1 << 20, 'x'));

    writing.finish();

    CHECK_FALSE(writing.output->has_ended());
}

TEST_CASE("the end waits for a slow reader as long as it reads") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1], {8 << 20, 10s, 10s});
    writing.output->write(std::string(1 << 20, 'x'));
    bool finished = false;
    writing.output->finish([&] { finished = true; });
    std::size_t received = 0;

    while (!finished) {
        received += ends.read(4096).size();
        writing.loop.restart();
        writing.loop.poll();
        // The last pipeful needs no reader to be written.
        if (received == 1 << 20) writing.run_until([&] { return finished; });
    }
    while (received < 1 << 20) received += ends.read().size();

    CHECK(received == 1 << 20);
}

TEST_CASE("an output that goes away before its turn writes nothing") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1]);

    writing.output->write("x\n");
    writing.output.reset();
    writing.loop.poll();
    ::close(ends.fds[1]);
    ends.fds[1] = -1;

    CHECK(ends.read().empty());
}

TEST_CASE("an output may go away with all that is still under way") {
    Ends ends;
    open(ends, Sort::pipe);
    Writing writing(ends.fds[1]);
    for (int i = 0; i < 1000; ++i) writing.output->write(std::string(1024, 'x'));
    writing.loop.poll();

    const auto said = writing.receive.size();

    writing.output.reset();
    ends.close_reader();  // the writing thread now finds a broken pipe
    writing.loop.restart();
    writing.loop.poll();

    CHECK(writing.receive.size() == said);
    CHECK(writing.ended == 0);
}

}  // namespace
}  // namespace lanchat::app::app_output_test
