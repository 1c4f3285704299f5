// The environment as a value, and the directories it names, so that tests can bring their own.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace lanchat {

using Environment = std::map<std::string, std::string, std::less<>>;

Environment process_environment();

// $VARIABLE if it is an absolute path (the XDG specification wants others ignored), else
// $HOME/fallback; none without an absolute home.
std::optional<std::filesystem::path> xdg_directory(const Environment& environment,
                                                   const std::string& variable,
                                                   const std::string& fallback);

// $XDG_CONFIG_HOME/lanchat/config.json
std::optional<std::filesystem::path> user_config_file(const Environment& environment);

// $XDG_DATA_HOME/lanchat
std::optional<std::filesystem::path> user_data_directory(const Environment& environment);

}  // namespace lanchat
