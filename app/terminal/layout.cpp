// Rows are built one grapheme cluster at a time.
#include "app/terminal/layout.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/terminal/graphemes.hpp"
#include "message/text.hpp"

namespace lanchat::app {

namespace {

struct Row {
    std::string bytes;
    int width = 0;
};

class Rows {
  public:
    explicit Rows(int columns) : columns_(columns) {}

    // Begins a new row if so many columns do not fit any more.
    void make_room(int width) {
        if (rows_.back().width + width > columns_) rows_.emplace_back();
    }
    // Room was made before.
    void add(std::string_view cluster, int width) {
        auto& row = rows_.back();
        row.bytes += cluster;
        row.width = std::min(row.width + width, columns_);
        // Terminals disagree about the width of joined characters, so we say where we are.
        const bool is_simple = cluster.size() == 1 || width == 0;
        if (!is_simple && row.width < columns_)
            row.bytes += "\x1b[" + std::to_string(row.width + 1) + "G";
    }
    std::size_t count() const { return rows_.size(); }
    const Row& operator[](std::size_t at) const { return rows_[at]; }
    int column() const { return rows_.back().width; }

  private:
    int columns_;
    std::vector<Row> rows_{Row{}};
};

// One cluster as it is drawn. A tab is a stretch of spaces.
std::string shown(std::string_view cluster) {
    if (cluster == "\t") return std::string(8, ' ');
    return displayable(cluster);
}

void lay_out(const EditLine& line, Rows& rows, Drawing& drawing) {
    for (std::size_t at = 0;;) {
        const auto end = next_cluster(line.text, at);
        const auto cluster = shown(std::string_view(line.text).substr(at, end - at));
        const int width = columns(cluster);
        // Behind the last cluster the cursor needs a cell, too.
        rows.make_room(std::max(width, at == line.text.size() ? 1 : 0));
        if (at <= line.cursor && (line.cursor < end || at == line.text.size())) {
            drawing.cursor_row = rows.count() - 1;
            drawing.cursor_column = rows.column();
        }
        if (at == line.text.size()) return;
        rows.add(cluster, width);
        at = end;
    }
}

std::string move_up(std::size_t rows) {
    return rows == 0 ? "" : "\x1b[" + std::to_string(rows) + "A";
}

}  // namespace

Drawing draw(const EditLine& line, ScreenSize size) {
    const int width = std::max(size.columns, 1);
    Drawing drawing;
    Rows rows(width);
    // A prompt that would fill a small screen is left out.
    if (columns(line.prompt) <= width / 2) rows.add(line.prompt, columns(line.prompt));
    lay_out(line, rows, drawing);

    const auto rows_max = static_cast<std::size_t>(std::max(size.rows - 1, 1));
    const auto hidden = drawing.cursor_row < rows_max ? 0 : drawing.cursor_row - rows_max + 1;
    const auto end = std::min(hidden + rows_max, rows.count());
    for (auto at = hidden; at < end; ++at) {
        if (at > hidden) drawing.bytes += "\r\n";
        drawing.bytes += rows[at].bytes;
        ++drawing.rows;
    }
    drawing.cursor_row -= hidden;
    drawing.bytes += move_up(end - hidden - 1 - drawing.cursor_row) + "\r";
    if (drawing.cursor_column > 0)
        drawing.bytes += "\x1b[" + std::to_string(drawing.cursor_column) + "C";
    return drawing;
}

std::string erase(const Drawing& drawing) { return move_up(drawing.cursor_row) + "\r\x1b[J"; }

}  // namespace lanchat::app
