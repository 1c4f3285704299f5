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
    LANCHAT_ASSERT(!frame.linked || (frame.linked->came.size() <= limits::peers_max &&
                                     frame.linked->went.size() <= limits::peers_max));
    if (frame.hello) {
        LANCHAT_ASSERT(frame.hello->instance != InstanceId{});
        LANCHAT_ASSERT(is_name(frame.hello->name));
    }
}

void check_log_parts(const Frame& frame) {
    LANCHAT_ASSERT(!frame.digest || frame.digest->buckets.empty() ||
                   frame.digest->buckets.size() == digest_buckets);
    LANCHAT_ASSERT(frame.runs.size() <= limits::frame_runs_max);
    LANCHAT_ASSERT(frame.have.size() <= limits::frame_heads_max);
    LANCHAT_ASSERT(frame.want.size() <= limits::frame_wants_max);
    for (const RunPtr& run : frame.runs) {
        LANCHAT_ASSERT(run && !run->items().empty());
        LANCHAT_ASSERT(run->last() - run->first() == run->size() - 1);
    }
    for (const Head& head : frame.have) {
        const bool is_only_a_fork = head.forked != 0 && head.base == Span{} && !head.tail;
        if (is_only_a_fork) continue;  // of a log of which the speaker holds a proof, but no entry
        LANCHAT_ASSERT(head.base.after < head.base.last);
        if (!head.tail) continue;
        LANCHAT_ASSERT(head.base.last < head.tail->after && head.tail->after < head.tail->last);
    }
    for (const Want& want : frame.want) LANCHAT_ASSERT(want.seq == 0 || want.seq > want.after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto frame = decode(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!frame) return 0;
    check_limits(*frame);
    check_log_parts(*frame);
    const std::string bytes = encode(*frame);
    if (bytes.size() > limits::frame_bytes_max) return 0;  // unusual encodings may be shorter
    const auto again = decode(bytes);
    LANCHAT_ASSERT(again && *again == *frame);
    return 0;
}
