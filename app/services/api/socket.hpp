// Where the local API is: the unix socket in a data directory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "message/result.hpp"

namespace lanchat::app::api {

inline constexpr const char* socket_name = "lanchat.sock";

// In words, why the socket of `data_dir` could not be used at all: its path is too long.
std::optional<Failure> unusable(const std::filesystem::path& data_dir);

// Whether something accepts connections there.
bool is_served(const std::filesystem::path& data_dir);

// As gRPC wants it, which takes addresses for URIs.
std::string socket_address(const std::filesystem::path& data_dir);

}  // namespace lanchat::app::api
