// The protobuf side of the wire format: frames, their fields, and what is signed in them.
#include "message/wire.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "message/assert.hpp"
#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "message/wire_parts.hpp"
#include "message/wire_run.hpp"

namespace lanchat {
namespace {

template <class Out>
void put(const Span& span, Out& out) {
    out.set_after(span.after);
    out.set_seq(span.last);
    out.set_head(std::string(span.head.view()));
}

void put(const Head& head, message::Head& out) {
    put_any(head.log, out);
    put(head.base, out);
    if (head.tail) put(*head.tail, *out.mutable_tail());
    out.set_newest(head.newest.packed);
    out.set_forked(head.forked);
}

void put(const Said& said, message::Said& out) {
    out.set_epoch(static_cast<std::uint64_t>(said.epoch));
    out.set_last(said.last);
}

void put(const Want& want, message::Want& out) {
    put_any(want.log, out);
    out.set_after(want.after);
    out.set_seq(want.seq);
    out.set_newest_first(want.newest_first);
}

void put(const Receipt& receipt, message::Receipt& out) {
    put(receipt.log, out);
    out.set_member(std::string(receipt.member.view()));
    out.set_instance(static_cast<std::uint64_t>(receipt.instance));
    out.set_after(receipt.after);
    out.set_seq(receipt.last);
    out.set_count(receipt.count);
    out.set_signature(std::string(receipt.signature.view()));
}

template <class In>
bool take_span(const In& in, Span& span) {
    span.after = in.after();
    span.last = in.seq();
    return span.after < span.last && take_exact(in.head(), span.head);
}

Result<Head> take_head(const message::Head& in) {
    Head head;
    if (!take_any_log(in, head.log)) return Failure{"have without a log"};
    head.forked = in.forked();
    const bool is_empty = head.forked != 0 && in.seq() == 0 && in.after() == 0 && !in.has_tail();
    if (!is_empty && !take_span(in, head.base)) return Failure{"have of nothing"};
    if (in.has_tail()) {
        if (!take_span(in.tail(), head.tail.emplace()) || head.tail->after <= head.base.last)
            return Failure{"have with a bad tail"};
    }
    head.newest.packed = in.newest();
    const Seq last = head.tail ? head.tail->last : head.base.last;
    if (head.forked != 0 && last >= head.forked) return Failure{"have of a branch"};
    return head;
}

Result<Want> take_want(const message::Want& in) {
    Want want;
    if (!take_any_log(in, want.log)) return Failure{"want without a log"};
    if (in.seq() != 0 && in.seq() <= in.after()) return Failure{"want of nothing"};
    want.after = in.after();
    want.seq = in.seq();
    want.newest_first = in.newest_first();
    return want;
}

Result<Said> take_said(const message::Said& in) {
    if (in.last() == 0) return Failure{"said nothing"};
    return Said{Epoch{in.epoch()}, in.last()};
}

Result<Receipt> take_receipt(const message::Receipt& in) {
    Receipt receipt;
    if (!take_log(in, receipt.log)) return Failure{"receipt without a log"};
    if (!take_exact(in.member(), receipt.member)) return Failure{"receipt of nobody"};
    if (in.seq() <= in.after()) return Failure{"receipt of nothing"};
    receipt.instance = InstanceId{in.instance()};
    receipt.after = in.after();
    receipt.last = in.seq();
    receipt.count = in.count();
    if (!take_exact(in.signature(), receipt.signature) || !verify(receipt))
        return Failure{"receipt with a bad signature"};
    return receipt;
}

void put(const Lack& lack, message::Lack& out) {
    put_any(lack.log, out);
    for (const EntryRange& range : lack.entries) {
        out.add_ends(range.after);
        out.add_ends(range.last);
    }
}

void put(const GivenBodies& given, message::Bodies& out) {
    put_any(given.log, out);
    for (const Body& body : given.bodies) {
        out.add_seqs(body.seq);
        out.add_bodies(body.bytes);
    }
}

Result<Lack> take_lack(const message::Lack& in) {
    Lack lack;
    if (!take_any_log(in, lack.log)) return Failure{"lack without a log"};
    const auto ends = static_cast<std::size_t>(in.ends_size());
    if (ends % 2 != 0 || ends > 2 * limits::lack_ranges_max)
        return Failure{"lack with bad entries"};
    for (int n = 0; n < in.ends_size(); n += 2) {
        const EntryRange range{in.ends(n), in.ends(n + 1)};
        const bool rises = n == 0 || range.after > lack.entries.back().last;
        if (!rises || range.after >= range.last || range.last > limits::seq_max)
            return Failure{"lack with bad entries"};
        lack.entries.push_back(range);
    }
    return lack;
}

Result<GivenBodies> take_bodies(message::Bodies& in) {
    GivenBodies given;
    if (!take_any_log(in, given.log)) return Failure{"bodies without a log"};
    const auto count = static_cast<std::size_t>(in.bodies_size());
    if (in.seqs_size() != in.bodies_size() || count == 0 || count > limits::frame_bodies_max)
        return Failure{"bodies of nothing"};
    for (int n = 0; n < in.bodies_size(); ++n) {
        std::string& bytes = *in.mutable_bodies(n);
        if (in.seqs(n) == 0 || bytes.empty() || bytes.size() > limits::entry_bytes_max)
            return Failure{"bodies of nothing"};
        given.bodies.push_back({in.seqs(n), std::move(bytes)});
    }
    return given;
}

// --- the fields of a frame -----------------------------------------------------------------------

using message::Ext;
using MaybeFailure = std::optional<Failure>;

// How a field stands on the wire: `write` is called for one that says something, `read` for each. A
// field without both does not compile.
template <auto field>
struct OnWire;

// A part that is there or not.
template <auto has, auto whole, auto take>
struct Part {
    template <class T>
    static void write(const std::optional<T>& part, Ext& ext) {
        put(*part, *(ext.*whole)());
    }
    template <class T>
    static MaybeFailure read(Ext& ext, std::optional<T>& part) {
        if (!(ext.*has)()) return std::nullopt;
        auto taken = take(*(ext.*whole)());
        if (!taken) return Failure{taken.why()};
        part = std::move(*taken);
        return std::nullopt;
    }
};

// No more than `most` elements.
template <class In, google::protobuf::RepeatedPtrField<In>* (Ext::*all)(), std::size_t most,
          auto take>
struct Parts {
    template <class T>
    static void write(const std::vector<T>& parts, Ext& ext) {
        for (const T& part : parts) put(part, *(ext.*all)()->Add());
    }
    template <class T>
    static MaybeFailure read(Ext& ext, std::vector<T>& parts) {
        return take_all(*(ext.*all)(), most, parts, take);
    }
};

template <auto set, auto get>
struct Flag {
    static void write(bool flag, Ext& ext) { (ext.*set)(flag); }
    static MaybeFailure read(const Ext& ext, bool& flag) {
        flag = (ext.*get)();
        return std::nullopt;
    }
};

template <>
struct OnWire<&Frame::hello> : Part<&Ext::has_hello, &Ext::mutable_hello, take_hello> {};
template <>
struct OnWire<&Frame::received> {
    static void write(const std::optional<Ack>& ack, Ext& ext) {
        ext.set_received_after(ack->after);
        ext.set_received(ack->last);
        if (ack->epoch) ext.set_received_epoch(static_cast<std::uint64_t>(*ack->epoch));
    }
    static MaybeFailure read(const Ext& ext, std::optional<Ack>& ack) {
        if (!ext.has_received()) return std::nullopt;
        if (ext.received_after() > ext.received()) return Failure{"received of nothing"};
        ack = Ack{ext.received_after(), ext.received()};
        if (ext.has_received_epoch()) ack->epoch = Epoch{ext.received_epoch()};
        return std::nullopt;
    }
};
template <>
struct OnWire<&Frame::verify> : Part<&Ext::has_verify, &Ext::mutable_verify, take_verify> {};
template <>
struct OnWire<&Frame::wall> {
    static void write(const std::optional<WallTime>& wall, Ext& ext) {
        ext.set_wall(static_cast<std::uint64_t>(Clock::at(*wall).time().ms));
    }
    // No later than the clock of an entry could tell: it can be reckoned with.
    static MaybeFailure read(const Ext& ext, std::optional<WallTime>& wall) {
        const auto ms = static_cast<std::int64_t>(std::min(ext.wall(), std::uint64_t{1} << 48));
        if (ext.has_wall()) wall = Clock::at(WallTime{ms}).time();
        return std::nullopt;
    }
};
template <>
struct OnWire<&Frame::ping> : Part<&Ext::has_ping, &Ext::mutable_ping, take_ping> {};
template <>
struct OnWire<&Frame::bye> : Part<&Ext::has_bye, &Ext::mutable_bye, take_bye> {};
template <>
struct OnWire<&Frame::seeks> : Flag<&Ext::set_seeks, &Ext::seeks> {};
template <>
struct OnWire<&Frame::places> {
    static void write(const std::vector<Endpoint>& places, Ext& ext) {
        for (const Endpoint& where : places)
            ext.add_places(std::uint64_t{where.ip.bits} << 16 | where.port);
    }
    static MaybeFailure read(const Ext& ext, std::vector<Endpoint>& places) {
        if (ext.places_size() > static_cast<int>(limits::frame_places_max))
            return Failure{"too many places"};
        for (const std::uint64_t place : ext.places()) {
            if (place >> 48 != 0 || (place & 0xFFFF) == 0) return Failure{"a place that is none"};
            places.push_back({Ipv4{static_cast<std::uint32_t>(place >> 16)},
                              static_cast<std::uint16_t>(place & 0xFFFF)});
        }
        return std::nullopt;
    }
};
template <>
struct OnWire<&Frame::listing> : Flag<&Ext::set_listing, &Ext::listing> {};
template <>
struct OnWire<&Frame::listed> : Flag<&Ext::set_listed, &Ext::listed> {};
template <>
struct OnWire<&Frame::differ> {
    static void write(std::optional<std::uint64_t> differ, Ext& ext) { ext.set_differ(*differ); }
    static MaybeFailure read(const Ext& ext, std::optional<std::uint64_t>& differ) {
        if (ext.has_differ()) differ = ext.differ();
        return std::nullopt;
    }
};
template <>
struct OnWire<&Frame::digest> : Part<&Ext::has_digest, &Ext::mutable_digest, take_digest> {};
template <>
struct OnWire<&Frame::linked> : Part<&Ext::has_linked, &Ext::mutable_linked, take_linked> {};
template <>
struct OnWire<&Frame::have>
    : Parts<message::Head, &Ext::mutable_have, limits::frame_heads_max, take_head> {};
template <>
struct OnWire<&Frame::want>
    : Parts<message::Want, &Ext::mutable_want, limits::frame_wants_max, take_want> {};
template <>
struct OnWire<&Frame::said>
    : Parts<message::Said, &Ext::mutable_said, limits::pages_max, take_said> {};
template <>
struct OnWire<&Frame::lacks>
    : Parts<message::Lack, &Ext::mutable_lacks, limits::frame_lacks_max, take_lack> {};
template <>
struct OnWire<&Frame::bodies>
    : Parts<message::Bodies, &Ext::mutable_bodies, limits::frame_bodies_max, take_bodies> {};
template <>
struct OnWire<&Frame::receipts>
    : Parts<message::Receipt, &Ext::mutable_receipts, limits::frame_receipts_max, take_receipt> {};
template <>
struct OnWire<&Frame::proofs>
    : Parts<message::Proof, &Ext::mutable_proofs, limits::frame_proofs_max, take_proof> {};
template <>
struct OnWire<&Frame::runs> {
    static void write(const std::vector<RunPtr>& runs, Ext& ext) {
        for (const RunPtr& run : runs) put(*run, *ext.add_runs());
    }
    // They are read apart, and proven when there is time.
    static MaybeFailure read(const Ext&, std::vector<RunPtr>&) { return std::nullopt; }
};

bool is_signed(const message::Ext& ext) {
    return ext.runs_size() > 0 || ext.receipts_size() > 0 || ext.proofs_size() > 0;
}

// What others send must not write to our terminal, not even through a library's complaints.
std::optional<Failure> parse(std::string_view bytes, message::NodeRequest& in) {
    [[maybe_unused]] static const auto loud = google::protobuf::SetLogHandler(nullptr);
    if (bytes.size() > limits::frame_bytes_max) return Failure{"frame too large"};
    if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return Failure{"not a frame"};
    return std::nullopt;
}

// Nothing but a `msg`, read without a parser that would make objects of whatever else there is.
Result<Frame> take_long_line(std::string_view bytes) {
    constexpr std::uint32_t length_delimited = 2;
    constexpr std::uint32_t tag = message::NodeRequest::kMsgFieldNumber << 3 | length_delimited;
    if (bytes.size() > limits::legacy_frame_bytes_max) return Failure{"frame too large"};
    google::protobuf::io::CodedInputStream head(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
    std::uint32_t size = 0;
    if (head.ReadTag() != tag || !head.ReadVarint32(&size)) return Failure{"frame too large"};
    bytes.remove_prefix(static_cast<std::size_t>(head.CurrentPosition()));
    if (size != bytes.size()) return Failure{"frame too large"};
    if (!is_utf8(bytes)) return Failure{"not a frame"};
    Frame frame;
    frame.msg = bytes;
    return frame;
}

Result<Frame> take_frame(message::NodeRequest& in) {
    Frame frame;
    frame.msg = std::move(*in.mutable_msg());
    if (!in.has_ext()) return frame;
    MaybeFailure failure;
    const auto read = [&]<auto field>() {
        failure = OnWire<field>::read(*in.mutable_ext(), frame.*field);
        return !failure;
    };
    if (!FrameFields::all(read)) return std::move(*failure);
    return frame;
}

}  // namespace

std::string encode(const Frame& frame, const DeviceId& speaker) {
    message::NodeRequest out;
    out.set_msg(frame.msg);
    FrameFields::all([&]<auto field>() {
        if (!is_blank(frame.*field)) OnWire<field>::write(frame.*field, *out.mutable_ext());
        return true;
    });
    if (!frame.runs.empty()) leave_out(speaker, *out.mutable_ext()->mutable_runs());
    std::string bytes;
    LANCHAT_ASSERT(out.SerializeToString(&bytes));
    return bytes;
}

Result<UnprovenFrame> UnprovenFrame::read(std::string_view bytes, const DeviceId& speaker) {
    const auto without_runs = [](Result<Frame> frame) {
        if (!frame) return Result<UnprovenFrame>(Failure{frame.why()});
        return Result<UnprovenFrame>(UnprovenFrame(std::move(*frame), {}));
    };
    if (bytes.size() > limits::frame_bytes_max) return without_runs(take_long_line(bytes));
    message::NodeRequest in;
    if (auto no = parse(bytes, in)) return std::move(*no);
    if (in.ext().runs_size() == 0) return without_runs(take_frame(in));
    auto& runs = *in.mutable_ext()->mutable_runs();
    fill_in(speaker, runs);
    std::vector<UnprovenRun> taken;
    if (auto no = take_all(runs, limits::frame_runs_max, taken, take_run)) return std::move(*no);
    auto frame = take_frame(in);
    if (!frame) return Failure{frame.why()};
    return UnprovenFrame(std::move(*frame), std::move(taken));
}

Result<Frame> UnprovenFrame::prove() && {
    for (const UnprovenRun& run : runs_) {
        auto proven = run.prove();
        if (!proven) return Failure{proven.why()};
        frame_.runs.push_back(std::move(*proven));
    }
    return std::move(frame_);
}

Result<Frame> decode(std::string_view bytes, const DeviceId& speaker) {
    auto read = UnprovenFrame::read(bytes, speaker);
    if (!read) return Failure{read.why()};
    return std::move(*read).prove();
}

Result<Frame> decode_greeting(std::string_view bytes) {
    message::NodeRequest in;
    if (auto no = parse(bytes, in)) return std::move(*no);
    if (is_signed(in.ext())) return Failure{"greeting with runs"};
    return take_frame(in);
}

std::size_t encoded_bytes(const VerifiedRun& run) {
    constexpr std::size_t each = 2 * 4;  // tags and lengths of an entry and of its body
    constexpr std::size_t all = 192;     // signature, and what they share
    return run.byte_count() + each * run.size() + all;
}

}  // namespace lanchat
