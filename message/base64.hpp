// Base64 (RFC 4648, with padding): bytes inside text, as in lines of JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lanchat {

void append_base64(std::string& out, std::string_view bytes);

// Takes nothing but what append_base64() writes, so no bytes have two spellings. Never longer than
// `text`.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lanchat
