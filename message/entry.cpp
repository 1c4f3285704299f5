// The protobuf side of entries. No other file includes their generated code.
#include "message/entry.hpp"

#include <tuple>
#include <utility>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/log.pb.h"
#include "message/text.hpp"

namespace lanchat {
namespace {

const char* why_place_is_bad(const Entry& entry) {
    if (entry.seq == 0 || entry.seq > limits::seq_max) return "entry without a number";
    if ((entry.seq == 1) != (entry.before == Hash{})) return "entry with a bad hash before it";
    if (entry.clock == Clock{}) return "entry without a clock";
    if (entry.log.to == entry.log.device) return "entry for its own author alone";
    if (!entry.previous) return nullptr;
    if (entry.seq != 1) return "entry that names another log in the middle of its own";
    if (entry.previous->seq == 0 || entry.previous->epoch == entry.log.epoch)
        return "entry that names a bad log before its own";
    return nullptr;
}

const char* why_said_is_bad(const Entry& entry) {
    if (entry.room.empty() || entry.room.size() > limits::room_bytes_max || !is_utf8(entry.room))
        return "entry with a bad room";
    if (!is_name(entry.name)) return "entry with a bad name";
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

bool comes_before(const Entry& a, const Entry& b) {
    return std::tie(a.clock, a.log, a.seq) < std::tie(b.clock, b.log, b.seq);
}

std::string message_id(const LogId& log, Seq seq) {
    return log_name(log) + ':' + std::to_string(seq);
}

std::string log_name(const LogId& log) {
    std::string bytes(log.device.view());
    put_big_endian(bytes, static_cast<std::uint64_t>(log.epoch));
    if (log.is_direct()) bytes += log.to.view();
    return base32(hash_of(bytes).view().substr(0, 16));
}

std::string encode(const Entry& entry) {
    message::LogEntry out;
    out.set_device(std::string(entry.log.device.view()));
    out.set_epoch(static_cast<std::uint64_t>(entry.log.epoch));
    out.set_seq(entry.seq);
    out.set_before(std::string(entry.before.view()));
    out.set_clock(entry.clock.packed);
    if (entry.room != general_room) out.set_room(entry.room);
    out.set_name(entry.name);
    out.set_text(entry.text);
    out.set_said_id(entry.said_id);
    if (entry.log.is_direct()) out.set_to(std::string(entry.log.to.view()));
    if (!entry.is_line()) out.set_met(std::string(entry.met.view()));
    if (entry.previous) {
        auto& previous = *out.mutable_previous();
        previous.set_epoch(static_cast<std::uint64_t>(entry.previous->epoch));
        previous.set_seq(entry.previous->seq);
        previous.set_head(std::string(entry.previous->head.view()));
    }
    std::string bytes;
    LANCHAT_ASSERT(out.SerializeToString(&bytes));
    return bytes;
}

Result<Entry> decode_entry(std::string_view bytes) {
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
    entry.seq = in.seq();
    entry.clock = Clock{in.clock()};
    if (in.has_previous()) {
        entry.previous = take_previous(in.previous());
        if (!entry.previous) return Failure{"entry that names a log without its head"};
    }
    if (const char* why = why_place_is_bad(entry)) return Failure{why};
    entry.room = in.room().empty() ? general_room : std::move(*in.mutable_room());
    entry.name = std::move(*in.mutable_name());
    entry.text = std::move(*in.mutable_text());
    entry.said_id = std::move(*in.mutable_said_id());
    if (const char* why = why_said_is_bad(entry)) return Failure{why};
    return entry;
}

}  // namespace lanchat
