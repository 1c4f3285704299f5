// Input: lines are split as promised, whatever they come from and however they are cut.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "app/streams/input.hpp"
#include "app/streams/line_buffer.hpp"

namespace lanchat::app::app_lines_test {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* too_long = "<too long>";

void take_all(LineBuffer& buffer, Lines& out) {
    for (;;) {
        const auto next = buffer.next();
        if (next.found == LineBuffer::Found::nothing) return;
        out.push_back(next.found == LineBuffer::Found::line ? std::string(next.line) : too_long);
    }
}

// Splits `text`, put in by pieces of `piece` bytes.
Lines split(std::string_view text, std::size_t piece, std::size_t line_bytes_max = 8) {
    LineBuffer buffer(line_bytes_max);
    Lines lines;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        buffer.put(text.substr(0, piece));
        take_all(buffer, lines);
    }
    buffer.end();
    take_all(buffer, lines);
    CHECK(buffer.has_ended());
    return lines;
}

TEST_CASE("lines are the same however the bytes are cut") {
    const std::string text =
        "one\n\ntwo\r\n 12345678\n12345678\n12345678\r\n\r\nx\r\r\nlong long\nlast";
    const Lines expected{"one",      "", "two", too_long, "12345678",
                         "12345678", "", "x\r", too_long, "last"};

    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        CHECK(split(text, piece) == expected);
}

TEST_CASE("a byte order mark is no part of the first line, and text everywhere else") {
    const std::string mark = "\xEF\xBB\xBF";
    for (std::size_t piece = 1; piece < 12; ++piece) {
        CHECK(split(mark + "one\n" + mark + "two\nx" + mark, piece) ==
              Lines{"one", mark + "two", "x" + mark});
        CHECK(split(mark + "12345678\r\n123456789\n", piece) == Lines{"12345678", too_long});
        CHECK(split(mark + "123456789\n" + mark + "x\n", piece) == Lines{too_long, mark + "x"});
        CHECK(split(mark + mark + "x", piece) == Lines{mark + "x"});
    }
    CHECK(split(mark, 1) == Lines{""});
}

TEST_CASE("a last line counts without its newline, and an empty rest is no line") {
    CHECK(split("", 1) == Lines{});
    CHECK(split("a\n", 9) == Lines{"a"});
    CHECK(split("a\nb", 9) == Lines{"a", "b"});
    CHECK(split("a\nb\r", 9) == Lines{"a", "b"});
}

TEST_CASE("a line that is too long is refused once, wherever it ends") {
    CHECK(split("123456789", 1) == Lines{too_long});
    CHECK(split(std::string(1000, 'x'), 3) == Lines{too_long});
    CHECK(split(std::string(1000, 'x') + "\nafter", 3) == Lines{too_long, "after"});
    CHECK(split("12345678\r", 1) == Lines{"12345678"});
}

TEST_CASE("a zero byte is a byte like any other") {
    CHECK(split(std::string_view("a\0b\n", 4), 2) == Lines{std::string("a\0b", 3)});
}

struct Pipe {
    Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
    ~Pipe() {
        ::close(ends[0]);
        close_writer();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void write(std::string_view text) const {
        REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void close_writer() {
        if (ends[1] >= 0) ::close(ends[1]);
        ends[1] = -1;
    }

    std::array<int, 2> ends{};
};

// A LineInput whose lines are kept.
struct Reader {
    explicit Reader(int fd, std::size_t line_bytes_max = 100)
        : input(loop, fd, line_bytes_max,
                {[this](std::string_view line) {
                     lines.emplace_back(line);
                     if (on_line) on_line();
                 },
                 [this] { lines.emplace_back(too_long); }, [this] { ++ends; }}) {}

    // Turns the loop until `done`, or fails.
    void run_until(const std::function<bool()>& done) {
        while (!done()) {
            loop.restart();
            REQUIRE(loop.run_one_for(std::chrono::seconds(10)) == 1);
        }
    }

    asio::io_context loop;
    Lines lines;
    int ends = 0;
    std::function<void()> on_line;
    LineInput input;
};

TEST_CASE("a pipe is read as lines come, and its end is told once") {
    Pipe pipe;
    Reader reader(pipe.ends[0]);
    reader.input.resume();

    pipe.write("one\ntw");
    reader.run_until([&] { return reader.lines.size() == 1; });
    pipe.write("o\nthree");
    reader.run_until([&] { return reader.lines.size() == 2; });
    CHECK(reader.ends == 0);
    pipe.close_writer();
    reader.run_until([&] { return reader.ends > 0; });

    CHECK(reader.lines == Lines{"one", "two", "three"});
    reader.loop.poll();
    CHECK(reader.ends == 1);
}

TEST_CASE("waiting for input does not hold up the loop") {
    Pipe pipe;
    Reader reader(pipe.ends[0]);
    reader.input.resume();

    reader.loop.poll();  // would hang in a read

    CHECK(reader.lines.empty());
    CHECK(reader.ends == 0);
}

TEST_CASE("reading leaves the flags of the shared open file alone") {
    Pipe pipe;
    const int before = ::fcntl(pipe.ends[0], F_GETFL);
    Reader reader(pipe.ends[0]);
    reader.input.resume();

    pipe.write("x\n");
    reader.run_until([&] { return reader.lines.size() == 1; });

    CHECK(::fcntl(pipe.ends[0], F_GETFL) == before);
}

TEST_CASE("a pause holds from the next line on, and nothing is lost by it") {
    Pipe pipe;
    Reader reader(pipe.ends[0]);
    reader.on_line = [&] { reader.input.pause(); };
    reader.input.resume();
    pipe.write("1\n2\n3\n");
    pipe.close_writer();

    for (std::size_t count = 1; count <= 3; ++count) {
        reader.run_until([&] { return reader.lines.size() == count; });
        reader.loop.restart();
        reader.loop.poll();
        CHECK(reader.lines.size() == count);
        CHECK(reader.ends == 0);
        reader.input.resume();
    }

    reader.run_until([&] { return reader.ends == 1; });
    CHECK(reader.lines == Lines{"1", "2", "3"});
}

TEST_CASE("while paused the pipe is not emptied, so that its writer feels it") {
    Pipe pipe;
    Reader reader(pipe.ends[0]);
    pipe.write("x\n");

    reader.loop.poll();

    CHECK(reader.lines.empty());
    reader.input.resume();
    reader.run_until([&] { return reader.lines.size() == 1; });
}

TEST_CASE("a regular file, which epoll refuses, is read to its end") {
    char path[] = "/tmp/lanchat_lines_XXXXXX";
    const int fd = ::mkstemp(path);
    REQUIRE(fd >= 0);
    ::unlink(path);
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::lseek(fd, 0, SEEK_SET);

    Reader reader(fd);
    reader.input.resume();
    reader.run_until([&] { return reader.ends == 1; });

    CHECK(reader.lines.size() == 50'000);
    CHECK(reader.lines.back() == "49999");
    ::close(fd);
}

TEST_CASE("an input that cannot be read has ended") {
    Reader reader(-1);
    reader.input.resume();

    reader.run_until([&] { return reader.ends == 1; });

    CHECK(reader.lines.empty());
}

TEST_CASE("a long chunk of lines leaves room on the loop for others") {
    Pipe pipe;
    Reader reader(pipe.ends[0]);
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "x\n";
    pipe.write(text);
    reader.input.resume();

    reader.run_until([&] { return !reader.lines.empty(); });

    CHECK(reader.lines.size() < 1'000);
    reader.run_until([&] { return reader.lines.size() == 10'000; });
}

}  // namespace
}  // namespace lanchat::app::app_lines_test
