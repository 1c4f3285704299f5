// What others say, on its way to the terminal: whatever the bytes, the result steers nothing.
#include <utf8proc.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message/assert.hpp"
#include "message/text.hpp"

namespace {

bool is_dangerous(utf8proc_int32_t code) {
    return (code < 0x20 && code != '\t') || (code >= 0x7F && code <= 0x9F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200B || code == 0x200E || code == 0x200F || code == 0x61C || code == 0xFEFF;
}

void check_harmless(std::string_view text) {
    while (!text.empty()) {
        utf8proc_int32_t code = 0;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &code);
        LANCHAT_ASSERT(length > 0);
        LANCHAT_ASSERT(!is_dangerous(code));
        text.remove_prefix(static_cast<std::size_t>(length));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);

    const auto shown = lanchat::displayable(text);
    check_harmless(shown);
    LANCHAT_ASSERT(lanchat::displayable(shown) == shown);
    // A byte becomes three at most; marks only ever go.
    LANCHAT_ASSERT(shown.size() <= 3 * size);
    LANCHAT_ASSERT(lanchat::columns(shown) >= 0);

    const auto name = lanchat::displayable_name(text);
    check_harmless(name);
    LANCHAT_ASSERT(!name.empty() && name.find(':') == std::string::npos);
    LANCHAT_ASSERT(lanchat::displayable_name(name) == name);

    const auto valid = lanchat::to_utf8(text);
    LANCHAT_ASSERT(lanchat::is_utf8(valid));
    LANCHAT_ASSERT(lanchat::is_utf8(text) == (valid == text));
    LANCHAT_ASSERT(lanchat::is_name(lanchat::to_name(text, "anonymous")));
    return 0;
}
