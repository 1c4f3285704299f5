// Makes libsodium ready (it then knows this processor), and gives it bytes as it takes them. Only
// files that include <sodium.h> need it.
#pragma once

#include <sodium.h>

#include <string_view>

#include "message/assert.hpp"

namespace lanchat {

// Safe from any thread; costs nothing after the first call.
inline void need_sodium() {
    [[maybe_unused]] static const bool ready = [] {
        LANCHAT_ASSERT(sodium_init() >= 0);
        return true;
    }();
}

// Bytes as libsodium takes them; they stay the caller's.
inline const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace lanchat
