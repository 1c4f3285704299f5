// The line being typed: its text, its cursor and the lines before it. Draws nothing.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/terminal/keys.hpp"
#include "message/limits.hpp"
#include "message/time.hpp"

namespace lanchat::app {

// What a key asks of whoever owns the terminal.
struct Deed {
    enum class Kind { submit, submit_pasted, leave, end_of_input, suspend, redraw };
    Kind kind;
    std::string text;  // of a line to submit

    bool operator==(const Deed&) const = default;
};

class Editor {
  public:
    static constexpr std::size_t history_lines_max = 100;
    // Two ^C within this time leave, whatever was typed between them.
    static constexpr auto interrupt_interval = std::chrono::seconds(2);

    explicit Editor(std::size_t line_bytes_max = limits::line_bytes_max)
        : line_bytes_max_(line_bytes_max) {}

    void press(const Key& key, Instant now, std::vector<Deed>& out);

    const std::string& text() const { return text_; }
    std::size_t cursor() const { return cursor_; }

  private:
    void obey(const Key& key, Instant now, std::vector<Deed>& out);
    void insert(std::string_view text);
    void paste(std::string_view text, std::vector<Deed>& out);
    void submit(Deed::Kind kind, std::vector<Deed>& out);
    void interrupt(Instant now, std::vector<Deed>& out);
    void end_of_input(std::vector<Deed>& out);
    void move(KeyKind kind);
    void remove(KeyKind kind);
    void remove(std::size_t begin, std::size_t end);
    void recall(KeyKind direction);
    void replace(std::string text);

    std::size_t line_bytes_max_;
    std::string text_;
    std::size_t cursor_ = 0;  // in bytes, between two grapheme clusters
    std::deque<std::string> history_;
    std::size_t recalled_ = 0;  // history_.size(): the draft
    std::string draft_;
    std::optional<Instant> interrupted_;
};

}  // namespace lanchat::app
