// Heads of nine bytes, and the payload between them.
#include "node/link/frames.hpp"

#include <algorithm>

namespace lanchat::link {

std::optional<FrameReader::Part> FrameReader::next(std::string_view& bytes) {
    if (bytes.empty()) return std::nullopt;
    if (payload_left_ > 0) {
        const auto payload = bytes.substr(0, payload_left_);
        bytes.remove_prefix(payload.size());
        payload_left_ -= payload.size();
        return Part{false, payload_left_ == 0, payload};
    }
    const auto piece = bytes.substr(0, raw_.size() - raw_size_);
    std::ranges::copy(piece, raw_.begin() + static_cast<std::ptrdiff_t>(raw_size_));
    raw_size_ += piece.size();
    bytes.remove_prefix(piece.size());
    if (raw_size_ < raw_.size()) return std::nullopt;
    parse_head();
    return Part{true, payload_left_ == 0, {}};
}

void FrameReader::parse_head() {
    const auto number = [this](std::size_t from, std::size_t size) {
        std::uint32_t value = 0;
        for (std::size_t n = from; n < from + size; ++n) value = value << 8 | raw_[n];
        return value;
    };
    constexpr std::uint32_t reserved_bit = 0x8000'0000;
    head_ = {number(0, 3), FrameType{raw_[3]}, raw_[4], number(5, 4) & ~reserved_bit};
    raw_size_ = 0;
    payload_left_ = head_.length;
}

}  // namespace lanchat::link
