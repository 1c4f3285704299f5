// LANCHAT_ASSERT: for what can only go wrong through a mistake of ours. Stays on in release builds.
#pragma once

#include <cstdio>
#include <cstdlib>

#define LANCHAT_ASSERT(condition)                                                                 \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            std::fprintf(stderr, "lanchat: broken assumption at %s:%d: %s\n", __FILE__, __LINE__, \
                         #condition);                                                             \
            std::abort();                                                                         \
        }                                                                                         \
    } while (false)
