// Bytes in, lines out: splits a stream at newlines and refuses lines that are too long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lanchat::app {

// Holds at most one line and what was last put in. A byte order mark before the first line, as some
// editors write it, is no part of that.
class LineBuffer {
  public:
    enum class Found { nothing, line, too_long };
    struct Next {
        Found found = Found::nothing;
        std::string_view line;  // without its ending; valid until the next `put`
    };

    explicit LineBuffer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    void put(std::string_view bytes);
    // What was put is all there is: a last line may lack its newline.
    void end() { ended_ = true; }

    // The next line, "\n" or "\r\n" taken off. Each too long one is reported once, when it is
    // known to be.
    Next next();

    bool has_ended() const { return ended_ && at_ == held_.size(); }

  private:
    Next finish(std::string_view line);
    Next without_newline();

    std::size_t line_bytes_max_;
    std::string held_;
    std::size_t at_ = 0;       // the first byte not yet given out
    std::size_t scanned_ = 0;  // no newline before this one
    bool skipping_ = false;    // inside a line already refused
    bool begun_ = false;       // the first line was found
    bool ended_ = false;
};

}  // namespace lanchat::app
