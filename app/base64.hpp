// Base64 (RFC 4648, with padding): bytes inside JSON lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lanchat::app {

void append_base64(std::string& out, std::string_view bytes);

// Takes nothing but what append_base64() writes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lanchat::app
