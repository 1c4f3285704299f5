// Where each character of the line being typed stands on the screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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
    std::string bytes;  // draws it, from the beginning of an empty row
    std::size_t rows = 0;
    std::size_t cursor_row = 0;
    int cursor_column = 0;
};

// Wraps by itself, so that nothing depends on what the terminal does in its last column. Of a line
// with more rows than the screen it shows those around the cursor.
Drawing draw(const EditLine& line, ScreenSize size);

// Bytes that erase `drawing` and leave the cursor where it began. Some terminals break rows that
// have become too long when they are made narrower, others cut them, and none says which it is:
// then the part that was broken off at the top may stay, but nothing above `drawing` is erased.
std::string erase(const Drawing& drawing);

}  // namespace lanchat::app
