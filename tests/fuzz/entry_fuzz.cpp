// Bytes of others on their way to an entry and to a run: judged alike each time, never forged.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "message/assert.hpp"
#include "message/fork.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "tests/unit/message_runs.hpp"

using namespace lanchat;

namespace {

const DeviceKey& author() {
    static const DeviceKey key = [] {
        DeviceKey::Seed seed{};
        seed.fill(1);  // the corpus is of this one
        return DeviceKey(std::move(seed));
    }();
    return key;
}

void check_limits(const Entry& entry) {
    LANCHAT_ASSERT(entry.seq != 0 && entry.clock != Clock{});
    LANCHAT_ASSERT((entry.seq == 1) == (entry.before == Hash{}));
    LANCHAT_ASSERT(!entry.previous || (entry.seq == 1 && entry.previous->seq != 0));
    LANCHAT_ASSERT(!entry.room.empty() && entry.room.size() <= limits::room_bytes_max);
    LANCHAT_ASSERT(!entry.text.empty() && entry.text.size() <= limits::line_bytes_max);
    LANCHAT_ASSERT(entry.said_id.size() <= limits::said_id_bytes_max);
    LANCHAT_ASSERT(is_name(entry.name));
    LANCHAT_ASSERT(is_utf8(entry.room) && is_utf8(entry.text) && is_utf8(entry.said_id));
}

// What its author signs is taken as it is; the same with one byte changed is not.
void check_signed(const Entry& entry, std::string_view bytes) {
    const Run good =
        test::signed_blindly({std::string(bytes)}, entry.log, entry.seq, entry.before, author());
    const auto run = verify(good);
    LANCHAT_ASSERT(run && (*run)->items().front().bytes == bytes);
    LANCHAT_ASSERT((*run)->items().front().entry == entry);

    const auto chance =
        static_cast<std::size_t>((*run)->head().bytes[0]) << 8 | (*run)->head().bytes[1];
    const auto change = static_cast<std::uint8_t>(1U << (chance & 7));
    Run bad = good;
    char& byte = bad.entries.front()[chance % bytes.size()];
    byte = static_cast<char>(byte ^ change);
    LANCHAT_ASSERT(!verify(std::move(bad)));
    bad = good;
    bad.signature.bytes[chance % 64] ^= change;
    LANCHAT_ASSERT(!verify(std::move(bad)));
}

void take_as_entry(std::string_view bytes) {
    const auto entry = decode_entry(bytes);
    if (!entry) return;
    check_limits(*entry);
    const std::string ours = encode(*entry);
    LANCHAT_ASSERT(ours.size() <= bytes.size());
    const auto again = decode_entry(ours);
    LANCHAT_ASSERT(again && *again == *entry);
    if (entry->log.device == author().id()) check_signed(*entry, bytes);
}

// 64 bytes of signature, then entries, each behind its length in two bytes.
void take_as_run(std::string_view bytes) {
    Run run;
    if (bytes.size() < run.signature.bytes.size()) return;
    for (auto& byte : run.signature.bytes) {
        byte = static_cast<std::uint8_t>(bytes.front());
        bytes.remove_prefix(1);
    }
    while (bytes.size() >= 2) {
        const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]))
                                     << 8 |
                                 static_cast<unsigned char>(bytes[1]);
        run.entries.emplace_back(bytes.substr(2, size));
        bytes.remove_prefix(2 + run.entries.back().size());
    }
    const auto taken = verify(run);
    if (!taken) return;
    LANCHAT_ASSERT((*taken)->items().size() == run.entries.size());
    LANCHAT_ASSERT(verify(test::sent(**taken)));
    LANCHAT_ASSERT(!fork_between(*taken, *taken));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    take_as_entry(bytes);
    take_as_run(bytes);
    return 0;
}
