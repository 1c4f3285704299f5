// Hygiene of untrusted text: what may be sent, and what may be drawn on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace lanchat {

bool is_utf8(std::string_view text);

// Invalid bytes become U+FFFD, one for each maximal ill-formed part (Unicode 15, 3.9, table 3-8).
std::string to_utf8(std::string_view bytes);

// The one function through which text of others reaches a terminal or a log (threat T17): C0
// controls and DEL become their picture (␛), other invisible or direction-changing code points
// U+FFFD; of the combining marks on a base 8 stay, of those of no script 4. Tab stays, and what
// scripts need to be read: joiners, selectors, the gap between words of those that write no blanks,
// the tags of a flag. The result contains no newline; idempotent; any bytes are accepted.
std::string displayable(std::string_view text);

// `displayable`, without ':' (which ends a name in plain output); never empty.
std::string displayable_name(std::string_view name);

// A name that may travel: valid UTF-8, not empty, within limits::name_*.
bool is_name(std::string_view name);

// The longest prefix of `text` that is_name() accepts, or `otherwise` when there is none.
std::string to_name(std::string_view text, std::string_view otherwise);

// Columns that displayable text takes on a terminal; a tab counts 8.
int columns(std::string_view text);

// In Unicode's normal form C, in which one text has one spelling. Precondition: is_utf8(text).
std::string composed(std::string_view text);

// Code points. Precondition: is_utf8(text).
std::size_t count_characters(std::string_view text);

bool is_ascii(std::string_view text);

// The word with small letters of ASCII in place of its capitals.
std::string in_lower_case(std::string_view word);

}  // namespace lanchat
