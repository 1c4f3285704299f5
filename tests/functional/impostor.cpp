// The entropy of a node that shows a chosen instance. Linked before the node's own, it makes a
// lanchat that is real in all else and bears somebody else's instance: the product has no such
// switch.
#include <sys/random.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <iterator>

#include "message/assert.hpp"
#include "node/keep/entropy.hpp"

namespace lanchat {

std::uint64_t random_bits() {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    fill_random(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

void fill_random(std::span<std::uint8_t> bytes) {
    LANCHAT_ASSERT(getrandom(bytes.data(), bytes.size(), 0) == std::ssize(bytes));
}

InstanceId random_instance() {
    const char* forced = std::getenv("LANCHAT_TEST_INSTANCE");
    LANCHAT_ASSERT(forced != nullptr);
    return InstanceId{std::strtoull(forced, nullptr, 10)};
}

}  // namespace lanchat
