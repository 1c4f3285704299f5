// Frames of others before the gate: what passes is within its limits, counted a second time here,
// and does not depend on the pieces in which it comes.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "message/assert.hpp"
#include "message/limits.hpp"
#include "node/link/frame_gate.hpp"

using namespace lanchat;
using namespace lanchat::link;

namespace {

using Peer = FrameGate::Peer;

constexpr Instant now{std::chrono::hours(1)};

const std::string our_call = std::string(http2_preface) + std::string(http2_no_settings) +
                             std::string("\0\0\1\1\4\0\0\0\1h", 10);

// The gate in front of gRPC: admits its peer after so many bytes.
struct Run {
    FrameGate gate;
    std::size_t admitted_after;
    std::string passed{};
    bool refused = false;

    Run(Peer peer, std::size_t admit_after)
        : gate(peer, peer == Peer::client), admitted_after(admit_after) {
        if (peer == Peer::server) gate.gave(our_call);
    }
    void take(std::string_view bytes) {
        while (!refused && !bytes.empty()) {
            if (passed.size() == admitted_after) gate.admit();
            const auto left =
                passed.size() < admitted_after ? admitted_after - passed.size() : bytes.size();
            const auto piece = bytes.substr(0, left);
            refused = gate.take(piece, now).has_value();
            if (!refused) passed += piece;
            bytes.remove_prefix(piece.size());
        }
    }
};

// Heads as section 4.1 has them, read without FrameReader.
struct Frame {
    std::uint8_t type;
    std::uint8_t flags;
    std::uint32_t stream;
    std::string_view payload;
};
std::vector<Frame> frames_of(std::string_view bytes) {
    std::vector<Frame> frames;
    const auto at = [&](std::size_t n) { return static_cast<std::uint8_t>(bytes[n]); };
    while (bytes.size() >= 9) {
        const std::size_t length = std::size_t{at(0)} << 16 | std::size_t{at(1)} << 8 | at(2);
        const std::uint32_t stream = (std::uint32_t{at(5)} & 0x7F) << 24 |
                                     std::uint32_t{at(6)} << 16 | std::uint32_t{at(7)} << 8 | at(8);
        frames.push_back({at(3), at(4), stream, bytes.substr(9, length)});
        bytes.remove_prefix(std::min(bytes.size(), 9 + length));
    }
    return frames;
}

void check_messages(std::string_view data, std::size_t most) {
    while (data.size() >= 5) {
        std::size_t length = 0;
        for (std::size_t n = 1; n < 5; ++n)
            length = length << 8 | static_cast<std::uint8_t>(data[n]);
        LANCHAT_ASSERT(data[0] == 0);
        LANCHAT_ASSERT(length <= most);
        data.remove_prefix(std::min(data.size(), 5 + length));
    }
}

// Nothing is sent back but our call, and no time passes, so nothing else is earned.
void check_passed(std::string_view passed, Peer peer, bool was_admitted) {
    if (peer == Peer::client) {
        LANCHAT_ASSERT(passed.substr(0, http2_preface.size()) ==
                       http2_preface.substr(0, passed.size()));
        passed.remove_prefix(std::min(passed.size(), http2_preface.size()));
    }
    std::array<std::size_t, 256> counts{};
    std::size_t block_bytes = 0;
    std::map<std::uint32_t, std::string> data;
    std::set<std::uint32_t> begun;
    std::set<std::uint32_t> over;
    for (const auto& frame : frames_of(passed)) {
        ++counts[frame.type];
        if (frame.type == 1) block_bytes = 0;
        if (frame.type == 1 || frame.type == 9) block_bytes += frame.payload.size();
        LANCHAT_ASSERT(block_bytes <= limits::header_bytes_max);
        if (frame.type == 1) begun.insert(frame.stream);
        const bool is_of_call = begun.contains(frame.stream) && !over.contains(frame.stream);
        if (frame.type == 0 && is_of_call) data[frame.stream] += frame.payload;
        const bool ends = frame.type <= 1 && (frame.flags & 1) != 0;
        if (ends || frame.type == 3) over.insert(frame.stream);
    }
    const bool is_client = peer == Peer::client;
    LANCHAT_ASSERT(counts[1] <= (!is_client ? 2U : was_admitted ? 5U : 1U));  // HEADERS
    LANCHAT_ASSERT(counts[3] <= (was_admitted ? 6U : 2U));                    // RST_STREAM
    const std::size_t answers = is_client ? 0 : 1;  // to our settings
    LANCHAT_ASSERT(counts[4] <= (was_admitted ? 24U : 8U) + answers);  // SETTINGS
    LANCHAT_ASSERT(counts[5] == 0);                                           // PUSH_PROMISE
    LANCHAT_ASSERT(counts[6] <= (was_admitted ? 24U : 8U));                   // PING
    LANCHAT_ASSERT(counts[7] <= 4);                                           // GOAWAY
    std::size_t others = 0;
    for (std::size_t type = 8; type < counts.size(); ++type) others += counts[type];
    LANCHAT_ASSERT(others + counts[2] <= (was_admitted ? 288U : 32U));
    const bool greets = is_client && !was_admitted;
    const std::size_t most = greets      ? limits::greeting_bytes_max
                             : is_client ? limits::legacy_frame_bytes_max
                                         : limits::frame_bytes_max;
    for (const auto& [stream, bytes] : data) check_messages(bytes, most);
    if (greets) LANCHAT_ASSERT(passed.size() <= limits::stranger_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const Peer peer = data[0] % 2 == 0 ? Peer::client : Peer::server;
    const bool begins_well = data[0] % 4 < 2;
    // Whether it is ever admitted, and when.
    const std::size_t admit_after = data[1] == 0 ? ~std::size_t{0} : data[1] * std::size_t{4};
    const std::size_t piece = data[2] + std::size_t{1};
    std::string bytes;
    if (begins_well && peer == Peer::client) bytes = http2_preface;
    if (begins_well) bytes += http2_no_settings;
    bytes.append(reinterpret_cast<const char*>(data + 3), size - 3);

    Run whole(peer, admit_after);
    whole.take(bytes);
    Run pieces(peer, admit_after);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        pieces.take(std::string_view(bytes).substr(at, piece));

    LANCHAT_ASSERT(whole.refused == pieces.refused);
    LANCHAT_ASSERT(whole.gate.has_greeted() == pieces.gate.has_greeted() || whole.refused);
    check_passed(whole.passed, peer, whole.gate.is_admitted());
    check_passed(pieces.passed, peer, pieces.gate.is_admitted());

    // What we send may come in pieces too.
    FrameGate gate(peer, false);
    gate.gave({reinterpret_cast<const char*>(data), size});
    return 0;
}
