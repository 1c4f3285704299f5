// The protobuf side of the wire format. No other file includes the generated code.
#include "message/wire.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "message/assert.hpp"
#include "message/exact.hpp"
#include "message/limits.hpp"
#include "message/message.pb.h"
#include "message/text.hpp"

namespace lanchat {
namespace {

void put(const Hello& hello, message::Hello& out) {
    out.set_protocol(hello.protocol);
    out.set_instance(static_cast<std::uint64_t>(hello.instance));
    out.set_name(hello.name);
    out.set_capabilities(hello.capabilities);
    out.set_nonce(hello.nonce);
    out.set_device(std::string(hello.device.view()));
    if (hello.epoch) out.set_epoch(static_cast<std::uint64_t>(*hello.epoch));
    if (hello.signature != Signature{}) out.set_signature(std::string(hello.signature.view()));
}

void put(const VerifiedRun& run, message::Run& out) {
    out.mutable_entries()->Reserve(static_cast<int>(run.items().size()));
    for (const auto& item : run.items()) out.add_entries(item.bytes);
    out.set_signature(std::string(run.signature().view()));
}

void put(const Fork& proof, message::Proof& out) {
    put(*proof.a, *out.mutable_a());
    put(*proof.b, *out.mutable_b());
}

template <class Out>
void put(const LogId& log, Out& out) {
    out.set_device(std::string(log.device.view()));
    out.set_epoch(static_cast<std::uint64_t>(log.epoch));
}

// What may be said of direct logs too.
template <class Out>
void put_any(const LogId& log, Out& out) {
    put(log, out);
    if (log.is_direct()) out.set_to(std::string(log.to.view()));
}

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

void put(const NodeId& node, message::Node& out) {
    out.set_device(std::string(node.device.view()));
    out.set_instance(static_cast<std::uint64_t>(node.instance));
}

void put(const Linked& linked, message::Linked& out) {
    out.set_round(linked.round);
    for (const NodeId& who : linked.came) put(who, *out.add_came());
    for (const NodeId& who : linked.went) put(who, *out.add_went());
}

void put(const Digest& digest, message::Digest& out) {
    out.set_all(std::string(digest.all.view()));
    for (const ShortHash& bucket : digest.buckets) out.mutable_buckets()->append(bucket.view());
    out.set_asks(digest.asks);
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

void put(const Ack& ack, message::Ext& out) {
    out.set_received_after(ack.after);
    out.set_received(ack.last);
    if (ack.epoch) out.set_received_epoch(static_cast<std::uint64_t>(*ack.epoch));
}

void put(const VerifyStep& step, message::Verify& out) {
    const std::string bytes(step.bytes.begin(), step.bytes.end());
    switch (step.kind) {
        case VerifyStep::Kind::commit:
            return out.set_commit(bytes);
        case VerifyStep::Kind::nonce:
            return out.set_nonce(bytes);
        case VerifyStep::Kind::open:
            return out.set_open(bytes);
        case VerifyStep::Kind::agree:
            return out.set_agree(true);
        case VerifyStep::Kind::refuse:
            return out.set_refuse(true);
    }
}

bool has_extension(const Frame& frame) {
    return frame.hello || frame.received || !frame.runs.empty() || !frame.proofs.empty() ||
           !frame.have.empty() || frame.listing || frame.listed || frame.digest ||
           !frame.said.empty() || frame.differ || !frame.want.empty() || frame.linked ||
           !frame.receipts.empty() || frame.verify || frame.wall || frame.ping || frame.bye;
}

message::Bye::Why to_wire(Bye why) {
    switch (why) {
        case Bye::leaving:
            return message::Bye::LEAVING;
        case Bye::duplicate:
            return message::Bye::DUPLICATE;
        case Bye::busy:
            return message::Bye::BUSY;
        case Bye::taken:
            return message::Bye::TAKEN;
        case Bye::unknown:
            break;
    }
    return message::Bye::UNKNOWN;
}

Bye from_wire(message::Bye::Why why) {
    switch (why) {
        case message::Bye::LEAVING:
            return Bye::leaving;
        case message::Bye::DUPLICATE:
            return Bye::duplicate;
        case message::Bye::BUSY:
            return Bye::busy;
        case message::Bye::TAKEN:
            return Bye::taken;
        default:
            return Bye::unknown;
    }
}

Result<Hello> take_hello(message::Hello& in) {
    if (in.instance() == 0) return Failure{"hello without an instance"};
    if (!is_name(in.name())) return Failure{"hello with a bad name"};
    DeviceId device;
    if (!take_exact(in.device(), device)) return Failure{"hello with a bad device"};
    Hello hello{in.protocol(),     InstanceId{in.instance()},
                in.nonce(),        std::move(*in.mutable_name()),
                in.capabilities(), device};
    if (in.has_epoch()) hello.epoch = Epoch{in.epoch()};
    if (!in.signature().empty() && !take_exact(in.signature(), hello.signature))
        return Failure{"hello with a bad signature"};
    return hello;
}

Result<RunPtr> take_run(message::Run& in) {
    Run run;
    if (!take_exact(in.signature(), run.signature)) return Failure{"run with a bad signature"};
    if (static_cast<std::size_t>(in.entries_size()) > limits::run_entries_max)
        return Failure{"run with a bad length"};
    run.entries.reserve(static_cast<std::size_t>(in.entries_size()));
    for (auto& entry : *in.mutable_entries()) run.entries.push_back(std::move(entry));
    return verify(std::move(run));
}

Result<Fork> take_proof(message::Proof& in) {
    auto a = take_run(*in.mutable_a());
    if (!a) return Failure{a.why()};
    auto b = take_run(*in.mutable_b());
    if (!b) return Failure{b.why()};
    auto fork = fork_between(*a, *b);
    if (!fork) return Failure{"proof of nothing"};
    return std::move(*fork);
}

template <class In>
bool take_log(const In& in, LogId& log) {
    log.epoch = Epoch{in.epoch()};
    return take_exact(in.device(), log.device);
}

template <class In>
bool take_any_log(const In& in, LogId& log) {
    return take_log(in, log) && take_exact_or_none(in.to(), log.to);
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

// What is no more than `most` elements, each taken by `take`; or the first failure.
template <class In, class Out, class Take>
std::optional<Failure> take_all(In& in, std::size_t most, std::vector<Out>& out, Take take) {
    if (static_cast<std::size_t>(in.size()) > most) return Failure{"frame with too many parts"};
    out.reserve(static_cast<std::size_t>(in.size()));
    for (auto& element : in) {
        auto taken = take(element);
        if (!taken) return Failure{taken.why()};
        out.push_back(std::move(*taken));
    }
    return std::nullopt;
}

Result<NodeId> take_node(const message::Node& in) {
    NodeId node;
    if (!take_exact(in.device(), node.device)) return Failure{"linked with nobody"};
    node.instance = InstanceId{in.instance()};
    return node;
}

std::optional<Failure> take_linked(const message::Linked& in, Linked& out) {
    out.round = in.round();
    if (auto no = take_all(in.came(), limits::peers_max, out.came, take_node)) return no;
    return take_all(in.went(), limits::peers_max, out.went, take_node);
}

Result<Digest> take_digest(const message::Digest& in) {
    Digest digest{{}, {}, in.asks()};
    if (!take_exact(in.all(), digest.all)) return Failure{"digest with a bad length"};
    const std::string_view buckets = in.buckets();
    constexpr std::size_t size = sizeof(ShortHash::bytes);
    if (buckets.empty()) return digest;
    if (buckets.size() != digest_buckets * size) return Failure{"digest with bad buckets"};
    digest.buckets.resize(digest_buckets);
    for (std::size_t n = 0; n < digest_buckets; ++n)
        if (!take_exact(buckets.substr(n * size, size), digest.buckets[n]))
            return Failure{"digest with bad buckets"};
    return digest;
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

// A step that this version does not know ends the verification: nothing is agreed to by accident.
Result<VerifyStep> take_verify(const message::Verify& in) {
    using Kind = VerifyStep::Kind;
    VerifyStep step;
    if (in.step_case() == message::Verify::kAgree && in.agree()) step.kind = Kind::agree;
    const std::string* bytes = nullptr;
    if (in.step_case() == message::Verify::kCommit) {
        step.kind = Kind::commit;
        bytes = &in.commit();
    } else if (in.step_case() == message::Verify::kNonce) {
        step.kind = Kind::nonce;
        bytes = &in.nonce();
    } else if (in.step_case() == message::Verify::kOpen) {
        step.kind = Kind::open;
        bytes = &in.open();
    }
    if (bytes != nullptr && !take_exact(*bytes, step)) return Failure{"verify with a bad length"};
    return step;
}

Result<Ack> take_ack(const message::Ext& in) {
    if (in.received_after() > in.received()) return Failure{"received of nothing"};
    Ack ack{in.received_after(), in.received()};
    if (in.has_received_epoch()) ack.epoch = Epoch{in.received_epoch()};
    return ack;
}

// No later than the clock of an entry could tell: it can be reckoned with.
WallTime take_wall(std::uint64_t ms) {
    return Clock::at(WallTime{static_cast<std::int64_t>(std::min(ms, std::uint64_t{1} << 48))})
        .time();
}

// What is signed comes last: it costs far more than all the rest.
std::optional<Failure> take_log_parts(message::Ext& ext, Frame& frame) {
    if (auto no = take_all(ext.have(), limits::frame_heads_max, frame.have, take_head)) return no;
    if (auto no = take_all(ext.want(), limits::frame_wants_max, frame.want, take_want)) return no;
    if (auto no = take_all(ext.said(), limits::pages_max, frame.said, take_said)) return no;
    if (auto no =
            take_all(ext.receipts(), limits::frame_receipts_max, frame.receipts, take_receipt))
        return no;
    if (auto no =
            take_all(*ext.mutable_proofs(), limits::frame_proofs_max, frame.proofs, take_proof))
        return no;
    return take_all(*ext.mutable_runs(), limits::frame_runs_max, frame.runs, take_run);
}

bool is_signed(const message::Ext& ext) {
    return ext.runs_size() > 0 || ext.receipts_size() > 0 || ext.proofs_size() > 0;
}

Result<Frame> take_extension(message::Ext& ext, Frame frame) {
    if (ext.has_hello()) {
        auto hello = take_hello(*ext.mutable_hello());
        if (!hello) return Failure{hello.why()};
        frame.hello = std::move(*hello);
    }
    if (ext.has_received()) {
        auto ack = take_ack(ext);
        if (!ack) return Failure{ack.why()};
        frame.received = *ack;
    }
    if (ext.has_verify()) {
        const auto step = take_verify(ext.verify());
        if (!step) return Failure{step.why()};
        frame.verify = *step;
    }
    if (ext.has_wall()) frame.wall = take_wall(ext.wall());
    if (ext.has_ping()) frame.ping = Ping{ext.ping().nonce(), ext.ping().reply()};
    if (ext.has_bye()) frame.bye = from_wire(ext.bye().why());
    frame.listing = ext.listing();
    frame.listed = ext.listed();
    if (ext.has_differ()) frame.differ = ext.differ();
    if (ext.has_digest()) {
        auto digest = take_digest(ext.digest());
        if (!digest) return Failure{digest.why()};
        frame.digest = std::move(*digest);
    }
    if (ext.has_linked())
        if (auto no = take_linked(ext.linked(), frame.linked.emplace())) return std::move(*no);
    if (auto failure = take_log_parts(ext, frame)) return std::move(*failure);
    return frame;
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
    return take_extension(*in.mutable_ext(), std::move(frame));
}

}  // namespace

std::string encode(const Frame& frame) {
    message::NodeRequest out;
    out.set_msg(frame.msg);
    if (has_extension(frame)) {
        auto& ext = *out.mutable_ext();
        if (frame.hello) put(*frame.hello, *ext.mutable_hello());
        if (frame.received) put(*frame.received, ext);
        for (const auto& run : frame.runs) put(*run, *ext.add_runs());
        for (const auto& proof : frame.proofs) put(proof, *ext.add_proofs());
        for (const auto& head : frame.have) put(head, *ext.add_have());
        if (frame.listing) ext.set_listing(true);
        if (frame.listed) ext.set_listed(true);
        if (frame.digest) put(*frame.digest, *ext.mutable_digest());
        for (const auto& said : frame.said) put(said, *ext.add_said());
        if (frame.differ) ext.set_differ(*frame.differ);
        for (const auto& want : frame.want) put(want, *ext.add_want());
        if (frame.linked) put(*frame.linked, *ext.mutable_linked());
        for (const auto& receipt : frame.receipts) put(receipt, *ext.add_receipts());
        if (frame.verify) put(*frame.verify, *ext.mutable_verify());
        if (frame.wall) ext.set_wall(static_cast<std::uint64_t>(Clock::at(*frame.wall).time().ms));
        if (frame.ping) {
            ext.mutable_ping()->set_nonce(frame.ping->nonce);
            ext.mutable_ping()->set_reply(frame.ping->reply);
        }
        if (frame.bye) ext.mutable_bye()->set_why(to_wire(*frame.bye));
    }
    std::string bytes;
    LANCHAT_ASSERT(out.SerializeToString(&bytes));
    return bytes;
}

Result<Frame> decode(std::string_view bytes) {
    if (bytes.size() > limits::frame_bytes_max) return take_long_line(bytes);
    message::NodeRequest in;
    if (auto no = parse(bytes, in)) return std::move(*no);
    return take_frame(in);
}

Result<Frame> decode_greeting(std::string_view bytes) {
    message::NodeRequest in;
    if (auto no = parse(bytes, in)) return std::move(*no);
    if (is_signed(in.ext())) return Failure{"greeting with runs"};
    return take_frame(in);
}

std::size_t encoded_bytes(const VerifiedRun& run) {
    return run.byte_count() + 4 * run.items().size() + 72;
}

}  // namespace lanchat
