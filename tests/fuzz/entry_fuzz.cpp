// Bytes of others on their way to an entry and to a run: judged alike each time, never forged.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "message/assert.hpp"
#include "message/entry_v1.hpp"
#include "message/exact.hpp"
#include "message/fork.hpp"
#include "message/limits.hpp"
#include "message/text.hpp"
#include "tests/unit/log_voice.hpp"
#include "tests/unit/message_signing.hpp"
#include "tests/unit/message_v1.hpp"

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
    LANCHAT_ASSERT(is_name(entry.name) && is_utf8(entry.room));
    LANCHAT_ASSERT((entry.kind == EntryKind::met) == (entry.met != DeviceId{}));
}

void check_limits_of_text(const Entry& entry) {
    LANCHAT_ASSERT(entry.text.empty() != entry.is_line());
    LANCHAT_ASSERT(entry.text.size() <= limits::line_bytes_max && is_utf8(entry.text));
    LANCHAT_ASSERT(entry.said_id.size() <= limits::said_id_bytes_max && is_utf8(entry.said_id));
    if (!entry.is_line())
        LANCHAT_ASSERT(entry.said_id.empty() && entry.marks == Marks{} && entry.salt == Salt{});
    if (const auto& via = entry.marks.via) {
        LANCHAT_ASSERT(is_name(via->name) && is_utf8(via->through) && !via->through.empty());
        LANCHAT_ASSERT(via->through.size() <= limits::via_bytes_max);
        LANCHAT_ASSERT(via->passed.size() <= limits::via_passed_max);
    }
    if (const auto& line = entry.marks.reply_to) {
        LANCHAT_ASSERT(line->seq != 0 && line->seq <= limits::seq_max);
        LANCHAT_ASSERT(line->log.is_direct() == entry.log.is_direct());
    }
}

// The same with one byte changed is not taken.
void check_changed(const Run& good, const Hash& head) {
    const auto chance = static_cast<std::size_t>(head.bytes[0]) << 8 | head.bytes[1];
    const auto change = static_cast<std::uint8_t>(1U << (chance & 7));
    for (const auto& part : {&Run::entries, &Run::bodies}) {
        Run bad = good;
        if ((bad.*part).empty() || (bad.*part).front().empty()) continue;
        std::string bytes((bad.*part).front());
        char& byte = bytes[chance % bytes.size()];
        byte = static_cast<char>(byte ^ change);
        (bad.*part).replace(0, bytes);
        LANCHAT_ASSERT(!verify(std::move(bad)));
    }
    Run bad = good;
    bad.signature.bytes[chance % 64] ^= change;
    LANCHAT_ASSERT(!verify(std::move(bad)));
}

// What its author signs is taken as it is.
void check_signed(const Entry& entry, const Run& good) {
    const auto run = verify(good);
    LANCHAT_ASSERT(run && (*run)->size() == 1);
    LANCHAT_ASSERT(unverified(**run).entries == good.entries);
    LANCHAT_ASSERT(unverified(**run).bodies == good.bodies);
    LANCHAT_ASSERT((*run)->items().front().entry() == entry);
    check_changed(good, (*run)->head());
}

void take_as_entry_of_version_1(std::string_view bytes) {
    const auto entry = decode_entry_v1(bytes);
    if (!entry) return;
    check_limits(*entry);
    check_limits_of_text(*entry);
    const std::string ours = test::encode_v1(*entry);
    LANCHAT_ASSERT(ours.size() <= bytes.size());
    const auto again = decode_entry_v1(ours);
    LANCHAT_ASSERT(again && *again == *entry);
    if (entry->log.device != author().id()) return;
    check_signed(*entry, test::signed_blindly_v1({std::string(bytes)}, entry->log, entry->seq,
                                                 entry->before, author()));
}

std::string_view take_sized(std::string_view& bytes) {
    if (bytes.size() < 2) return std::exchange(bytes, {});
    const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                             static_cast<unsigned char>(bytes[1]);
    const auto part = bytes.substr(2, size);
    bytes.remove_prefix(2 + part.size());
    return part;
}

// An entry behind its length in two bytes, then its body.
void take_as_entry(std::string_view body, const EntryPlace& place) {
    const auto bytes = take_sized(body);
    auto entry = decode_entry(bytes, place);
    if (!entry) return;
    check_limits(*entry);
    take_body(body, *entry);
    check_limits_of_text(*entry);
    check_signed(*entry, test::signed_blindly({std::string(bytes)}, {std::string(body)},
                                              test::place_of(*entry), author()));
    if (entry->kind == EntryKind::other) return;
    auto again = decode_entry(encode(*entry), place);
    LANCHAT_ASSERT(again && encode(*entry).size() <= bytes.size());
    take_body(encode_body(*entry), *again);
    LANCHAT_ASSERT(*again == *entry);
}

void take_as_run(Run run) {
    const auto taken = verify(run);
    if (!taken) return;
    LANCHAT_ASSERT((*taken)->size() == run.entries.size());
    const Run again = unverified(**taken);
    LANCHAT_ASSERT(again.entries == run.entries && again.bodies == run.bodies);
    LANCHAT_ASSERT(again.shared == run.shared && verify(again));
    LANCHAT_ASSERT(!fork_between(*taken, *taken));
}

// 64 bytes of signature, then parts, each behind its length in two bytes: all are entries of
// version 1; or they are what a run shares, an entry, its body, an entry, its body and so on.
void take_as_runs(std::string_view bytes) {
    Run run;
    if (!take_exact(bytes.substr(0, run.signature.bytes.size()), run.signature)) return;
    bytes.remove_prefix(run.signature.bytes.size());
    std::vector<std::string> parts;
    while (bytes.size() >= 2) parts.emplace_back(take_sized(bytes));
    Run of_version_1 = run;
    of_version_1.entries = Pieces(parts.begin(), parts.end());
    take_as_run(std::move(of_version_1));
    if (parts.empty()) return;
    run.shared = shared_from(parts.front());
    if (!run.shared) return;
    LANCHAT_ASSERT(pack(*run.shared) == parts.front());
    for (std::size_t n = 1; n < parts.size(); ++n)
        (n % 2 == 1 ? run.entries : run.bodies).push_back(parts[n]);
    take_as_run(std::move(run));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    take_as_entry_of_version_1(bytes);
    const LogId log{author().id(), Epoch{7}, {}};
    take_as_entry(bytes, {log, 1, {}});
    take_as_entry(bytes, {{log.device, log.epoch, key_of(2).id()}, 2, hash_of("before")});
    take_as_runs(bytes);
    return 0;
}
