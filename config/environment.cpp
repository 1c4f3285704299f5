// Reads the process environment once and applies the XDG base directory rules to it.
#include "config/environment.hpp"

#include <unistd.h>

namespace lanchat {
namespace {

std::optional<std::filesystem::path> absolute_path(const Environment& environment,
                                                   const std::string& variable) {
    const auto found = environment.find(variable);
    if (found == environment.end()) return std::nullopt;
    std::filesystem::path path = found->second;
    if (!path.is_absolute()) return std::nullopt;
    return path;
}

}  // namespace

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals == std::string::npos) continue;
        environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

std::optional<std::filesystem::path> xdg_directory(const Environment& environment,
                                                   const std::string& variable,
                                                   const std::string& fallback) {
    if (auto named = absolute_path(environment, variable)) return named;
    const auto home = absolute_path(environment, "HOME");
    if (!home) return std::nullopt;
    return *home / fallback;
}

std::optional<std::filesystem::path> user_config_file(const Environment& environment) {
    const auto directory = xdg_directory(environment, "XDG_CONFIG_HOME", ".config");
    if (!directory) return std::nullopt;
    return *directory / "lanchat" / "config.json";
}

std::optional<std::filesystem::path> user_data_directory(const Environment& environment) {
    const auto directory = xdg_directory(environment, "XDG_DATA_HOME", ".local/share");
    if (!directory) return std::nullopt;
    return *directory / "lanchat";
}

}  // namespace lanchat
