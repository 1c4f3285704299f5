// Bytes as others may send them, field by field.
#pragma once

#include <cstdint>
#include <string>

#include "message/frame.hpp"
#include "tests/unit/message_runs.hpp"

namespace lanchat::test {

inline LogId log_of(std::uint8_t key) { return {key_of(key).id(), Epoch{77}}; }

inline Receipt receipt_of(std::uint8_t key) {
    Receipt receipt{key_of(key).id(), InstanceId{key}, log_of(9), 3, 5, 7, {}};
    sign(receipt, key_of(key));
    return receipt;
}

// The raw protobuf of a length-delimited field; fields of ours have numbers below 16.
inline std::string field(int number, const std::string& bytes) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    std::size_t size = bytes.size();
    for (; size >= 128; size >>= 7) out += static_cast<char>((size & 127) | 128);
    return out + static_cast<char>(size) + bytes;
}

inline std::string varint_field(int number, std::uint64_t value) {
    std::string out(1, static_cast<char>(number << 3));
    for (; value >= 128; value >>= 7) out += static_cast<char>((value & 127) | 128);
    return out + static_cast<char>(value);
}

inline std::string fixed64_field(int number, std::uint64_t value) {
    std::string out(1, static_cast<char>(number << 3 | 1));
    for (int i = 0; i < 8; ++i, value >>= 8) out += static_cast<char>(value & 255);
    return out;
}

inline std::string extension(const std::string& ext) { return field(2, ext); }

inline const std::string some_device = field(2, std::string(32, 'd'));

inline std::string raw_run(const Run& run) {
    std::string bytes;
    for (const auto& entry : run.entries) bytes += field(1, entry);
    return field(3, bytes + field(2, std::string(run.signature.view())));
}

}  // namespace lanchat::test
