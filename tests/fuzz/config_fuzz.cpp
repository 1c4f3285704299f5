// Any bytes as a config file: refused in words, or taken, printed and read again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/layers.hpp"
#include "config/print.hpp"
#include "message/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace lanchat;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    auto settings = load_text(text, "fuzz.json");
    for (const auto& fault : settings.faults) {
        LANCHAT_ASSERT(to_string(fault).find('\n') == std::string::npos);
    }
    if (!settings.faults.empty()) return 0;

    const auto again = load_text(print_config(settings, true), "printed.json");

    LANCHAT_ASSERT(again.faults.empty());
    settings.config.ip_is_explicit = true;  // what was printed is explicit
    LANCHAT_ASSERT(again.config == settings.config);
    return 0;
}
