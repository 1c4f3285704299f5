// How faults look. Files may hold any bytes, so nothing of theirs is shown unsanitised.
#include "config/fault.hpp"

#include "message/text.hpp"

namespace lanchat {
namespace {

constexpr std::size_t shown_bytes_max = 64;

}  // namespace

std::string to_string(const Origin& origin) {
    if (origin.kind == Origin::Kind::standard) return "default";
    if (origin.line == 0) return origin.name;
    return origin.name + ":" + std::to_string(origin.line);
}

std::string to_string(const Fault& fault) {
    std::string line = to_string(fault.origin);
    if (fault.column > 0) line += ":" + std::to_string(fault.column);
    if (!fault.key.empty()) line += ": " + fault.key;
    return displayable(line + ": " + fault.why);
}

std::string in_quotes(std::string_view text) {
    if (text.size() <= shown_bytes_max) return "\"" + std::string(text) + "\"";
    return "\"" + to_utf8(text.substr(0, shown_bytes_max)) + "…\"";
}

std::string did_you_mean(std::string_view word) {
    if (word.empty()) return {};
    return " (did you mean " + std::string(word) + "?)";
}

}  // namespace lanchat
