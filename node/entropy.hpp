// Random numbers from the kernel: the only entropy of a node.
#pragma once

#include <cstdint>

#include "message/ids.hpp"

namespace lanchat {

std::uint64_t random_bits();

// Never 0.
InstanceId random_instance();

}  // namespace lanchat
