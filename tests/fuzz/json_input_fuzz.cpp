// A line on standard input in JSON mode: a request that may be said, or a refusal; never a crash.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "app/faces/json_input.hpp"
#include "app/faces/json_output.hpp"
#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace lanchat;
    const std::string_view line(reinterpret_cast<const char*>(bytes), size);
    const auto parsed = app::parse_json_line(line);

    if (const auto* request = std::get_if<app::SendRequest>(&parsed)) {
        LANCHAT_ASSERT(is_utf8(request->text) && is_utf8(request->room));
        LANCHAT_ASSERT(!request->text.empty() && request->text.size() <= limits::line_bytes_max);
        LANCHAT_ASSERT(!request->room.empty() && request->room.size() <= limits::room_bytes_max);
        std::string escaped;
        app::append_json_string(escaped, request->text);
        LANCHAT_ASSERT(nlohmann::json::parse(escaped).get<std::string>() == request->text);
        return 0;
    }
    std::string out;
    app::append_error(out, std::get<app::JsonError>(parsed));
    LANCHAT_ASSERT(out.find('\n') == out.size() - 1);
    LANCHAT_ASSERT(nlohmann::json::parse(out).at("type") == "error");
    return 0;
}
