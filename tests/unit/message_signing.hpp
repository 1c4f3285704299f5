// A second hand that signs what ours would refuse to.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "message/assert.hpp"
#include "message/big_endian.hpp"
#include "message/run.hpp"
#include "message/sodium.hpp"

namespace lanchat::test {

// BLAKE2b-256 with a personalization.
inline Hash hash_for(const std::string& purpose, const std::string& bytes) {
    std::string personal = purpose;
    personal.resize(crypto_generichash_blake2b_PERSONALBYTES);
    Hash hash;
    crypto_generichash_blake2b_salt_personal(hash.bytes.data(), hash.bytes.size(), raw(bytes),
                                             bytes.size(), nullptr, 0, nullptr, raw(personal));
    return hash;
}

// As message/README.md tells, piece by piece.
inline std::string name_by_hand(const std::string& body, Version version) {
    std::string name(32, '\0');
    if (!body.empty() && version == Version::two) name = hash_of("lanchat/body/1" + body).view();
    if (!body.empty() && version == Version::three) name = hash_for("lanchat/body/3", body).view();
    put_big_endian(name, body.size());
    return name;
}

inline std::string log_by_hand(const LogId& log) {
    std::string out(log.device.view());
    put_big_endian(out, static_cast<std::uint64_t>(log.epoch));
    out += log.to.view();
    return out;
}

inline Hash head_by_hand(const EntryPlace& place, const std::string& entry, const std::string& body,
                         Version version = Version::three) {
    const std::string inner = name_by_hand(body, version) + entry;
    std::string number;
    put_big_endian(number, place.seq);
    if (version == Version::two)
        return hash_of("lanchat/entry/2" + log_by_hand(place.log) + number +
                       std::string(place.before.view()) + std::string(hash_of(inner).view()));
    const Hash before =
        place.seq == 1 ? hash_for("lanchat/log/3", log_by_hand(place.log)) : place.before;
    return hash_for("lanchat/entry/3", std::string(before.view()) + number + inner);
}

// What the signature of a run is over.
inline std::string signed_by_hand(const LogId& log, Seq last, const Hash& head,
                                  Version version = Version::three) {
    std::string out = "lanchat/run/";
    out += version == Version::two ? '2' : '3';
    out += log_by_hand(log);
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
        head = head_by_hand({place.log, seq, head}, entries[n], bodies[n], place.version);
    return {Pieces(entries.begin(), entries.end()),
            key.sign(signed_by_hand(place.log, seq - 1, head, place.version)), place,
            Pieces(bodies.begin(), bodies.end())};
}

// What `run` says, signed in version 2 behind `before` of its log.
inline RunPtr in_version_2(const VerifiedRun& run, const DeviceKey& key, const Hash& before = {}) {
    const std::vector<std::string> entries(run.entries().begin(), run.entries().end());
    const std::vector<std::string> bodies(run.bodies().begin(), run.bodies().end());
    const Shared place{run.log(), run.first(), before, Version::two};
    const auto verified = verify(signed_blindly(entries, bodies, place, key));
    LANCHAT_ASSERT(verified);
    return *verified;
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
