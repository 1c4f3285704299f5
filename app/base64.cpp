// Three bytes are four characters.
#include "app/base64.hpp"

#include <cstdint>

namespace lanchat::app {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_group(std::string& out, std::string_view bytes) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits = bits << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        out += i <= bytes.size() ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
    }
}

// The bytes of four characters, of which the last `padding` are padding.
std::optional<std::string> group_of(std::string_view text, std::size_t padding) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto digit = i < 4 - padding ? alphabet.find(text[i]) : 0;
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
    }
    std::string bytes;
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 255);
    bytes.resize(3 - padding);
    return bytes;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
        append_group(out, bytes.substr(0, 3));
    }
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const auto group = group_of(text.substr(at, 4), at + 4 == text.size() ? padding : 0);
        if (!group) return std::nullopt;
        bytes += *group;
    }
    std::string again;  // bits that no byte uses must be zero
    append_base64(again, bytes);
    if (again != text) return std::nullopt;
    return bytes;
}

}  // namespace lanchat::app
