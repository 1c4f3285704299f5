// Bytes as others may send them, field by field.
#pragma once

#include <cstdint>
#include <string>

#include "message/frame.hpp"
#include "tests/unit/message_fields.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::test {

inline LogId log_of(std::uint8_t key) { return {key_of(key).id(), Epoch{77}}; }

inline Receipt receipt_of(std::uint8_t key) {
    Receipt receipt{key_of(key).id(), InstanceId{key}, log_of(9), 3, 5, 7, {}};
    sign(receipt, key_of(key));
    return receipt;
}

inline std::string extension(const std::string& ext) { return field(2, ext); }

inline const std::string some_device = field(2, std::string(32, 'd'));

// What a run tells of its place.
inline std::string raw_place(const Shared& place) {
    std::string bytes = field(4, place.log.device.view());
    bytes += fixed64_field(5, static_cast<std::uint64_t>(place.log.epoch));
    if (place.log.is_direct()) bytes += field(6, place.log.to.view());
    bytes += varint_field(7, place.first);
    if (place.before != Hash{}) bytes += field(8, place.before.view());
    if (place.version == Version::three) bytes += varint_field(14, 3);
    return bytes;
}

// Pieces in one slice, and their sizes in the field after it.
inline std::string raw_pieces(std::uint32_t number, const Pieces& pieces) {
    std::string sizes;
    for (const auto piece : pieces) sizes += varint(piece.size());
    return field(number, pieces.bytes()) + field(number + 1, sizes);
}

inline std::string raw_content(const Run& run) {
    const std::string signature = field(2, run.signature.view());
    std::string bytes;
    if (!run.shared) {
        for (const auto entry : run.entries) bytes += field(1, entry);
        return bytes + signature;
    }
    bytes = signature + raw_place(*run.shared);
    for (const std::uint32_t place : run.apart) bytes += varint_field(9, place);
    return bytes + raw_pieces(10, run.entries) + raw_pieces(12, run.bodies);
}

inline std::string raw_run(const Run& run) { return field(3, raw_content(run)); }

}  // namespace lanchat::test
