// What a visitor speaks, told from its first bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanchat::link {

enum class Speech {
    undecided,  // a beginning of one of the two: more must come
    http2,
    tls,
    neither,
};

// So many bytes always decide what a connection speaks.
inline constexpr std::size_t sniffed_bytes_max = 24;

// Precondition: `seen` is all that has come, at most sniffed_bytes_max.
Speech sniff(std::string_view seen);

}  // namespace lanchat::link
