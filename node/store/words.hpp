// The words of a text, as search compares them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lanchat::store {

// Letters and digits, folded in case, compatibility forms and diacritics; an ideograph or kana is
// a word of its own, since no spaces tell words apart there. Words hold no ASCII but [a-z0-9].
std::vector<std::string> words_of(std::string_view text);

}  // namespace lanchat::store
