// How identifiers are written for people and programs.
#include "message/ids.hpp"

namespace lanchat {

std::string to_string(InstanceId id) {
    static constexpr char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    auto bits = static_cast<std::uint64_t>(id);
    std::string out(13, 'a');
    for (auto it = out.rbegin(); it != out.rend(); ++it, bits >>= 5) *it = alphabet[bits & 31];
    return out;
}

std::string message_id(InstanceId author, Seq seq) {
    return to_string(author) + ":" + std::to_string(seq);
}

}  // namespace lanchat
