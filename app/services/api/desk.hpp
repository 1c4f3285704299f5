// What every handler of the API works with, and the bounds they keep.
#pragma once

#include <cstddef>
#include <string>

#include "node/port.hpp"

namespace asio {
class io_context;
}

namespace lanchat::app::api {

inline constexpr std::size_t page_lines = 256;
inline constexpr std::size_t piece_bytes_max = std::size_t{1} << 20;  // of one answer in a stream
inline constexpr std::size_t bulk_lines_max = 1'024;                  // said, not yet on disk
inline constexpr std::size_t bulk_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t import_runs_max = 64;  // handed over together
inline constexpr std::size_t happenings_max = 4'096;
inline constexpr std::size_t watched_lines_max = 256;

// What every handler works with.
struct Desk {
    asio::io_context& loop;
    NodePort& node;
    std::string socket = {};  // where it is served
};

}  // namespace lanchat::app::api
