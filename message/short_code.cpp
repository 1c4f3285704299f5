// SHA-512 by libsodium, its first bits as words.
#include "message/short_code.hpp"

#include <algorithm>

#include "message/code_words.hpp"
#include "message/sodium.hpp"

namespace lanchat {
namespace {

std::string letters(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '-') continue;
        out += 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

}  // namespace

Hash commitment_to(const Nonce& asker, const TwoKeys& keys) {
    std::string bytes("lanchat/commit/1");
    bytes += asker.view();
    bytes += keys.asker.view();
    bytes += keys.answerer.view();
    return hash_of(bytes);
}

std::string short_code(const TwoKeys& keys, const Nonce& asker, const Nonce& answerer) {
    need_sodium();
    std::string bytes("lanchat/sas/1");
    for (const auto part : {keys.asker.view(), keys.answerer.view(), asker.view(), answerer.view()})
        bytes += part;
    std::array<unsigned char, crypto_hash_sha512_BYTES> hash{};
    crypto_hash_sha512(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
    std::string code;
    for (std::size_t n = 0; n < 4; ++n) code.append(code_words[hash[n]]) += ' ';
    const auto number = std::to_string(hash[4] << 2 | hash[5] >> 6);
    return code + std::string(4 - number.size(), '0') + number;
}

bool is_same_code(std::string_view typed, std::string_view code) {
    return letters(typed) == letters(code);
}

}  // namespace lanchat
