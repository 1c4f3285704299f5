// What is wrong with a setting, and where it was written.
#pragma once

#include <string>
#include <string_view>

namespace lanchat {

// Where a value came from. `name` is the file, the variable or the flag; `line` counts from 1 and
// is 0 where there is none.
struct Origin {
    enum class Kind { standard, file, environment, flag };

    Kind kind = Kind::standard;
    std::string name;
    int line = 0;

    bool operator==(const Origin&) const = default;
};

// "default", "config.json:14", "LANCHAT_IP" or "--ip".
std::string to_string(const Origin& origin);

// `key` is empty where no key is to blame; `column` is set for syntax errors only.
struct Fault {
    Origin origin;
    std::string key;
    std::string why;
    int column = 0;
};

// One line without control characters: "FILE:LINE: key.path: what is wrong".
std::string to_string(const Fault& fault);

// `text` in quotes, cut to a length that keeps a message readable.
std::string in_quotes(std::string_view text);

// " (did you mean WORD?)", or nothing without a word.
std::string did_you_mean(std::string_view word);

}  // namespace lanchat
