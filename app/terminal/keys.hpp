// Bytes of a terminal in raw mode, as keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/time.hpp"

namespace lanchat::app {

enum class KeyKind {
    text,    // typed characters
    pasted,  // between the marks of bracketed paste; may hold '\n', in place of any line ending
    enter,
    backspace,
    erase,
    left,
    right,
    word_left,
    word_right,
    home,
    end,
    up,
    down,
    kill_before,
    kill_after,
    kill_word,
    interrupt,
    end_of_input,
    suspend,
    redraw,
};

struct Key {
    KeyKind kind;
    std::string text;  // valid UTF-8, for text and pasted

    bool operator==(const Key&) const = default;
};

// Keys may come in any number of pieces. What it does not know it leaves out, with all its bytes.
class KeyDecoder {
  public:
    // A paste ends with its mark, or where ^C or ^D come before that: the mark may have been lost.
    void put(std::string_view bytes, std::vector<Key>& out);

    // How long to wait for the rest of what has begun, if anything has: a sequence, or a paste.
    std::optional<Duration> patience() const;
    // The rest does not come: what was pasted so far is all, an unfinished sequence is left out.
    void give_up(std::vector<Key>& out);

  private:
    bool take_one(std::vector<Key>& out);
    bool take_escape(std::vector<Key>& out);
    bool take_sequence(std::vector<Key>& out);
    bool take_text(std::vector<Key>& out);
    bool take_pasted(std::vector<Key>& out);
    void add_pasted(std::string_view text, std::vector<Key>& out);
    void name_sequence(std::string_view sequence, std::vector<Key>& out);

    std::string held_;
    bool pasting_ = false;
    bool after_return_ = false;  // a pasted '\r' was the last byte: a '\n' belongs to it
};

}  // namespace lanchat::app
