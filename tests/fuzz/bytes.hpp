// The bytes of a fuzzer as decisions: each small, each changed without moving the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lanchat::fuzz {

class Bytes {
  public:
    Bytes(const std::uint8_t* bytes, std::size_t size) : left_(bytes, size) {}

    bool empty() const { return left_.empty(); }

    // 0 once they are used up.
    std::uint8_t next() {
        if (left_.empty()) return 0;
        const std::uint8_t byte = left_.front();
        left_ = left_.subspan(1);
        return byte;
    }

    // Precondition: 0 < n <= 256.
    std::size_t below(std::size_t n) { return next() % n; }
    bool one_in(std::size_t n) { return below(n) == 1; }

    template <class Container>
    auto& one_of(Container& choices) {
        return choices[below(choices.size())];
    }

  private:
    std::span<const std::uint8_t> left_;
};

}  // namespace lanchat::fuzz
