// getrandom(2).
#include "node/keep/entropy.hpp"

#include <sys/random.h>

#include <array>
#include <bit>
#include <iterator>

#include "message/assert.hpp"

namespace lanchat {

std::uint64_t random_bits() {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    fill_random(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

// So many are never interrupted once the pool is ready.
void fill_random(std::span<std::uint8_t> bytes) {
    LANCHAT_ASSERT(bytes.size() <= 256);
    LANCHAT_ASSERT(getrandom(bytes.data(), bytes.size(), 0) == std::ssize(bytes));
}

InstanceId random_instance() {
    std::uint64_t bits = 0;
    while (bits == 0) bits = random_bits();
    return InstanceId{bits};
}

}  // namespace lanchat
