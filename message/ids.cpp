// How identifiers are written for people and programs.
#include "message/ids.hpp"

namespace lanchat {
namespace {

constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";

}  // namespace

std::string base32(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() * 8 + 4) / 5);
    unsigned held = 0;
    int bits = 0;  // of `held`, not yet written
    for (const char byte : bytes) {
        held = (held << 8 | static_cast<unsigned char>(byte)) & 0xFFF;
        for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31];
    }
    if (bits > 0) out += alphabet[held << (5 - bits) & 31];
    return out;
}

std::string to_string(InstanceId id) {
    auto bits = static_cast<std::uint64_t>(id);
    std::string out(13, 'a');
    for (auto it = out.rbegin(); it != out.rend(); ++it, bits >>= 5) *it = alphabet[bits & 31];
    return out;
}

std::string to_string(const DeviceId& id) { return base32(id.view()); }

std::optional<DeviceId> parse_device_id(std::string_view text) {
    DeviceId id;
    auto out = id.bytes.begin();
    unsigned held = 0;
    int bits = 0;  // of `held`, not yet taken
    for (const char character : text) {
        const auto value = alphabet.find(character);
        if (value == alphabet.npos) return std::nullopt;
        held = (held << 5 | static_cast<unsigned>(value)) & 0xFFF;
        bits += 5;
        if (bits < 8) continue;
        if (out == id.bytes.end()) return std::nullopt;
        bits -= 8;
        *out++ = static_cast<std::uint8_t>(held >> bits & 0xFF);
    }
    // One spelling each: bits that no byte needs are 0, and the length is exact.
    if (to_string(id) != text) return std::nullopt;
    return id;
}

}  // namespace lanchat
