// Every bound is met here, so that no command has to ask again.
#include "app/commands/words.hpp"

#include <charconv>
#include <system_error>

#include "config/fault.hpp"

namespace lanchat::app {

const std::vector<std::string>& Given::all(std::string_view option) const {
    static const std::vector<std::string> none;
    const auto found = values_.find(option);
    return found == values_.end() ? none : found->second;
}

const std::string& Given::operator[](std::string_view option) const {
    static const std::string nothing;
    const auto& values = all(option);
    return values.empty() ? nothing : values.front();
}

std::string Given::joined(std::string_view option) const {
    std::string text;
    for (const auto& word : all(option)) text += (text.empty() ? "" : " ") + word;
    return text;
}

void Given::put(std::string_view option, std::vector<std::string> values) {
    values_[option] = std::move(values);
}

std::uint32_t parse_count(std::string_view option, const std::string& text,
                          std::uint32_t otherwise) {
    if (text.empty()) return otherwise;
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc{} && end == text.data() + text.size()) return count;
    throw UsageError{std::string(option) + ": expected a number, got " + in_quotes(text)};
}

const std::string& conversation_with(const Given& given) {
    const auto& peer = given["--to"];
    if (!peer.empty() && !given["--room"].empty())
        throw UsageError{"either --room or --to: what is said to one peer is in no room"};
    return peer;
}

const std::string& needed_peer(std::string_view name, const Given& given) {
    const auto& peer = given["PEER"];
    if (!peer.empty()) return peer;
    throw UsageError{std::string(name) +
                     " needs the PEER: an id or its beginning, a name or an address"};
}

}  // namespace lanchat::app
