// getrandom(2).
#include "node/entropy.hpp"

#include <sys/random.h>

#include "message/assert.hpp"

namespace lanchat {

std::uint64_t random_bits() {
    std::uint64_t bits = 0;
    // Up to 256 bytes are never interrupted once the pool is ready.
    LANCHAT_ASSERT(getrandom(&bits, sizeof bits, 0) == sizeof bits);
    return bits;
}

InstanceId random_instance() {
    std::uint64_t bits = 0;
    while (bits == 0) bits = random_bits();
    return InstanceId{bits};
}

}  // namespace lanchat
