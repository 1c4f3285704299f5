// Entries and runs for tests, and a second hand that signs what ours would refuse to.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "message/run.hpp"
#include "tests/unit/log_voice.hpp"

namespace lanchat::test {

inline Entry entry_of(const DeviceKey& key, Seq seq, std::string text = "hi") {
    Entry entry;
    entry.log = {key.id(), Epoch{77}};
    entry.seq = seq;
    if (seq != 1) entry.before = hash_of("before");
    entry.clock = Clock::at(WallTime{1'700'000'000'000}, static_cast<std::uint16_t>(seq));
    entry.room = general_room;
    entry.name = "anna";
    entry.text = std::move(text);
    return entry;
}

// Entries `first` … of one log; `sign` and `chain` fill in what ties the later ones together.
inline std::vector<Entry> entries_of(const DeviceKey& key, Seq first, std::size_t count,
                                     const std::string& text = "hi") {
    std::vector<Entry> entries;
    for (Seq seq = first; entries.size() < count; ++seq)
        entries.push_back(entry_of(key, seq, text));
    return entries;
}

// As it would travel.
inline Run sent(const VerifiedRun& run) {
    Run out{{}, run.signature()};
    for (const auto& item : run.items()) out.entries.push_back(item.bytes);
    return out;
}

// The items `from` … `to`, not included, of a run, signed anew as a run of their own.
inline std::vector<Entry> part(const VerifiedRun& run, std::size_t from, std::size_t to) {
    std::vector<Entry> entries;
    for (std::size_t i = from; i < to; ++i) entries.push_back(run.items()[i].entry);
    return entries;
}

inline void put_big_endian(std::string& out, std::uint64_t value) {
    for (int byte = 7; byte >= 0; --byte) out += static_cast<char>(value >> (8 * byte) & 255);
}

// Signs any bytes as a run that ends with `seq` of `log`, whatever is in them.
inline Run signed_blindly(std::vector<std::string> entries, const LogId& log, Seq seq, Hash before,
                          const DeviceKey& key) {
    for (const auto& entry : entries) before = chained(before, entry);
    std::string what = "lanchat/run/1";
    what += log.device.view();
    put_big_endian(what, static_cast<std::uint64_t>(log.epoch));
    put_big_endian(what, seq);
    what += before.view();
    return {std::move(entries), key.sign(what)};
}

// The entries as they are, `before` included.
inline Run signed_blindly(const std::vector<Entry>& entries, const DeviceKey& key) {
    std::vector<std::string> bytes;
    for (const auto& entry : entries) bytes.push_back(encode(entry));
    return signed_blindly(std::move(bytes), entries.back().log, entries.back().seq,
                          entries.front().before, key);
}

}  // namespace lanchat::test
