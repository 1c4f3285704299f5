// Splits by Unicode category and folds with utf8proc.
#include "node/store/words.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lanchat::store {
namespace {

bool stands_alone(utf8proc_int32_t point) {
    return (point >= 0x3040 && point <= 0x30ff) || (point >= 0x3400 && point <= 0x4dbf) ||
           (point >= 0x4e00 && point <= 0x9fff) || (point >= 0xf900 && point <= 0xfaff) ||
           (point >= 0x20000 && point <= 0x3ffff);
}

bool in_word(utf8proc_int32_t point) {
    const auto category = utf8proc_category(point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

class Words {
  public:
    void take(utf8proc_int32_t point) {
        if (!in_word(point)) return end();
        if (stands_alone(point)) end();
        std::array<utf8proc_uint8_t, 4> bytes{};
        const auto size = utf8proc_encode_char(point, bytes.data());
        for (utf8proc_ssize_t n = 0; n < size; ++n)
            word_ += static_cast<char>(bytes[static_cast<std::size_t>(n)]);
        if (stands_alone(point)) end();
    }
    void add(char byte) { word_ += byte; }
    void end() {
        if (!word_.empty()) words_.push_back(std::exchange(word_, {}));
    }
    std::vector<std::string> all() {
        end();
        return std::move(words_);
    }

  private:
    std::string word_;
    std::vector<std::string> words_;
};

// What a code point folds to: at most 18 (U+FDFA).
void fold(utf8proc_int32_t point, Words& words) {
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                            UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
    std::array<utf8proc_int32_t, 32> folded{};
    int boundary = 0;
    const auto count =
        utf8proc_decompose_char(point, folded.data(), folded.size(), options, &boundary);
    for (utf8proc_ssize_t n = 0; n < count && n < 32; ++n)
        words.take(folded[static_cast<std::size_t>(n)]);
}

// Without asking for categories: most lines are nothing else.
void take_ascii(char byte, Words& words) {
    if (byte >= 'A' && byte <= 'Z') return words.add(static_cast<char>(byte - 'A' + 'a'));
    const bool in_word = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    in_word ? words.add(byte) : words.end();
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    Words words;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        utf8proc_int32_t point = -1;
        utf8proc_ssize_t size = 1;
        if (first >= 0x80)
            size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                    static_cast<utf8proc_ssize_t>(text.size()), &point);
        if (first < 0x80)
            take_ascii(text.front(), words);
        else if (size > 0)
            fold(point, words);
        else
            words.end();
        text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 1);
    }
    return words.all();
}

std::string room_word(std::int64_t room) { return "\xc2\xa7r" + std::to_string(room); }

std::string author_word(std::int64_t author) {
    return "\xc2\xa7"
           "a" +
           std::to_string(author);
}

std::string indexed_words(std::int64_t room, std::int64_t author, std::string_view text) {
    std::string joined = room_word(room);
    if (author != 0) joined += ' ' + author_word(author);
    for (const auto& word : words_of(text)) joined += ' ' + word;
    return joined;
}

std::vector<std::string> query_words(std::string_view query) {
    std::vector<std::string> distinct;
    for (auto& word : words_of(query)) {
        if (distinct.size() == query_words_max) break;
        if (std::find(distinct.begin(), distinct.end(), word) == distinct.end())
            distinct.push_back(std::move(word));
    }
    return distinct;
}

bool has_words(std::string_view text, const std::vector<std::string>& words) {
    const auto held = words_of(text);
    return std::ranges::all_of(words, [&](const std::string& word) {
        return std::ranges::find(held, word) != held.end();
    });
}

}  // namespace lanchat::store
