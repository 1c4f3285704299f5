// A small state machine over ECMA-48 sequences, as xterm and its kin send them.
#include "app/terminal/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "message/text.hpp"

namespace lanchat::app {

namespace {

constexpr char escape = '\x1b';
constexpr std::string_view paste_begin = "\x1b[200~";
constexpr std::string_view paste_end = "\x1b[201~";
// Who pastes over a slow line waits longer than who pressed the escape key.
constexpr Duration paste_patience = std::chrono::seconds(1);
constexpr Duration sequence_patience = std::chrono::milliseconds(500);
// No key has a longer sequence; what goes on beyond is noise.
constexpr std::size_t sequence_bytes_max = 32;

struct Named {
    std::string_view bytes;
    KeyKind kind;
};

constexpr std::array<Named, 27> sequences{{
    {"[A", KeyKind::up},
    {"[B", KeyKind::down},
    {"[C", KeyKind::right},
    {"[D", KeyKind::left},
    {"[H", KeyKind::home},
    {"[F", KeyKind::end},
    {"OA", KeyKind::up},
    {"OB", KeyKind::down},
    {"OC", KeyKind::right},
    {"OD", KeyKind::left},
    {"OH", KeyKind::home},
    {"OF", KeyKind::end},
    {"OM", KeyKind::enter},
    {"[1~", KeyKind::home},
    {"[7~", KeyKind::home},
    {"[4~", KeyKind::end},
    {"[8~", KeyKind::end},
    {"[3~", KeyKind::erase},
    {"[1;5D", KeyKind::word_left},
    {"[1;3D", KeyKind::word_left},
    {"[1;5C", KeyKind::word_right},
    {"[1;3C", KeyKind::word_right},
    {"b", KeyKind::word_left},
    {"f", KeyKind::word_right},
    {"\x7f", KeyKind::kill_word},
    {"\b", KeyKind::kill_word},
    {"\r", KeyKind::enter},
}};

constexpr std::array<std::pair<char, KeyKind>, 18> controls{{
    {'\r', KeyKind::enter},
    {'\n', KeyKind::enter},
    {'\x7f', KeyKind::backspace},
    {'\b', KeyKind::backspace},
    {'\x01', KeyKind::home},
    {'\x02', KeyKind::left},
    {'\x03', KeyKind::interrupt},
    {'\x04', KeyKind::end_of_input},
    {'\x05', KeyKind::end},
    {'\x06', KeyKind::right},
    {'\x0b', KeyKind::kill_after},
    {'\x0c', KeyKind::redraw},
    {'\x0e', KeyKind::down},
    {'\x10', KeyKind::up},
    {'\x15', KeyKind::kill_before},
    {'\x17', KeyKind::kill_word},
    {'\x1a', KeyKind::suspend},
    {'\x1c', KeyKind::interrupt},
}};

bool is_control(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == '\x7f'; }

// How many bytes at the end of `text` may be the beginning of a code point.
std::size_t unfinished(std::string_view text) {
    const auto longest = std::min<std::size_t>(3, text.size());
    for (std::size_t length = 1; length <= longest; ++length) {
        const auto c = static_cast<unsigned char>(text[text.size() - length]);
        if (c < 0x80) return 0;
        const std::size_t needed = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 0;
        if (needed > 0) return needed > length ? length : 0;
    }
    return 0;
}

}  // namespace

void KeyDecoder::put(std::string_view bytes, std::vector<Key>& out) {
    held_ += bytes;
    while (!held_.empty() && take_one(out)) {
    }
}

// The takers remove what they understood from `held_`; false when more bytes are needed.
bool KeyDecoder::take_one(std::vector<Key>& out) {
    if (pasting_) return take_pasted(out);
    const char first = held_.front();
    if (first == escape) return take_escape(out);
    if (!is_control(first)) return take_text(out);
    held_.erase(0, 1);
    const auto* known = std::find_if(controls.begin(), controls.end(),
                                     [&](const auto& control) { return control.first == first; });
    if (known != controls.end()) out.push_back({known->second, {}});
    return true;
}

bool KeyDecoder::take_escape(std::vector<Key>& out) {
    if (held_.size() == 1) return false;
    const char second = held_[1];
    if (second == '[' || second == 'O') return take_sequence(out);
    // Alt and a key; or the escape key, and then another key came before we looked.
    const bool known = std::any_of(sequences.begin(), sequences.end(), [&](const Named& named) {
        return named.bytes == std::string_view(held_).substr(1, 1);
    });
    if (known) name_sequence(held_.substr(1, 1), out);
    held_.erase(0, known ? 2 : 1);
    return true;
}

bool KeyDecoder::take_sequence(std::vector<Key>& out) {
    const bool is_csi = held_[1] == '[';
    std::size_t end = 2;
    // The Linux console has function keys with a second '['.
    if (is_csi && held_.size() > 2 && held_[2] == '[') ++end;
    const auto is_middle = [](char c) { return c >= 0x20 && c < 0x40; };
    while (end < held_.size() && end < sequence_bytes_max && is_middle(held_[end])) ++end;
    if (end == held_.size()) return false;
    // A control or anything beyond ASCII does not belong to the sequence; it begins something new.
    const bool is_final = held_[end] >= 0x40 && held_[end] < 0x7F;
    if (is_final) name_sequence(held_.substr(1, end), out);
    held_.erase(0, is_final ? end + 1 : end);
    return true;
}

void KeyDecoder::name_sequence(std::string_view sequence, std::vector<Key>& out) {
    if (sequence == "[200~") pasting_ = true;
    const auto* known = std::find_if(sequences.begin(), sequences.end(),
                                     [&](const Named& named) { return named.bytes == sequence; });
    if (known != sequences.end()) out.push_back({known->kind, {}});
}

bool KeyDecoder::take_text(std::vector<Key>& out) {
    const auto stop = std::find_if(held_.begin(), held_.end(),
                                   [](char c) { return c == escape || is_control(c); });
    auto text = std::string_view(held_).substr(0, static_cast<std::size_t>(stop - held_.begin()));
    if (stop == held_.end()) text.remove_suffix(unfinished(text));
    if (text.empty()) return false;
    out.push_back({KeyKind::text, to_utf8(text)});
    held_.erase(0, text.size());
    return true;
}

std::optional<Duration> KeyDecoder::patience() const {
    if (pasting_) return paste_patience;
    if (held_.empty()) return std::nullopt;
    return sequence_patience;
}

void KeyDecoder::give_up(std::vector<Key>& out) {
    if (pasting_) {
        add_pasted(held_, out);
    } else if (!held_.empty() && held_.front() != escape) {
        out.push_back({KeyKind::text, to_utf8(held_)});
    }
    held_.clear();
    pasting_ = after_return_ = false;
}

bool KeyDecoder::take_pasted(std::vector<Key>& out) {
    const auto end = held_.find(paste_end);
    auto text = std::string_view(held_).substr(0, end);
    const auto way_out = end == held_.npos ? text.find_first_of("\x03\x04") : text.npos;
    text = text.substr(0, way_out);
    const bool goes_on = end == held_.npos && way_out == text.npos;
    if (goes_on) {
        // A mark may be half here.
        const auto mark = text.rfind(escape);
        const auto tail = mark == text.npos ? std::string_view{} : text.substr(mark);
        const bool half =
            !tail.empty() && (paste_end.starts_with(tail) || paste_begin.starts_with(tail));
        text.remove_suffix(half ? tail.size() : unfinished(text));
    }
    const auto used = text.size();
    add_pasted(text, out);
    held_.erase(0, end == held_.npos ? used : used + paste_end.size());
    if (goes_on) return false;
    pasting_ = after_return_ = false;
    return true;
}

void KeyDecoder::add_pasted(std::string_view text, std::vector<Key>& out) {
    // A second paste begins where the end of the first one was lost.
    for (auto begin = text.find(paste_begin); begin != text.npos; begin = text.find(paste_begin)) {
        add_pasted(text.substr(0, begin), out);
        text.remove_prefix(begin + paste_begin.size());
    }
    std::string lines;
    for (const char c : text) {
        if (c == '\n' && std::exchange(after_return_, false)) continue;
        after_return_ = c == '\r';
        lines += c == '\r' ? '\n' : c;
    }
    if (!lines.empty()) out.push_back({KeyKind::pasted, to_utf8(lines)});
}

}  // namespace lanchat::app
