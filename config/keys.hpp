// The one table of all settings. The JSON reader, the environment, the flags, `config print`, the
// schema and the starter file are made from it, so that they cannot disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace lanchat {

using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

// A choice is a text out of a few; a list is a list of texts.
enum class KeyKind { boolean, integer, text, choice, list };

struct Key {
    std::string_view path;  // "discovery.scan_rate"
    KeyKind kind;
    std::string_view about;    // one line for people
    std::string_view flag;     // "-n,--name", or empty
    std::string_view metavar;  // what follows the flag; empty: the flag is a switch or sets more
    std::int64_t min = 0;      // of an integer, or of the length of a list
    std::int64_t max = 0;
    std::span<const std::string_view> choices{};
    // Why a text, or an entry of a list, cannot be; null: any text can.
    std::optional<Failure> (*refuse)(const std::string& text) = nullptr;
    Value (*get)(const Config& config);
    // Precondition: problems(key, value) is empty.
    void (*set)(Config& config, const Value& value);

    std::string_view section() const;      // "discovery"; empty at the top level
    std::string_view leaf() const;         // "scan_rate"
    std::string_view long_flag() const;    // "--name"
    std::string environment_name() const;  // "LANCHAT_DISCOVERY_SCAN_RATE"
    Value standard() const { return get(Config{}); }
};

std::span<const Key> keys();
const Key* find_key(std::string_view path);
// The table's own key; asking for one that is not in it is a mistake of ours.
const Key& known_key(std::string_view path);
// Whether `name` is an object that holds keys.
bool is_section(std::string_view name);

// The known path that an unknown one was probably meant to be, or empty.
std::string nearest_path(std::string_view path);

// "a whole number from 1 to 65535"
std::string expectation(const Key& key);

// What is wrong with a value; `entry` is the position in a list, -1 for the value as a whole.
struct Problem {
    int entry = -1;
    std::string why;
};

// Everything that can be said of this value alone; how keys fit together is config/checks.hpp.
// Precondition: the value has the alternative that belongs to the key's kind.
std::vector<Problem> problems(const Key& key, const Value& value);

// A value from an environment variable or a flag: lists are separated by commas.
Result<Value> parse_value(const Key& key, std::string_view text);

}  // namespace lanchat
