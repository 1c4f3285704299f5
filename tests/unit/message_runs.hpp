// Entries for tests, of which runs are signed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "message/run.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/message_signing.hpp"

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

// Entries `first` … of one log; `sign` fills in what ties the later ones together.
inline std::vector<Entry> entries_of(const DeviceKey& key, Seq first, std::size_t count,
                                     const std::string& text = "hi") {
    std::vector<Entry> entries;
    for (Seq seq = first; entries.size() < count; ++seq)
        entries.push_back(entry_of(key, seq, text));
    return entries;
}

// What the items `from` … `to`, not included, of a run say, to be signed anew.
inline std::vector<Entry> part(const VerifiedRun& run, std::size_t from, std::size_t to) {
    std::vector<Entry> entries;
    for (std::size_t n = from; n < to; ++n) entries.push_back(run.items()[n].entry());
    return entries;
}

}  // namespace lanchat::test
