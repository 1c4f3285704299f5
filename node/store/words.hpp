// The words of a text, as search compares them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lanchat::store {

// Letters and digits, folded in case, compatibility forms and diacritics; an ideograph or kana is
// a word of its own, since no spaces tell words apart there. Words hold no ASCII but [a-z0-9].
std::vector<std::string> words_of(std::string_view text);

// What the index holds of a line beside its words: the rows of its room and, if it has one, its
// author. No text has such words, since they begin with what is neither letter nor digit.
std::string room_word(std::int64_t room);
std::string author_word(std::int64_t author);

// All of it, with spaces between. Author 0: none.
std::string indexed_words(std::int64_t room, std::int64_t author, std::string_view text);

// The distinct words a search has to look for; only so many are taken from a long text.
inline constexpr std::size_t query_words_max = 32;
std::vector<std::string> query_words(std::string_view query);

// Whether all of them are words of `text`.
bool has_words(std::string_view text, const std::vector<std::string>& words);

}  // namespace lanchat::store
