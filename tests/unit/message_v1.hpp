// A hand that still makes entries and runs of version 1: such were said and stay for ever, and no
// code of ours makes any.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/run.hpp"
#include "tests/unit/message_fields.hpp"

namespace lanchat::test {

// A LogEntry of message/log.proto.
inline std::string encode_v1(const Entry& entry) {
    std::string out = field(1, entry.log.device.view());
    if (entry.log.epoch != Epoch{0})
        out += fixed64_field(2, static_cast<std::uint64_t>(entry.log.epoch));
    if (entry.seq != 0) out += varint_field(3, entry.seq);
    out += field(4, entry.before.view());
    if (entry.clock != Clock{}) out += fixed64_field(5, entry.clock.packed);
    if (entry.room != general_room) out += field(6, entry.room);
    out += field(7, entry.name);
    if (entry.previous) {
        std::string previous;
        if (entry.previous->epoch != Epoch{0})
            previous += fixed64_field(1, static_cast<std::uint64_t>(entry.previous->epoch));
        if (entry.previous->seq != 0) previous += varint_field(2, entry.previous->seq);
        out += field(10, previous + field(3, entry.previous->head.view()));
    }
    if (entry.log.is_direct()) out += field(11, entry.log.to.view());
    if (entry.met != DeviceId{}) out += field(12, entry.met.view());
    if (!entry.said_id.empty()) out += field(9, entry.said_id);
    if (!entry.text.empty()) out += field(8, entry.text);
    return out;
}

inline Hash head_by_hand_v1(const Hash& before, const std::string& entry) {
    return hash_of(std::string(before.view()) + std::string(hash_of(entry).view()));
}
inline Hash head_after_v1(const Entry& entry) {
    return head_by_hand_v1(entry.before, encode_v1(entry));
}

// Signs any bytes as a run of version 1 that ends with `seq` of `log`, whatever is in them.
inline Run signed_blindly_v1(const std::vector<std::string>& entries, const LogId& log, Seq seq,
                             Hash before, const DeviceKey& key) {
    for (const auto& entry : entries) before = head_by_hand_v1(before, entry);
    std::string what = "lanchat/run/1";
    what += log.device.view();
    put_big_endian(what, static_cast<std::uint64_t>(log.epoch));
    put_big_endian(what, seq);
    what += before.view();
    return {Pieces(entries.begin(), entries.end()), key.sign(what)};
}

// The entries as they are, `before` included.
inline Run signed_blindly_v1(const std::vector<Entry>& entries, const DeviceKey& key) {
    std::vector<std::string> bytes;
    for (const auto& entry : entries) bytes.push_back(encode_v1(entry));
    return signed_blindly_v1(std::move(bytes), entries.back().log, entries.back().seq,
                             entries.front().before, key);
}

// As `sign` would have made it.
inline RunPtr sign_v1(std::vector<Entry> entries, const DeviceKey& key) {
    for (std::size_t n = 1; n < entries.size(); ++n)
        entries[n].before = head_after_v1(entries[n - 1]);
    auto run = verify(signed_blindly_v1(entries, key));
    LANCHAT_ASSERT(run);
    return *run;
}

}  // namespace lanchat::test
