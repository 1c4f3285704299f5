// What a text holds that can be looked for, and how the index of words is told and asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/result.hpp"

namespace lanchat::store {

// Letters, digits and signs in a row, folded in case, compatibility forms and accents. A word is of
// a script that puts blanks between words, and is found by its beginning. A run is of one that
// does not, or that joins words to words (Thai, Chinese, Korean, Arabic, Indic …), or of emoji and
// other signs: it is found by any part of it. No ASCII but [a-z0-9] is in either.
struct Piece {
    std::string text;
    bool is_run = false;
    std::vector<std::size_t> characters = {};  // of a run: where they begin, marks and all

    bool operator==(const Piece&) const = default;
};
std::vector<Piece> pieces_of(std::string_view text);

// What the index holds of a line beside its words: the rows of its room and, if it has one, its
// author. No text has such words, since they begin with what is no part of a piece.
std::string room_word(std::int64_t room);
std::string author_word(std::int64_t author);

// All of it, with spaces between: words as they are, of a run each two characters side by side and
// the last one alone. Author 0: none.
std::string indexed_words(std::int64_t room, std::int64_t author, std::string_view text);

// Changes whenever one text may be told to the index otherwise than before: then all is told anew.
std::string index_version();

// What a search looks for, each once, and no more than so many: nothing is found where there is
// nothing.
inline constexpr std::size_t query_pieces_max = 32;
std::vector<Piece> query_pieces(std::string_view query);

// Why people should not be told that nothing was found: there is nothing to look for, or too much.
std::optional<Failure> refuse_query(std::string_view query);

// In FTS5's own words what holds them all as far as the index can tell; everything is quoted.
std::string match_of(const std::vector<Piece>& pieces);

// Whether `text` holds all of them.
bool holds(std::string_view text, const std::vector<Piece>& pieces);

}  // namespace lanchat::store
