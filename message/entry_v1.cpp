// The protobuf side of entries of version 1.
#include "message/entry_v1.hpp"

#include <utility>

#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/log.pb.h"
#include "message/text.hpp"

namespace lanchat {
namespace {

const char* why_said_is_bad(const Entry& entry) {
    if (entry.text.empty() == entry.is_line() || entry.text.size() > limits::line_bytes_max ||
        !is_utf8(entry.text))
        return "entry with a bad text";
    if (entry.said_id.size() > limits::said_id_bytes_max || !is_utf8(entry.said_id))
        return "entry with a bad id of its caller";
    if (entry.is_line()) return nullptr;
    if (!entry.said_id.empty() || entry.room != general_room) return "entry that meets and talks";
    if (entry.log.is_direct() || entry.met == entry.log.device) return "entry that meets nobody";
    return nullptr;
}

std::optional<Ended> take_previous(const message::LogEnd& in) {
    Ended ended{Epoch{in.epoch()}, in.seq(), {}};
    if (!take_exact(in.head(), ended.head)) return std::nullopt;
    return ended;
}

}  // namespace

Result<Entry> decode_entry_v1(std::string_view bytes) {
    if (bytes.size() > limits::entry_bytes_max) return Failure{"entry too large"};
    message::LogEntry in;
    if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return Failure{"not an entry"};
    Entry entry;
    if (!take_exact(in.device(), entry.log.device)) return Failure{"entry without a device"};
    if (!take_exact(in.before(), entry.before)) return Failure{"entry without a hash before it"};
    entry.log.epoch = Epoch{in.epoch()};
    if (!take_exact_or_none(in.to(), entry.log.to)) return Failure{"entry for a bad device"};
    if (!take_exact_or_none(in.met(), entry.met)) return Failure{"entry that meets a bad device"};
    if (!in.met().empty()) entry.kind = EntryKind::met;
    entry.seq = in.seq();
    entry.clock = Clock{in.clock()};
    if (in.has_previous()) {
        entry.previous = take_previous(in.previous());
        if (!entry.previous) return Failure{"entry that names a log without its head"};
    }
    entry.room = in.room().empty() ? general_room : std::move(*in.mutable_room());
    entry.name = std::move(*in.mutable_name());
    entry.text = std::move(*in.mutable_text());
    entry.said_id = std::move(*in.mutable_said_id());
    if (const char* why = why_invalid(entry)) return Failure{why};
    if ((entry.seq == 1) != (entry.before == Hash{}))
        return Failure{"entry with a bad hash before it"};
    if (const char* why = why_said_is_bad(entry)) return Failure{why};
    return entry;
}

}  // namespace lanchat
