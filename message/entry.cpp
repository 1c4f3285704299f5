// The protobuf side of entries and their bodies.
#include "message/entry.hpp"

#include <algorithm>
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

// As they travel. They are never used anew, and `other` is none of them.
constexpr std::uint32_t text_kind = 0;
constexpr std::uint32_t met_kind = 1;
constexpr std::uint32_t drop_kind = 2;

std::uint32_t number_of(EntryKind kind) {
    if (kind == EntryKind::met) return met_kind;
    return kind == EntryKind::drop ? drop_kind : text_kind;
}

// Of an unknown one: `other`.
EntryKind kind_of(std::uint32_t number) {
    if (number == text_kind) return EntryKind::text;
    if (number == met_kind) return EntryKind::met;
    return number == drop_kind ? EntryKind::drop : EntryKind::other;
}

std::string bytes_of(const google::protobuf::MessageLite& message) {
    std::string bytes;
    LANCHAT_ASSERT(message.SerializeToString(&bytes));
    return bytes;
}

void put(const Ended& ended, message::LogEnd& out) {
    out.set_epoch(static_cast<std::uint64_t>(ended.epoch));
    out.set_seq(ended.seq);
    out.set_head(std::string(ended.head.view()));
}

bool take_end(const message::LogEnd& in, Ended& ended) {
    ended.epoch = Epoch{in.epoch()};
    ended.seq = in.seq();
    return take_exact(in.head(), ended.head);
}

// An entry says who was met only to everybody, and of somebody else. False: it makes no sense.
bool take_met(const std::string& about, Entry& entry) {
    DeviceId who;
    const bool makes_sense = take_exact(about, who) && who != DeviceId{} &&
                             who != entry.log.device && !entry.log.is_direct() &&
                             entry.room == general_room;
    if (makes_sense) entry.met = who;
    return makes_sense;
}

// Nobody takes back what is still to be said. False: it makes no sense.
bool take_drop(const std::string& about, Entry& entry) {
    message::LogEnd in;
    Ended what;
    const bool makes_sense = in.ParseFromString(about) && take_end(in, what) && what.seq != 0 &&
                             what.seq <= limits::seq_max &&
                             (what.epoch != entry.log.epoch || what.seq < entry.seq);
    if (makes_sense) entry.dropped = what;
    return makes_sense;
}

void put(const Via& via, message::Via& out) {
    out.set_name(via.name);
    out.set_through(via.through);
    for (const std::uint64_t bridge : via.passed) out.add_passed(bridge);
}

// What a line replies to is read by the same people: in a direct log it is of one of the two.
void put(const LineId& line, message::Line& out) {
    out.set_device(std::string(line.log.device.view()));
    out.set_epoch(static_cast<std::uint64_t>(line.log.epoch));
    out.set_seq(line.seq);
}

std::optional<Via> via_from(const message::Via& in) {
    Via via{in.name(), in.through(), {}};
    const auto& passed = in.passed();
    const bool fits = is_name(via.name) && is_utf8(via.through) && !via.through.empty() &&
                      via.through.size() <= limits::via_bytes_max &&
                      static_cast<std::size_t>(passed.size()) <= limits::via_passed_max;
    if (!fits) return std::nullopt;
    via.passed.assign(passed.begin(), passed.end());
    return via;
}

std::optional<LineId> reply_from(const message::Line& in, const LogId& log) {
    LineId line{{{}, Epoch{in.epoch()}, {}}, in.seq()};
    if (!take_exact(in.device(), line.log.device) || line.seq == 0 || line.seq > limits::seq_max)
        return std::nullopt;
    if (!log.is_direct()) return line;
    line.log.to = line.log.device == log.to ? log.device : log.to;
    if (!is_between(line.log, log.device, log.to)) return std::nullopt;
    return line;
}

// False: nobody could make sense of it. What stands beside a text that can be read is left out
// where it makes none.
bool take_text(const message::Text& in, Entry& entry) {
    if (in.text().empty() || in.text().size() > limits::line_bytes_max || !is_utf8(in.text()))
        return false;
    if (in.said_id().size() > limits::said_id_bytes_max || !is_utf8(in.said_id())) return false;
    Marks& marks = entry.marks;
    if (in.has_via()) marks.via = via_from(in.via());
    if (in.has_via() && !marks.via) return false;  // it would be taken for its author's own words
    if (in.has_reply_to()) marks.reply_to = reply_from(in.reply_to(), entry.log);
    entry.text = in.text();
    entry.said_id = in.said_id();
    marks.urgent = in.urgent();
    marks.action = in.action();
    return true;
}

}  // namespace

bool comes_before(const Entry& a, const Entry& b) {
    return std::tie(a.clock, a.log, a.seq) < std::tie(b.clock, b.log, b.seq);
}

std::string message_id(const LogId& log, Seq seq) {
    return log_name(log) + ':' + std::to_string(seq);
}

std::string MessageIds::of(const LineId& line) {
    if (name_.empty() || line.log != log_) {
        log_ = line.log;
        name_ = log_name(line.log) + ':';
    }
    return name_ + std::to_string(line.seq);
}

std::string log_name(const LogId& log) {
    std::string bytes(log.device.view());
    put_big_endian(bytes, static_cast<std::uint64_t>(log.epoch));
    if (log.is_direct()) bytes += log.to.view();
    return base32(hash_of(bytes).view().substr(0, 16));
}

const char* why_invalid(const Entry& entry) {
    if (entry.seq == 0 || entry.seq > limits::seq_max) return "entry without a number";
    if (entry.clock == Clock{}) return "entry without a clock";
    if (entry.log.to == entry.log.device) return "entry for its own author alone";
    if (entry.room.empty() || entry.room.size() > limits::room_bytes_max || !is_utf8(entry.room))
        return "entry with a bad room";
    if (!is_name(entry.name)) return "entry with a bad name";
    if (!entry.previous) return nullptr;
    if (entry.seq != 1) return "entry that names another log in the middle of its own";
    if (entry.previous->seq == 0 || entry.previous->epoch == entry.log.epoch)
        return "entry that names a bad log before its own";
    return nullptr;
}

std::string encode(const Entry& entry) {
    LANCHAT_ASSERT(entry.kind != EntryKind::other);
    thread_local message::Entry out;  // keeps the memory of its strings for the next one
    out.Clear();
    out.set_clock(entry.clock.packed);
    out.set_kind(number_of(entry.kind));
    if (entry.room != general_room) out.set_room(entry.room);
    out.set_name(entry.name);
    if (entry.kind == EntryKind::met) out.set_about(std::string(entry.met.view()));
    if (entry.kind == EntryKind::drop) {
        message::LogEnd what;
        put(*entry.dropped, what);
        out.set_about(bytes_of(what));
    }
    if (entry.previous) put(*entry.previous, *out.mutable_previous());
    return bytes_of(out);
}

std::string encode_body(const Entry& entry) {
    if (entry.kind != EntryKind::text) return {};
    thread_local message::Text out;  // as above
    out.Clear();
    out.set_text(entry.text);
    out.set_said_id(entry.said_id);
    const Marks& marks = entry.marks;
    if (marks.via) put(*marks.via, *out.mutable_via());
    if (marks.reply_to) put(*marks.reply_to, *out.mutable_reply_to());
    out.set_urgent(marks.urgent);
    out.set_action(marks.action);
    std::string bytes(view(entry.salt));
    LANCHAT_ASSERT(out.AppendToString(&bytes));
    return bytes;
}

Result<Entry> decode_entry(std::string_view bytes, const EntryPlace& place) {
    Entry entry;
    if (auto no = decode_entry(bytes, place, entry)) return std::move(*no);
    return entry;
}

std::optional<Failure> decode_entry(std::string_view bytes, const EntryPlace& place, Entry& entry) {
    if (bytes.size() > limits::entry_bytes_max) return Failure{"entry too large"};
    thread_local message::Entry in;  // keeps the memory of its strings for the next one
    if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return Failure{"not an entry"};
    entry.log = place.log;
    entry.seq = place.seq;
    entry.before = place.before;
    entry.clock = Clock{in.clock()};
    entry.room = in.room().empty() ? general_room : in.room();
    entry.name = in.name();
    entry.previous.reset();
    entry.dropped.reset();
    entry.met = {};
    entry.text.clear();
    entry.said_id.clear();
    entry.marks = {};
    entry.salt = {};
    if (in.has_previous() && !take_end(in.previous(), entry.previous.emplace()))
        return Failure{"entry that names a log without its head"};
    if (const char* why = why_invalid(entry)) return Failure{why};
    entry.kind = kind_of(in.kind());
    const bool is_senseless = (entry.kind == EntryKind::met && !take_met(in.about(), entry)) ||
                              (entry.kind == EntryKind::drop && !take_drop(in.about(), entry));
    if (is_senseless) entry.kind = EntryKind::other;
    return std::nullopt;
}

Dropped dropped_by(const Entry& entry) {
    return {{{entry.log.device, entry.dropped->epoch, entry.log.to}, entry.dropped->seq},
            entry.dropped->head};
}

void take_body(std::string_view body, Entry& entry) {
    if (entry.kind != EntryKind::text) return;
    thread_local message::Text in;  // as above
    const std::size_t salt = std::min(body.size(), entry.salt.size());
    const std::string_view said = body.substr(salt);
    const bool makes_sense = salt == entry.salt.size() &&
                             in.ParseFromArray(said.data(), static_cast<int>(said.size())) &&
                             take_text(in, entry);
    if (!makes_sense) {
        entry.kind = EntryKind::other;
        return;
    }
    std::copy_n(body.begin(), salt, entry.salt.begin());
}

}  // namespace lanchat
