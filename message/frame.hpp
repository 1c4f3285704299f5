// A frame as a value: what one message of a NewNode stream says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "message/address.hpp"
#include "message/fork.hpp"
#include "message/ids.hpp"
#include "message/keys.hpp"
#include "message/receipt.hpp"
#include "message/run.hpp"
#include "message/short_code.hpp"
#include "message/time.hpp"

namespace lanchat {

inline constexpr std::uint32_t protocol_version = 3;

// Who speaks, in the first frame of each side.
struct Hello {
    std::uint32_t protocol = protocol_version;
    InstanceId instance{};
    std::uint64_t nonce = 0;  // of this dial; decides between two links of the same direction
    std::string name;
    std::uint64_t capabilities = 0;
    DeviceId device;
    std::optional<Epoch> epoch{};  // of the log it says its lines in; none: its instance
    Signature signature{};         // on an encrypted connection, see hello.hpp; else all zeros
    // The speaker was moved, or its network was gone: links of before with the listener may be dead
    // though nobody told it so. Not signed, since a new link proves more than it says.
    bool renews = false;

    NodeId node() const { return {device, instance}; }
    LogId log() const { return epoch ? LogId{device, *epoch} : log_of(node()); }
    bool operator==(const Hello&) const = default;
};

// Entries that somebody says it has: those after `after` up to `last`.
struct Span {
    Seq after = 0;
    Seq last = 0;
    Hash head;  // of the log at `last`

    bool operator==(const Span&) const = default;
};

// What the speaker holds of a log, flushed (extent.hpp). The base may be empty if it is forked.
struct Head {
    LogId log;
    Span base;
    std::optional<Span> tail;
    Clock newest;    // of the last entry: whoever lacks much asks for the newest first
    Seq forked = 0;  // lowest place that the speaker can prove a fork at; 0: none

    bool operator==(const Head&) const = default;
};

// What the speaker asks for of a log: what comes after `after`, rounded outwards to whole runs.
struct Want {
    LogId log;
    Seq after = 0;
    Seq seq = 0;  // up to this one; 0: all there are
    bool newest_first = false;

    bool operator==(const Want&) const = default;
};

// What the speaker has on its disk of the other's present log: all after `after` up to `last`.
struct Ack {
    Seq after = 0;
    Seq last = 0;
    std::optional<Epoch> epoch{};  // of that log; none: the other's instance

    bool operator==(const Ack&) const = default;
};

// How many lines a log of the speaker has, flushed or not.
struct Said {
    Epoch epoch{};
    Seq last = 0;

    bool operator==(const Said&) const = default;
};

// A hash cut short: enough to tell contents apart, whoever made them.
struct ShortHash {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const ShortHash&) const = default;
    std::string_view view() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

inline constexpr std::size_t digest_buckets = 64;

// What the speaker holds of all logs, in short.
struct Digest {
    ShortHash all;
    std::vector<ShortHash> buckets;  // all of them or none
    bool asks = false;               // what the other holds

    bool operator==(const Digest&) const = default;
};

struct Ping {
    std::uint64_t nonce = 0;
    bool reply = false;

    bool operator==(const Ping&) const = default;
};

// The nodes that the speaker is linked with: what has changed since the last frame of this round
// that told it. A higher round begins with nobody.
struct Linked {
    std::uint64_t round = 0;
    std::vector<NodeId> came;
    std::vector<NodeId> went;

    bool operator==(const Linked&) const = default;
};

// Consecutive entries of a log: those after `after` up to `last`.
struct EntryRange {
    Seq after = 0;
    Seq last = 0;

    bool holds(Seq seq) const { return after < seq && seq <= last; }
    bool operator==(const EntryRange&) const = default;
};

// The entries of a log, among those that the speaker has, whose bodies it lacks and would like to
// have: the first of them, rising, with gaps between. No entries: it lacks none any more.
struct Lack {
    LogId log;
    std::vector<EntryRange> entries;

    bool operator==(const Lack&) const = default;
};

// Bodies of entries of a log, for one who lacks them.
struct GivenBodies {
    LogId log;
    std::vector<Body> bodies;

    bool operator==(const GivenBodies&) const = default;
};

enum class Bye { unknown, leaving, duplicate, busy, taken };

// A step of comparing keys (short_code.hpp), in this order: who asks commits to a nonce, the other
// tells its own, who asked opens its. Then both people see one code, and each side tells whether
// its person agrees.
struct VerifyStep {
    enum class Kind { commit, nonce, open, agree, refuse };
    Kind kind = Kind::refuse;
    std::array<std::uint8_t, 32> bytes{};  // of the first three

    bool operator==(const VerifyStep&) const = default;
};

struct Frame {
    std::string msg;  // greeting "ip:port" or "ok"; with legacy peers also chat text
    std::optional<Hello> hello;
    std::optional<Ack> received;
    std::vector<RunPtr> runs;
    std::vector<Fork> proofs;
    std::vector<Head> have;
    bool listing = false;  // `have` is a part of what I have, not news
    bool listed = false;   // and that was all you may lack
    std::optional<Digest> digest;
    std::vector<Said> said;  // with a question over a new link: of this process, newest log first
    std::optional<std::uint64_t> differ;  // I list these buckets (a bit each): list yours
    std::vector<Want> want;
    std::optional<Linked> linked;
    std::vector<Receipt> receipts;  // its own and others', for somebody who cannot hear them
    std::vector<Lack> lacks;
    std::vector<GivenBodies> bodies;
    std::optional<VerifyStep> verify;
    std::optional<WallTime> wall;  // what the speaker's clock shows as this leaves
    std::optional<Ping> ping;
    std::optional<Bye> bye;
    bool seeks = false;            // tell me where others are
    std::vector<Endpoint> places;  // where the speaker is linked with others: a hint, not a fact

    // Runs are compared by what they say, wherever they are kept.
    bool operator==(const Frame& other) const;
};

// A list of members of Frame, known to the compiler.
template <auto... members>
struct Fields {
    static constexpr std::size_t count = sizeof...(members);

    template <auto wanted>
    static constexpr bool has = (std::is_same_v<Fields<wanted>, Fields<members>> || ...);

    // Calls `act.operator()<member>()` for each in turn, until one of them returns false.
    template <class Act>
    static constexpr bool all(Act&& act) {
        return (act.template operator()<members>() && ...);
    }
};

// Every field of a frame but `msg`, in the order in which they are read: what is signed is last,
// since it costs far more to verify than all the rest takes to refuse. What a frame says, when two
// are equal, how each field is written and read (wire.cpp), and who takes and fills it
// (controller/room_frames.cpp) follow from this list.
using FrameFields =
    Fields<&Frame::hello, &Frame::received, &Frame::verify, &Frame::wall, &Frame::ping, &Frame::bye,
           &Frame::seeks, &Frame::places, &Frame::listing, &Frame::listed, &Frame::differ,
           &Frame::digest, &Frame::linked, &Frame::have, &Frame::want, &Frame::said, &Frame::lacks,
           &Frame::bodies, &Frame::receipts, &Frame::proofs, &Frame::runs>;

// A member that was added to Frame is counted here, besides `msg`, so that none is forgotten above.
[[maybe_unused]] inline void count_members(const Frame& frame) {
    [[maybe_unused]] const auto& [msg, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14,
                                  f15, f16, f17, f18, f19, f20, f21] = frame;
    static_assert(FrameFields::count == 21);
}

// Whether a field says nothing.
inline bool is_blank(bool flag) { return !flag; }
template <class T>
bool is_blank(const std::optional<T>& part) {
    return !part;
}
template <class T>
requires requires(const T& parts) { parts.empty(); }
bool is_blank(const T& parts) { return parts.empty(); }

// Whether the whole frame says nothing: then there is nothing to send.
bool is_blank(const Frame& frame);

}  // namespace lanchat
