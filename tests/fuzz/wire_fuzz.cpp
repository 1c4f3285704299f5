// Bytes of others on their way to a frame: what comes out keeps every limit and survives again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "message/wire.hpp"

using namespace lanchat;

namespace {

void check_limits(const Frame& frame) {
    LANCHAT_ASSERT(is_utf8(frame.msg));
    LANCHAT_ASSERT(frame.lines.size() <= limits::frame_lines_max);
    if (frame.hello) {
        LANCHAT_ASSERT(frame.hello->instance != InstanceId{});
        LANCHAT_ASSERT(is_name(frame.hello->name));
    }
    Seq newest = 0;
    for (const Line& line : frame.lines) {
        LANCHAT_ASSERT(line.seq > newest);
        newest = line.seq;
        LANCHAT_ASSERT(!line.text.empty() && line.text.size() <= limits::line_bytes_max);
        LANCHAT_ASSERT(!line.room.empty() && line.room.size() <= limits::room_bytes_max);
        LANCHAT_ASSERT(is_utf8(line.text) && is_utf8(line.room));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = decode(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!frame) return 0;
    check_limits(*frame);
    const std::string bytes = encode(*frame);
    if (bytes.size() > limits::frame_bytes_max) return 0;  // unusual encodings may be shorter
    const auto again = decode(bytes);
    LANCHAT_ASSERT(again && *again == *frame);
    return 0;
}
