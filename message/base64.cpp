// Base64 by libsodium, which is strict about padding and about bits that no byte uses.
#include "message/base64.hpp"

#include <sodium.h>

namespace lanchat {

void append_base64(std::string& out, std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    const auto begin = out.size();
    // The length counts the zero that sodium_bin2base64() puts at the end.
    out.resize(begin + sodium_base64_encoded_len(bytes.size(), variant));
    sodium_bin2base64(out.data() + begin, out.size() - begin,
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), variant);
    out.pop_back();
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string bytes(text.size() / 4 * 3, '\0');
    std::size_t size = 0;
    const int taken =
        sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (taken != 0) return std::nullopt;
    bytes.resize(size);
    return bytes;
}

}  // namespace lanchat
