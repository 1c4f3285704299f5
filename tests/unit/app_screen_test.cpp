// Drawing the line being typed, judged by a small terminal that carries out the bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "app/terminal/graphemes.hpp"
#include "app/terminal/layout.hpp"
#include "app/terminal/screen.hpp"
#include "message/text.hpp"

namespace lanchat::app::app_screen_test {
namespace {

// Knows what we send and nothing else; anything unexpected is a failure. Like real ones it wraps
// only when a character comes after the last column was filled.
class Paper {
  public:
    explicit Paper(int columns) : columns_(columns) {}

    void put(std::string_view bytes) {
        while (!bytes.empty()) bytes.remove_prefix(take(bytes));
    }
    // The rows, without the spaces at their ends.
    std::vector<std::string> rows() const {
        std::vector<std::string> out;
        for (const auto& cells : rows_) {
            std::string text;
            for (const auto& cell : cells) text += cell;
            text.erase(text.find_last_not_of(' ') + 1);
            out.push_back(text);
        }
        while (out.size() > 1 && out.back().empty()) out.pop_back();
        return out;
    }

    // Rows that have become too long are cut, as GNU screen and xterm do it; or broken, as VTE and
    // tmux do it. Of ASCII only.
    enum class Long { cut, broken };
    void resize(int columns, Long how) {
        columns_ = columns;
        const auto width = std::size_t(columns);
        std::vector<Row> rows;
        auto at = row;
        for (std::size_t n = 0; n < rows_.size(); ++n) {
            if (n == row) at = rows.size();
            auto& cells = rows_[n];
            while (how == Long::broken && cells.size() > width) {
                rows.emplace_back(cells.begin(), cells.begin() + columns);
                cells.erase(cells.begin(), cells.begin() + columns);
            }
            cells.resize(std::min(cells.size(), width), " ");
            rows.push_back(cells);
        }
        rows_ = rows;
        row = at + (how == Long::broken ? std::size_t(column / columns) : 0);
        column = how == Long::broken ? column % columns : std::min(column, columns - 1);
        if (row >= rows_.size()) rows_.resize(row + 1);
    }

    std::size_t row = 0;
    int column = 0;
    bool wrapped = false;  // the terminal broke a row, which the layout never wants

  private:
    std::size_t take(std::string_view bytes) {
        if (bytes[0] == '\r') return column = 0, 1;
        if (bytes[0] == '\n') return down(), column = 0, 1;  // with output processing
        if (bytes[0] == '\x1b') return control(bytes);
        const auto length = next_cluster(bytes, 0);
        draw(std::string(bytes.substr(0, length)));
        return length;
    }
    void draw(const std::string& cluster) {
        const int width = lanchat::columns(cluster);
        if (width == 0) return;
        if (column + width > columns_) {
            wrapped = true;
            down();
            column = 0;
        }
        rows_[row].resize(std::max(rows_[row].size(), std::size_t(column + width)), " ");
        rows_[row][std::size_t(column)] = cluster;
        for (int i = 1; i < width; ++i) rows_[row][std::size_t(column + i)].clear();
        column += width;
    }
    void down() {
        if (++row == rows_.size()) rows_.emplace_back();
    }
    std::size_t control(std::string_view bytes) {
        REQUIRE(bytes.size() > 2);
        REQUIRE(bytes[1] == '[');
        const auto end = bytes.find_first_of("ACGHJ", 2);
        REQUIRE(end != bytes.npos);
        const int number = std::atoi(std::string(bytes.substr(2, end - 2)).c_str());
        if (bytes[end] == 'A') row -= std::min(row, std::size_t(number));
        if (bytes[end] == 'C') column = std::min(column + number, columns_ - 1);
        if (bytes[end] == 'G') column = number - 1;
        if (bytes[end] == 'H') row = 0, column = 0;
        if (bytes[end] == 'J' && number == 0) {
            rows_.resize(row + 1);
            rows_[row].resize(std::min(rows_[row].size(), std::size_t(column)));
        }
        if (bytes[end] == 'J' && number == 2) std::fill(rows_.begin(), rows_.end(), Row{});
        return end + 1;
    }

    using Row = std::vector<std::string>;  // a cell holds a cluster, or nothing behind a wide one
    int columns_;
    std::vector<Row> rows_{Row{}};
};

std::string joined(const std::vector<std::string>& rows) {
    std::string out;
    for (const auto& row : rows) out += row;
    return out;
}

TEST_CASE("a short line is drawn with the cursor where it belongs") {
    Paper paper(20);
    paper.put(draw({"> ", "hello", 2}, {20, 5}).bytes);
    CHECK(paper.rows() == std::vector<std::string>{"> hello"});
    CHECK(paper.row == 0);
    CHECK(paper.column == 4);
}

TEST_CASE("a full row puts the cursor on the next one") {
    Paper paper(8);
    paper.put(draw({"> ", "123456", 6}, {8, 5}).bytes);
    CHECK(paper.rows() == std::vector<std::string>{"> 123456"});
    CHECK(paper.row == 1);
    CHECK(paper.column == 0);
    CHECK_FALSE(paper.wrapped);
}

TEST_CASE("a wide character that does not fit goes to the next row whole") {
    Paper paper(7);
    paper.put(draw({"> ", "日本語x", 6}, {7, 5}).bytes);
    CHECK(paper.rows() == std::vector<std::string>{"> 日本", "語x"});
    CHECK(paper.row == 1);
    CHECK(paper.column == 0);
}

TEST_CASE("at every width any text is drawn whole, and erased without a trace") {
    const std::vector<std::string> clusters{
        "a", "b", "-", "日", "é", "e\u0301", "👍", "👨‍👩‍👧", "🇩🇪"};
    std::mt19937 random(9);
    for (int width = 2; width <= 200; ++width) {
        for (int round = 0; round < 5; ++round) {
            EditLine line{"> ", "", 0};
            for (auto left = random() % 300; left > 0; --left)
                line.text += clusters[random() % clusters.size()];
            for (auto steps = random() % 300; steps > 0; --steps)
                line.cursor = next_cluster(line.text, line.cursor);
            Paper paper(width);

            const auto drawing = draw(line, {width, 1000});
            paper.put(drawing.bytes);
            const auto prompt = width < 4 ? "" : line.prompt;
            const auto whole = prompt + line.text;
            CHECK(joined(paper.rows()) == whole.substr(0, whole.find_last_not_of(' ') + 1));
            CHECK_FALSE(paper.wrapped);
            CHECK(paper.row == drawing.cursor_row);
            CHECK(paper.column == drawing.cursor_column);

            // The next character typed has to appear where the cursor is.
            const bool at_end = line.cursor == line.text.size();
            const auto next = next_cluster(line.text, line.cursor) - line.cursor;
            if (!at_end) paper.put(line.text.substr(line.cursor, next));
            CHECK(joined(paper.rows()) == whole.substr(0, whole.find_last_not_of(' ') + 1));
            paper.put(at_end ? ""
                      : drawing.cursor_column > 0
                          ? "\x1b[" + std::to_string(drawing.cursor_column + 1) + "G"
                          : "\r");

            paper.put(erase(drawing));
            CHECK(joined(paper.rows()).empty());
            CHECK(paper.row == 0);
            CHECK(paper.column == 0);
        }
    }
}

TEST_CASE("controls and tabs in the line are drawn as something of known width") {
    Paper paper(40);
    paper.put(draw({"> ", "a\tb\x1b[2Jc", 2}, {40, 5}).bytes);
    CHECK(paper.rows() == std::vector<std::string>{"> a        b␛[2Jc"});
    CHECK(paper.column == 11);
}

TEST_CASE("of a line with more rows than the screen the part with the cursor is drawn") {
    const std::string text = "aaaaabbbbbcccccdddddeeeee";
    Paper low(5);
    const auto end = draw({"", text, 25}, {5, 4});
    low.put(end.bytes);
    CHECK(low.rows() == std::vector<std::string>{"ddddd", "eeeee"});
    CHECK(end.rows == 3);
    CHECK(low.row == 2);

    Paper high(5);
    high.put(draw({"", text, 0}, {5, 4}).bytes);
    CHECK(high.rows() == std::vector<std::string>{"aaaaa", "bbbbb", "ccccc"});
    CHECK(high.row == 0);
}

TEST_CASE("the smallest of screens does no harm") {
    for (const auto size :
         {ScreenSize{1, 1}, ScreenSize{0, 0}, ScreenSize{-5, 3}, ScreenSize{2, 1}}) {
        const auto drawing = draw({"a long prompt> ", "日本 text", 3}, size);
        CHECK(drawing.rows > 0);
        CHECK(drawing.cursor_row < drawing.rows);
        CHECK_FALSE(erase(drawing).empty());
    }
}

struct Shown {
    Paper paper{20};
    asio::io_context loop;
    int writes = 0;
    Screen screen{loop, [this](std::string_view bytes) { paper.put(bytes), ++writes; }, {20, 10}};

    void turn() {
        loop.restart();
        loop.poll();
    }
};

using Rows = std::vector<std::string>;

TEST_CASE("what comes in stands above the line being typed, which stays whole") {
    Shown shown;
    shown.screen.show({"> ", "typing a long line that wraps", 5});
    shown.turn();

    shown.screen.print("alice: hi\n");
    shown.screen.print("bob: ho\n");
    shown.turn();

    CHECK(shown.paper.rows() ==
          Rows{"alice: hi", "bob: ho", "> typing a long line", " that wraps"});
    CHECK(shown.paper.row == 2);
    CHECK(shown.paper.column == 7);
    CHECK(shown.writes == 2);
}

TEST_CASE("what stands above the line stays when the window is made narrower, again and again") {
    for (const auto how : {Paper::Long::cut, Paper::Long::broken})
        for (std::size_t cursor = 0; cursor <= 70; cursor += 7) {
            CAPTURE(cursor);
            Shown shown;
            for (int n = 0; n < 9; ++n) shown.screen.print("line " + std::to_string(n) + "\n");
            shown.screen.show({"> ", std::string(70, 'x'), cursor});
            shown.turn();
            for (const int columns : {19, 12, 8, 40, 7}) {
                shown.paper.resize(columns, how);
                shown.screen.resize({columns, 40});
                shown.turn();
                const auto rows = shown.paper.rows();
                for (int n = 0; n < 9; ++n)
                    CHECK(rows[std::size_t(n)] == "line " + std::to_string(n));
                // The line itself is there, whole, and last.
                const auto all = joined(rows);
                CHECK(all.substr(all.rfind('>')) == "> " + std::string(70, 'x'));
            }
        }
}

TEST_CASE("an accepted line stays, between what came before and after it") {
    Shown shown;
    shown.screen.show({"> ", "mine", 4});
    shown.screen.print("before\n");
    shown.screen.accept("> ", "mine");
    shown.screen.print("after\n");
    shown.screen.show({"> ", "", 0});
    shown.turn();

    CHECK(shown.paper.rows() == Rows{"before", "> mine", "after", ">"});
    CHECK(shown.paper.column == 2);
}

TEST_CASE("without a line being typed, output goes straight through") {
    Shown shown;

    shown.screen.print("one\n");

    CHECK(shown.paper.rows() == Rows{"one"});
}

TEST_CASE("a hidden line leaves nothing behind, and output goes on") {
    Shown shown;
    shown.screen.show({"> ", "typing a long line that wraps", 29});
    shown.turn();
    shown.screen.print("one\n");
    shown.screen.hide();
    shown.screen.print("two\n");
    shown.turn();

    CHECK(shown.paper.rows() == Rows{"one", "two"});
}

TEST_CASE("redrawing begins at the top of an empty screen") {
    Shown shown;
    shown.screen.show({"> ", "typing", 6});
    shown.screen.print("one\n");
    shown.turn();
    shown.screen.redraw();
    shown.turn();

    CHECK(shown.paper.rows() == Rows{"> typing"});
}

TEST_CASE("nothing is drawn when nothing changes") {
    Shown shown;
    shown.screen.show({"> ", "x", 1});
    shown.turn();
    shown.screen.show({"> ", "x", 1});
    shown.screen.resize({20, 10});
    shown.turn();

    CHECK(shown.writes == 1);
}

}  // namespace
}  // namespace lanchat::app::app_screen_test
