// What people choose is looked at with zxcvbn, which knows what people choose.
#include "node/keep/passphrase.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zxcvbn.h>

#include <algorithm>
#include <vector>

#include "message/code_words.hpp"
#include "message/limits.hpp"
#include "message/sodium.hpp"
#include "message/text.hpp"
#include "node/keep/entropy.hpp"
#include "node/keep/kept_file.hpp"

namespace lanchat {
namespace {

constexpr double bits_min = 26;
constexpr std::size_t judged_bytes_max = 64;  // what takes so long to guess is good enough

}  // namespace

Result<std::string> passphrase_in(const std::string& file) {
    auto bytes = read_small_file(file, limits::passphrase_bytes_max, Readers::owner);
    if (!bytes) return Failure{bytes.why()};
    if (!*bytes) return Failure{"there is no passphrase file " + file};
    auto normal = normal_passphrase(std::move(**bytes));
    if (!normal) return Failure{file + ": " + normal.why()};
    return normal;
}

Result<std::string> normal_passphrase(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (!is_utf8(text) || text.find_first_of("\r\n") != std::string::npos)
        return Failure{"a passphrase is one line of UTF-8"};
    auto normal = composed(text);
    sodium_memzero(text.data(), text.size());
    return normal;
}

std::optional<Failure> weakness_of(std::string_view passphrase) {
    if (count_characters(passphrase) < limits::passphrase_chars_min)
        return Failure{"the passphrase is too short: at least " +
                       std::to_string(limits::passphrase_chars_min) +
                       " characters, better four words or more (lanchat invite makes one)"};
    std::string judged(passphrase.substr(0, judged_bytes_max));
    const double bits = ZxcvbnMatch(judged.c_str(), nullptr, nullptr);
    sodium_memzero(judged.data(), judged.size());
    if (bits >= bits_min) return std::nullopt;
    return Failure{"the passphrase is among the first that are guessed: lanchat invite makes one"};
}

std::string new_passphrase(std::size_t words) {
    std::vector<std::uint8_t> chosen(words);
    fill_random(chosen);
    std::string phrase;
    for (const std::uint8_t number : chosen) {
        if (!phrase.empty()) phrase += '-';
        phrase += code_words[number];
    }
    return phrase;
}

}  // namespace lanchat
