// Where each character of the line being typed stands on the screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lanchat::app {

struct ScreenSize {
    int columns = 80;
    int rows = 24;

    bool operator==(const ScreenSize&) const = default;
};

struct EditLine {
    std::string prompt;
    std::string text;
    std::size_t cursor = 0;  // in bytes of `text`

    bool operator==(const EditLine&) const = default;
};

// What was drawn, so that it can be erased again.
struct Drawing {
    std::string bytes;            // draws it, from the beginning of an empty row
    std::vector<int> row_widths;  // of the rows drawn
    std::size_t cursor_row = 0;
    int cursor_column = 0;
};

// Wraps by itself, so that nothing depends on what the terminal does in its last column. Of a line
// with more rows than the screen it shows those around the cursor.
Drawing draw(const EditLine& line, ScreenSize size);

// Bytes that erase `drawing` and leave the cursor where it began. Terminals break rows that have
// become too long when they are made narrower; `columns` is the width now.
std::string erase(const Drawing& drawing, int columns);

}  // namespace lanchat::app
