// A second hand that signs what ours would refuse to.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "message/big_endian.hpp"
#include "message/run.hpp"

namespace lanchat::test {

// As message/README.md tells, piece by piece.
inline Hash head_by_hand(const EntryPlace& place, const std::string& entry,
                         const std::string& body) {
    std::string inner(body.empty() ? std::string(32, '\0')
                                   : hash_of("lanchat/body/1" + body).view());
    put_big_endian(inner, body.size());
    inner += entry;
    std::string outer = "lanchat/entry/2";
    outer += place.log.device.view();
    put_big_endian(outer, static_cast<std::uint64_t>(place.log.epoch));
    outer += place.log.to.view();
    put_big_endian(outer, place.seq);
    outer += place.before.view();
    outer += hash_of(inner).view();
    return hash_of(outer);
}

// What the signature of a run is over.
inline std::string signed_by_hand(const LogId& log, Seq last, const Hash& head) {
    std::string out = "lanchat/run/2";
    out += log.device.view();
    put_big_endian(out, static_cast<std::uint64_t>(log.epoch));
    out += log.to.view();
    put_big_endian(out, last);
    out += head.view();
    return out;
}

// Signs any bytes as a run that begins at a place, whatever is in them. Precondition: as many
// bodies as entries.
inline Run signed_blindly(const std::vector<std::string>& entries,
                          const std::vector<std::string>& bodies, const Shared& place,
                          const DeviceKey& key) {
    Hash head = place.before;
    Seq seq = place.first;
    for (std::size_t n = 0; n < entries.size(); ++n, ++seq)
        head = head_by_hand({place.log, seq, head}, entries[n], bodies[n]);
    return {Pieces(entries.begin(), entries.end()),
            key.sign(signed_by_hand(place.log, seq - 1, head)), place,
            Pieces(bodies.begin(), bodies.end())};
}

inline Shared place_of(const Entry& entry) { return {entry.log, entry.seq, entry.before}; }

// The entries as they are, from the place of the first of them on.
inline Run signed_blindly(const std::vector<Entry>& entries, const DeviceKey& key) {
    std::vector<std::string> bytes;
    std::vector<std::string> bodies;
    for (const auto& entry : entries) {
        bytes.push_back(encode(entry));
        bodies.push_back(encode_body(entry));
    }
    return signed_blindly(std::move(bytes), std::move(bodies), place_of(entries.front()), key);
}

}  // namespace lanchat::test
