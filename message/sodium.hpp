// Makes libsodium ready: it then knows this processor. Only files that include <sodium.h> need it.
#pragma once

#include <sodium.h>

#include "message/assert.hpp"

namespace lanchat {

// Safe from any thread; costs nothing after the first call.
inline void need_sodium() {
    [[maybe_unused]] static const bool ready = [] {
        LANCHAT_ASSERT(sodium_init() >= 0);
        return true;
    }();
}

}  // namespace lanchat
