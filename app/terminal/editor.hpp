// The line being typed: its text, its cursor and the lines before it. Draws nothing.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
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
    enum class Kind {
        submit,           // Enter was pressed
        submit_pasted,    // a whole line came by paste
        too_long,         // the same, of a line that is too long to be said: it stays
        too_long_pasted,  // it is among the lines before
        cut,              // more was typed or pasted than a line can hold even here
        leave,
        end_of_input,
        suspend,
        redraw
    };
    Kind kind;
    std::string text = {};       // of a line to submit
    bool begins_pasted = false;  // of submit: its first visible character was not typed

    bool operator==(const Deed&) const = default;
};

class Editor {
  public:
    static constexpr std::size_t history_lines_max = 100;
    static constexpr std::size_t history_bytes_max = std::size_t{4} * 1024 * 1024;
    // A line that is too long to be said is kept, so that it can be parted, up to so many times
    // what may be said.
    static constexpr std::size_t draft_factor = 4;
    // Two ^C within this time leave, whatever was typed between them.
    static constexpr auto interrupt_interval = std::chrono::seconds(2);

    explicit Editor(std::size_t line_bytes_max = limits::line_bytes_max)
        : line_bytes_max_(line_bytes_max) {}

    void press(const Key& key, Instant now, std::vector<Deed>& out);

    const std::string& text() const { return text_; }
    std::size_t cursor() const { return cursor_; }

    // The line that was submitted last is edited on.
    void take_back();

  private:
    // A text, and for each of its bytes whether it was pasted.
    struct Draft {
        std::string text;
        std::string pasted;

        bool operator==(const Draft&) const = default;
    };

    void obey(const Key& key, Instant now, std::vector<Deed>& out);
    void insert(std::string_view text, bool pasted, std::vector<Deed>& out);
    void paste(std::string_view text, std::vector<Deed>& out);
    void submit(std::vector<Deed>& out);
    void submit_pasted(std::vector<Deed>& out);
    bool begins_pasted() const;
    bool is_typed_command() const;
    void remember();
    void clear();
    void interrupt(Instant now, std::vector<Deed>& out);
    void end_of_input(std::vector<Deed>& out);
    void move(KeyKind kind);
    void remove(KeyKind kind);
    void remove(std::size_t begin, std::size_t end);
    void recall(KeyKind direction);
    void replace(Draft draft);

    std::size_t line_bytes_max_;
    std::string text_;
    std::string pasted_;      // as in Draft
    bool cut_ = false;        // some of the line did not fit
    bool joins_ = false;      // a pasted line end is to become a blank, if more comes
    std::size_t cursor_ = 0;  // in bytes, between two grapheme clusters
    std::deque<Draft> history_;
    std::size_t history_bytes_ = 0;
    std::size_t recalled_ = 0;             // history_.size(): the draft
    std::map<std::size_t, Draft> edited_;  // what became of the lines that were recalled
    std::optional<Instant> interrupted_;
};

}  // namespace lanchat::app
