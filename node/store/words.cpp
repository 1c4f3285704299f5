// Splits by Unicode category and by script, and folds with utf8proc.
#include "node/store/words.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "message/text.hpp"

namespace lanchat::store {
namespace {

using Point = utf8proc_int32_t;

// Of a run only so many pairs are asked for; whether the line has the rest is seen in the line.
constexpr std::size_t pairs_asked_max = 32;

struct Range {
    Point first;
    Point last;
};

// Scripts without blanks between words, and those that join small words to great ones.
constexpr std::array<Range, 20> run_scripts = {{
    {0x0590, 0x109F},    // Hebrew, Arabic, Indic, Thai, Tibetan, Burmese
    {0x1100, 0x139F},    // Hangul, Ethiopic
    {0x1700, 0x18AF},    // Philippine, Khmer, Mongolian
    {0x1900, 0x1C7F},    // Limbu, Tai, Balinese …
    {0x1CD0, 0x1CFF},    // Vedic
    {0x2D80, 0x2DDF},    // Ethiopic
    {0x2E80, 0xA4CF},    // Chinese, kana, Yi
    {0xA800, 0xAB2F},    // Indic, Javanese, Cham …
    {0xABC0, 0xABFF},    // Meetei
    {0xAC00, 0xD7FF},    // Hangul
    {0xF900, 0xFAFF},    // Chinese
    {0xFB1D, 0xFDFF},    // Hebrew, Arabic
    {0xFE70, 0xFEFE},    // Arabic
    {0xFF66, 0xFFDC},    // kana, Hangul
    {0x10A00, 0x10A5F},  // Kharoshthi
    {0x10D00, 0x10D3F},  // Rohingya
    {0x11000, 0x11FFF},  // Indic
    {0x16F00, 0x18FFF},  // Miao, Tangut
    {0x1B000, 0x1B2FF},  // kana, Nüshu
    {0x20000, 0x3FFFF},  // Chinese
}};

bool between(Point point, Point first, Point last) { return first <= point && point <= last; }

bool is_of_a_run(Point point) {
    const auto next = std::ranges::upper_bound(run_scripts, point, {}, &Range::first);
    return next != run_scripts.begin() && point <= std::prev(next)->last;
}

// Accents, points and vowel signs that people leave out as they please.
bool is_left_out(Point mark) {
    const bool is_general = between(mark, 0x1AB0, 0x1AFF) || between(mark, 0x1DC0, 0x1DFF) ||
                            between(mark, 0x20D0, 0x20FF) || between(mark, 0xFE00, 0xFE2F) ||
                            mark >= 0xE0100;
    return is_general || (mark < 0x900 && !between(mark, 0x7A6, 0x7B0));
}

class Cutter {
  public:
    void take(Point point) {
        constexpr Point kashida = 0x640;  // only makes a word longer
        if (point == kashida) return;
        switch (utf8proc_category(point)) {
            case UTF8PROC_CATEGORY_CF:
                return;  // what joins and separates letters is no part of them
            case UTF8PROC_CATEGORY_MN:
            case UTF8PROC_CATEGORY_MC:
            case UTF8PROC_CATEGORY_ME:
                if (!is_left_out(point) && is_run_) add(point);
                return;
            case UTF8PROC_CATEGORY_LU:
            case UTF8PROC_CATEGORY_LL:
            case UTF8PROC_CATEGORY_LT:
            case UTF8PROC_CATEGORY_LM:
            case UTF8PROC_CATEGORY_LO:
            case UTF8PROC_CATEGORY_ND:
            case UTF8PROC_CATEGORY_NL:
            case UTF8PROC_CATEGORY_NO:
                return is_of_a_run(point) ? take_character(point) : take_letter(point);
            case UTF8PROC_CATEGORY_SM:
            case UTF8PROC_CATEGORY_SC:
            case UTF8PROC_CATEGORY_SK:
            case UTF8PROC_CATEGORY_SO:
            case UTF8PROC_CATEGORY_CO:
            case UTF8PROC_CATEGORY_CN:  // an emoji that is newer than utf8proc
                return point < 0x80 ? end() : take_character(point);
            default:
                return end();
        }
    }
    // Folded; 0 ends what came before.
    void take_ascii(char letter) {
        if (is_run_ || letter == '\0') end();
        if (letter != '\0') piece_.text += letter;
    }
    void end() {
        if (!piece_.text.empty()) {
            piece_.is_run = is_run_;
            pieces_.push_back(std::exchange(piece_, {}));
        }
        is_run_ = false;
    }
    std::vector<Piece> all() {
        end();
        return std::move(pieces_);
    }

  private:
    void take_letter(Point point) {
        if (is_run_) end();
        add(point);
    }
    void take_character(Point point) {
        if (!is_run_) end();
        is_run_ = true;
        piece_.characters.push_back(piece_.text.size());
        add(point);
    }
    void add(Point point) {
        std::array<utf8proc_uint8_t, 4> bytes{};
        const auto size = utf8proc_encode_char(point, bytes.data());
        piece_.text.append(bytes.begin(), bytes.begin() + size);
    }

    Piece piece_;
    bool is_run_ = false;
    std::vector<Piece> pieces_;
};

// What a code point folds to: at most 18 (U+FDFA). A Hangul syllable is one character.
void fold(Point point, Cutter& cutter) {
    if (between(point, 0xAC00, 0xD7A3)) return cutter.take(point);
    constexpr auto options =
        static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
    std::array<Point, 32> folded{};
    int boundary = 0;
    const auto count =
        utf8proc_decompose_char(point, folded.data(), folded.size(), options, &boundary);
    for (utf8proc_ssize_t n = 0; n < count && n < 32; ++n)
        cutter.take(folded[static_cast<std::size_t>(n)]);
}

// Small letters and digits as they are in words; 0: no part of one. Most lines hold nothing else.
char folded_ascii(char byte) {
    if (byte >= 'A' && byte <= 'Z') return static_cast<char>(byte - 'A' + 'a');
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ? byte : '\0';
}

void append_ascii_words(std::string& joined, std::string_view text) {
    bool in_word = false;
    for (const char byte : text) {
        const char letter = folded_ascii(byte);
        if (letter != '\0' && !in_word) joined += ' ';
        if (letter != '\0') joined += letter;
        in_word = letter != '\0';
    }
}

// Whether syllables may be written in parts (U+1100 to U+11FF).
bool has_hangul_parts(std::string_view text) {
    for (auto at = text.find('\xE1'); at < text.size() - 1; at = text.find('\xE1', at + 1))
        if (text[at + 1] >= '\x84' && text[at + 1] <= '\x87') return true;
    return false;
}

// The words of one piece that the index is told, or that it is asked for.
std::vector<std::string_view> tokens_of(const Piece& piece) {
    const std::string_view text = piece.text;
    if (!piece.is_run) return {text};
    std::vector<std::string_view> tokens;
    const auto& begins = piece.characters;
    for (std::size_t n = 0; n < begins.size(); ++n) {
        const std::size_t end = n + 2 < begins.size() ? begins[n + 2] : text.size();
        tokens.push_back(text.substr(begins[n], end - begins[n]));
    }
    return tokens;
}

std::vector<Piece> distinct_pieces(std::string_view query) {
    std::vector<Piece> distinct;
    for (Piece& piece : pieces_of(query)) {
        if (distinct.size() > query_pieces_max) break;  // too many
        if (std::ranges::find(distinct, piece) == distinct.end())
            distinct.push_back(std::move(piece));
    }
    return distinct;
}

bool holds(const std::vector<Piece>& held, const Piece& sought) {
    return std::ranges::any_of(held, [&](const Piece& piece) {
        if (piece.is_run != sought.is_run) return false;
        return piece.is_run ? piece.text.find(sought.text) != std::string::npos
                            : piece.text.starts_with(sought.text);
    });
}

}  // namespace

std::vector<Piece> pieces_of(std::string_view text) {
    std::string whole;
    if (has_hangul_parts(text)) text = whole = composed(to_utf8(text));
    Cutter cutter;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        Point point = -1;
        utf8proc_ssize_t size = 1;
        if (first >= 0x80)
            size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                    static_cast<utf8proc_ssize_t>(text.size()), &point);
        if (first < 0x80)
            cutter.take_ascii(folded_ascii(text.front()));
        else if (size > 0)
            fold(point, cutter);
        else
            cutter.end();
        text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 1);
    }
    return cutter.all();
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
    if (is_ascii(text)) {
        append_ascii_words(joined, text);
        return joined;
    }
    for (const Piece& piece : pieces_of(text))
        for (const auto token : tokens_of(piece)) (joined += ' ') += token;
    return joined;
}

std::string index_version() { return std::string("2, Unicode ") + utf8proc_unicode_version(); }

std::vector<Piece> query_pieces(std::string_view query) {
    auto distinct = distinct_pieces(query);
    if (distinct.size() > query_pieces_max) distinct.resize(query_pieces_max);
    return distinct;
}

std::optional<Failure> refuse_query(std::string_view query) {
    const auto count = distinct_pieces(query).size();
    if (count == 0)
        return Failure{"\"" + displayable(query) +
                       "\" holds nothing to look for: no letter, digit or emoji"};
    if (count <= query_pieces_max) return std::nullopt;
    return Failure{"a search is for " + std::to_string(query_pieces_max) +
                   " different words at most"};
}

// The last character of a run may have marks that were not asked for, and it may be the last one of
// a line, or not: it is a beginning, as a word is.
std::string match_of(const std::vector<Piece>& pieces) {
    std::string match;
    for (const Piece& piece : pieces) {
        auto tokens = tokens_of(piece);
        if (tokens.size() > 1) tokens.pop_back();
        const std::size_t asked = std::min(tokens.size(), pairs_asked_max);
        for (std::size_t n = 0; n < asked; ++n) {
            match += match.empty() ? "\"" : " AND \"";
            match += tokens[n];
            match += n + 1 == tokens.size() ? "\"*" : "\"";
        }
    }
    return match;
}

bool holds(std::string_view text, const std::vector<Piece>& pieces) {
    const auto held = pieces_of(text);
    return std::ranges::all_of(pieces, [&](const Piece& piece) { return holds(held, piece); });
}

}  // namespace lanchat::store
