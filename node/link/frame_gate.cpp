// What each kind of frame may be, and how many of it.
#include "node/link/frame_gate.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace lanchat::link {
namespace {

// How many of a kind a stranger may send in all; how many a member at once, how many more
// each second, and how many at most when it has earned more with what we sent.
struct Grant {
    double stranger;
    double burst;
    double per_s;
    double earned_max;
};
constexpr std::array<Grant, 6> grants{{
    {8, 16, 2, 65'536},     // PING, and what answers ours
    {8, 16, 1, 64},         // SETTINGS
    {16, 256, 32, 4'096},   // DATA with hardly anything in it
    {32, 256, 64, 65'536},  // WINDOW_UPDATE and all others
    {1, 4, 0.5, 4},         // calls: the talk, and questions whether we are well
    {2, 4, 0.5, 4}          // RST_STREAM
}};

constexpr std::size_t sliver_bytes_max = 256;
constexpr std::size_t settings_bytes_max = std::size_t{6} * 32;
constexpr std::size_t other_bytes_max = 1'024;
constexpr int goaways_max = 4;  // a graceful end has two

}  // namespace

FrameGate::FrameGate(Peer peer, bool legacy) : peer_(peer), may_be_legacy_(legacy), left_{} {
    for (std::size_t kind = 0; kind < kinds; ++kind) left_[kind] = grants[kind].stranger;
    if (peer == Peer::client)
        preface_given_ = http2_preface.size();
    else
        preface_taken_ = http2_preface.size();
}

FrameGate::Refusal FrameGate::take(std::string_view bytes, Instant now) {
    refill(now);
    if (bytes.size() > room()) return "more bytes than a greeting needs";
    if (is_stranger()) bytes_ += bytes.size();
    if (!skip_preface(bytes)) return "no HTTP/2";
    while (const auto part = taken_.next(bytes)) {
        const FrameHead& head = taken_.head();
        Refusal refusal = part->is_head                  ? begin_frame(head)
                          : head.type == FrameType::data ? take_data(head.stream, part->payload)
                                                         : std::nullopt;
        if (!refusal && part->ends && head.type == FrameType::data) refusal = end_data(head);
        if (refusal) return refusal;
    }
    return std::nullopt;
}

// A server may answer our greeting with a frame that is as long as any.
std::size_t FrameGate::room() const {
    if (!is_stranger()) return std::numeric_limits<std::size_t>::max();
    const std::size_t answer = peer_ == Peer::server ? limits::frame_bytes_max : 0;
    return limits::stranger_bytes_max + answer - bytes_;
}

std::uint64_t FrameGate::long_message() const {
    for (const Call& call : calls_)
        if (!call.ended && !call.left && call.long_message != 0) return call.long_message;
    return 0;
}

bool FrameGate::skip_preface(std::string_view& bytes) {
    const auto expected = http2_preface.substr(preface_taken_, bytes.size());
    if (!bytes.starts_with(expected)) return false;
    preface_taken_ += expected.size();
    bytes.remove_prefix(expected.size());
    return true;
}

FrameGate::Refusal FrameGate::begin_frame(const FrameHead& head) {
    const bool is_continuation = head.type == FrameType::continuation;
    if ((headers_of_ != 0) != is_continuation) return "a header block that is interrupted";
    if (std::exchange(is_first_frame_, false) && head.type != FrameType::settings)
        return "no settings first";
    switch (head.type) {
        case FrameType::data:
            return begin_data(head);
        case FrameType::headers:
            return take_headers(head);
        case FrameType::continuation:
            return take_continuation(head);
        case FrameType::rst_stream:
            return take_reset(head);
        case FrameType::settings:
            return take_settings(head);
        case FrameType::ping:
            return take_ping(head);
        case FrameType::goaway:
            return take_goaway(head);
        case FrameType::push_promise:
            return "a pushed call";
        case FrameType::priority:
        case FrameType::window_update:
            break;
    }
    return take_other(head);
}

FrameGate::Call* FrameGate::find(std::uint32_t stream) {
    const auto it = std::ranges::find(calls_, stream, &Call::stream);
    return it == calls_.end() ? nullptr : &*it;
}

// False: all places are taken.
bool FrameGate::begin_call(std::uint32_t stream) {
    newest_ = stream;
    const auto is_free = [](const Call& call) {
        return call.stream == 0 || call.ended || call.left;
    };
    const auto place = std::ranges::find_if(calls_, is_free);
    if (place == calls_.end()) return false;
    *place = Call{.stream = stream};
    return true;
}

// Of a call that has gone from here: the other end may not have known.
FrameGate::Refusal FrameGate::take_late(const FrameHead& head) {
    if (is_stranger() || head.stream > newest_ || head.stream % 2 == 0)
        return "a frame without a call";
    return charge(Kind::other, "too many frames without a message");
}

// A client's one header block begins a call, and calls come in rising order (RFC 9113, 5.1.1); a
// server may end a call with a second block.
FrameGate::Refusal FrameGate::take_headers(const FrameHead& head) {
    if (head.has(frame_flag::padded) || head.stream % 2 == 0) return "a malformed frame";
    header_bytes_ = 0;
    if (peer_ == Peer::client) {
        if (head.stream <= newest_) return "too many headers";
        const auto refusal = charge(Kind::call, is_stranger() ? "a second call" : "too many calls");
        if (refusal) return refusal;
        if (!begin_call(head.stream)) return "too many calls";
    }
    Call* call = find(head.stream);
    if (call == nullptr) {
        if (auto refusal = take_late(head)) return refusal;
        return take_header_bytes(head);
    }
    if (++call->header_blocks > 2 || call->ended) return "too many headers";
    call->ended = head.has(frame_flag::end_stream);
    return take_header_bytes(head);
}

FrameGate::Refusal FrameGate::take_continuation(const FrameHead& head) {
    if (head.stream != headers_of_) return "a malformed frame";
    if (auto refusal = charge(Kind::other, "too many frames without a message")) return refusal;
    return take_header_bytes(head);
}

FrameGate::Refusal FrameGate::take_header_bytes(const FrameHead& head) {
    header_bytes_ += head.length;
    if (header_bytes_ > limits::header_bytes_max) return "too many headers";
    headers_of_ = head.has(frame_flag::end_headers) ? 0 : head.stream;
    return std::nullopt;
}

FrameGate::Refusal FrameGate::take_reset(const FrameHead& head) {
    if (head.length != 4 || head.stream == 0) return "a malformed frame";
    if (head.stream > newest_) return "a frame without a call";
    if (Call* call = find(head.stream)) call->ended = true;
    return charge(Kind::reset, "too many resets");
}

FrameGate::Refusal FrameGate::take_settings(const FrameHead& head) {
    const bool has_good_length = head.has(frame_flag::ack)
                                     ? head.length == 0
                                     : head.length % 6 == 0 && head.length <= settings_bytes_max;
    if (!has_good_length || head.stream != 0) return "a malformed frame";
    return charge(Kind::settings, "too many settings");
}

FrameGate::Refusal FrameGate::take_ping(const FrameHead& head) {
    if (head.length != 8 || head.stream != 0) return "a malformed frame";
    return charge(Kind::ping, "too many pings");
}

FrameGate::Refusal FrameGate::take_goaway(const FrameHead& head) {
    if (head.length > other_bytes_max || head.stream != 0) return "a malformed frame";
    if (++goaways_ > goaways_max) return "too many frames without a message";
    return std::nullopt;
}

FrameGate::Refusal FrameGate::take_other(const FrameHead& head) {
    if (head.length > other_bytes_max) return "a malformed frame";
    return charge(Kind::other, "too many frames without a message");
}

FrameGate::Refusal FrameGate::begin_data(const FrameHead& head) {
    if (head.has(frame_flag::padded)) return "a malformed frame";
    ended_message_ = false;
    Call* call = find(head.stream);
    if (call == nullptr) return take_late(head);
    if (call->ended || call->header_blocks == 0) return "data without a call";
    call->ended = head.has(frame_flag::end_stream);
    return std::nullopt;
}

FrameGate::Refusal FrameGate::take_data(std::uint32_t stream, std::string_view bytes) {
    Call* call = find(stream);
    while (call != nullptr && !bytes.empty()) {
        if (call->message_left == 0) {
            call->prefix[call->prefix_size++] = static_cast<std::uint8_t>(bytes.front());
            bytes.remove_prefix(1);
            if (call->prefix_size < call->prefix.size()) continue;
            if (auto refusal = begin_message(*call)) return refusal;
        }
        const auto piece = bytes.substr(0, call->message_left);
        call->message_left -= piece.size();
        bytes.remove_prefix(piece.size());
        if (call->message_left > 0 || call->prefix_size > 0) continue;
        has_greeted_ = ended_message_ = true;
        call->long_message = 0;
    }
    return std::nullopt;
}

FrameGate::Refusal FrameGate::begin_message(Call& call) {
    call.prefix_size = 0;
    if (call.prefix[0] != 0) return "a compressed message";
    for (std::size_t n = 1; n < call.prefix.size(); ++n)
        call.message_left = call.message_left << 8 | call.prefix[n];
    if (call.message_left > message_bytes_max()) return "a message that is too long";
    if (call.message_left > limits::frame_bytes_max) call.long_message = ++long_messages_;
    return std::nullopt;
}

std::size_t FrameGate::message_bytes_max() const {
    if (is_stranger())
        return peer_ == Peer::client ? limits::greeting_bytes_max : limits::frame_bytes_max;
    return may_be_legacy_ ? limits::legacy_frame_bytes_max : limits::frame_bytes_max;
}

FrameGate::Refusal FrameGate::end_data(const FrameHead& head) {
    const bool ends_call = head.has(frame_flag::end_stream);
    if (ended_message_ || ends_call || head.length >= sliver_bytes_max) return std::nullopt;
    return charge(Kind::sliver, "too many frames without a message");
}

// What an honest end answers: data with pings and windows, a window with what still fits it,
// settings and pings with their acknowledgement. Answers of ours earn nothing, or they would pay
// for the questions. gRPC opens both its windows for each message that it reads, and a frame of
// data may hold many: each takes its prefix at least.
void FrameGate::gave(std::string_view bytes) {
    const auto skipped = std::min(bytes.size(), http2_preface.size() - preface_given_);
    preface_given_ += skipped;
    bytes.remove_prefix(skipped);
    while (const auto part = given_.next(bytes)) {
        if (!part->is_head) continue;
        const FrameHead& head = given_.head();
        const bool answers = head.has(frame_flag::ack);
        note_calls(head);
        if (head.type == FrameType::data) {
            earn(Kind::ping, 1);
            earn(Kind::other, 2 + 2.0 * head.length / message_prefix_bytes);
        }
        if (head.type == FrameType::window_update) earn(Kind::sliver, 1);
        if (head.type == FrameType::settings && !answers) earn(Kind::settings, 1);
        if (head.type == FrameType::ping && !answers) earn(Kind::ping, 1);
    }
}

// We begin calls with whom we dialled, and we may leave any.
void FrameGate::note_calls(const FrameHead& head) {
    const bool is_headers = head.type == FrameType::headers;
    if (is_headers && peer_ == Peer::server && head.stream > newest_) begin_call(head.stream);
    // A server's last headers end a call for both.
    const bool leaves = head.type == FrameType::rst_stream ||
                        (is_headers && peer_ == Peer::client && head.has(frame_flag::end_stream));
    if (!leaves) return;
    if (Call* call = find(head.stream)) call->left = true;
}

FrameGate::Refusal FrameGate::charge(Kind kind, std::string_view why) {
    double& left = left_[static_cast<std::size_t>(kind)];
    if (left < 1) return why;
    left -= 1;
    return std::nullopt;
}

void FrameGate::earn(Kind kind, double frames) {
    const auto at = static_cast<std::size_t>(kind);
    left_[at] = std::min(left_[at] + frames, grants[at].earned_max);
}

// Time gives a stranger nothing: it has to greet.
void FrameGate::refill(Instant now) {
    const bool is_new = is_admitted_ && !std::exchange(was_admitted_, is_admitted_);
    const double passed = is_new ? 0 : std::chrono::duration<double>(now - refilled_).count();
    refilled_ = now;
    if (is_stranger()) return;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const Grant& grant = grants[kind];
        const double more = is_new ? grant.burst : passed * grant.per_s;
        left_[kind] = std::max(left_[kind], std::min(left_[kind] + more, grant.burst));
    }
}

}  // namespace lanchat::link
