// What follows from a row of the key table: names, bounds in words, and the check of one value.
#include "config/keys.hpp"

#include <algorithm>
#include <charconv>

#include "config/fault.hpp"
#include "config/nearest.hpp"
#include "message/assert.hpp"

namespace lanchat {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    if (trimmed(text).empty()) return parts;
    while (true) {
        const auto comma = text.find(',');
        parts.emplace_back(trimmed(text.substr(0, comma)));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

// C0, DEL, and C1 as UTF-8 writes it: nothing that is drawn, and a way to fool who reads it.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte != 0xC2 || i + 1 == text.size()) continue;
        if (static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

std::optional<Failure> refuse_text(const Key& key, const std::string& text) {
    if (has_control(text)) return Failure{"control characters have no place here"};
    return key.refuse == nullptr ? std::nullopt : key.refuse(text);
}

Problem unexpected(const Key& key, std::string_view got) {
    return {-1, "expected " + expectation(key) + ", got " + std::string(got)};
}

std::vector<Problem> list_problems(const Key& key, const std::vector<std::string>& texts) {
    std::vector<Problem> found;
    const auto count = static_cast<std::int64_t>(texts.size());
    if (count < key.min) found.push_back({-1, "expected at least one entry"});
    if (count > key.max) {
        found.push_back({-1, std::to_string(count) + " entries are too many, at most " +
                                 std::to_string(key.max)});
    }
    for (int i = 0; i < static_cast<int>(texts.size()); ++i) {
        if (const auto refusal = refuse_text(key, texts[static_cast<std::size_t>(i)])) {
            found.push_back({i, refusal->why});
        }
    }
    return found;
}

std::string words(std::span<const std::string_view> choices) {
    std::string list;
    for (const auto choice : choices) list += (list.empty() ? "" : ", ") + std::string(choice);
    return list;
}

std::string suggestion(const Key& key, const std::string& text) {
    return did_you_mean(nearest(text, {key.choices.begin(), key.choices.end()}));
}

}  // namespace

std::string_view Key::section() const {
    const auto dot = path.find('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string_view Key::leaf() const { return path.substr(path.find('.') + 1); }

std::string_view Key::long_flag() const { return flag.substr(flag.find(',') + 1); }

std::string Key::environment_name() const {
    std::string name = "LANCHAT_";
    for (const char c : path) {
        const bool lower = 'a' <= c && c <= 'z';
        name += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

const Key* find_key(std::string_view path) {
    const auto found = std::ranges::find(keys(), path, &Key::path);
    return found == keys().end() ? nullptr : &*found;
}

const Key& known_key(std::string_view path) {
    const Key* key = find_key(path);
    LANCHAT_ASSERT(key != nullptr);
    return *key;
}

bool is_section(std::string_view name) {
    return !name.empty() &&
           std::ranges::any_of(keys(), [&](const Key& key) { return key.section() == name; });
}

std::string nearest_path(std::string_view path) {
    std::vector<std::string> candidates;
    for (const auto& key : keys()) {
        candidates.emplace_back(key.path);
        if (!key.section().empty()) candidates.emplace_back(key.section());
    }
    auto close = nearest(path, candidates);
    if (!close.empty()) return close;
    const auto leaf = path.substr(path.rfind('.') + 1);
    const auto elsewhere = std::ranges::find(keys(), leaf, &Key::leaf);
    return elsewhere == keys().end() ? std::string{} : std::string(elsewhere->path);
}

std::string expectation(const Key& key) {
    switch (key.kind) {
        case KeyKind::boolean:
            return "true or false";
        case KeyKind::integer:
            return "a whole number from " + std::to_string(key.min) + " to " +
                   std::to_string(key.max);
        case KeyKind::text:
            return "a string";
        case KeyKind::choice:
            return "one of " + words(key.choices);
        case KeyKind::list:
            return "a list of strings";
    }
    return {};
}

std::vector<Problem> problems(const Key& key, const Value& value) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
        return list_problems(key, *texts);
    }
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        if (key.min <= *number && *number <= key.max) return {};
        return {unexpected(key, std::to_string(*number))};
    }
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return {};
    if (key.kind == KeyKind::choice) {
        if (std::ranges::find(key.choices, *text) != key.choices.end()) return {};
        return {unexpected(key, in_quotes(*text) + suggestion(key, *text))};
    }
    const auto refusal = refuse_text(key, *text);
    return refusal ? std::vector<Problem>{{-1, refusal->why}} : std::vector<Problem>{};
}

Result<Value> parse_value(const Key& key, std::string_view text) {
    const Failure wrong{unexpected(key, in_quotes(text)).why};
    if (key.kind == KeyKind::list) return Value{split(text)};
    if (key.kind == KeyKind::boolean) {
        if (text == "true" || text == "1") return Value{true};
        if (text == "false" || text == "0") return Value{false};
        return wrong;
    }
    if (key.kind != KeyKind::integer) return Value{std::string(text)};
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return wrong;
    return Value{number};
}

}  // namespace lanchat
