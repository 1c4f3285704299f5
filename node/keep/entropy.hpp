// Random numbers from the kernel: the only entropy of a node.
#pragma once

#include <cstdint>
#include <span>

#include "message/ids.hpp"

namespace lanchat {

std::uint64_t random_bits();

// At most 256 bytes.
void fill_random(std::span<std::uint8_t> bytes);

// Never 0.
InstanceId random_instance();

}  // namespace lanchat
